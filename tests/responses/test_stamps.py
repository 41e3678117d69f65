"""When the page was drawn travels in the form, and cannot be made up."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses.stamps import draw_stamp, read_stamp

NOW = dt.datetime(2026, 11, 3, 10, 0, 0, 123000, tzinfo=dt.UTC)


def test_stamp_is_read_to_the_millisecond() -> None:
    assert read_stamp(draw_stamp(7, now=NOW), 7) == NOW


def test_stamp_of_another_invitation_is_none() -> None:
    assert read_stamp(draw_stamp(7, now=NOW), 8) is None


def test_stamp_with_another_time_is_none() -> None:
    stamp = draw_stamp(7, now=NOW)

    forged = stamp.replace(str(int(NOW.timestamp() * 1000)), "1000")

    assert forged != stamp
    assert read_stamp(forged, 7) is None


@given(st.text())
def test_stamp_of_any_text_is_none(text: str) -> None:
    assert read_stamp(text, 7) is None


@pytest.mark.parametrize("text", ["", ".", "7-1.x", "7.y"])
def test_stamp_of_nonsense_is_none(text: str) -> None:
    assert read_stamp(text, 7) is None
