"""Days in words."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import translation

from responses.span_words import say_days


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-10-01", "2026-10-31", "October 2026"),
        ("2026-10-05", "2026-10-05", "5 October 2026"),
        ("2026-10-05", "2026-10-11", "5 to 11 October 2026"),
        ("2026-09-28", "2026-10-04", "28 September to 4 October 2026"),
        ("2025-12-29", "2026-01-04", "29 December 2025 to 4 January 2026"),
        ("2026-10-05", "", "from 5 October 2026 on"),
        ("", "2026-10-11", "up to and including 11 October 2026"),
        ("", "", "all time"),
    ],
)
def test_days_in_words_with_the_year_once(first: str, last: str, words: str) -> None:
    days = [dt.date.fromisoformat(day) if day else None for day in (first, last)]

    with translation.override("en"):
        assert say_days(days[0], days[1]) == words
