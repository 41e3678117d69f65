"""Three clicks at the same moment make one row."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest

from closeloop.improving import write_down
from closeloop.models import Improvement, SavedView
from responses.models import Tag
from responses.saving import save_filter
from responses.tagging import find_or_make
from tests.factories import make_user
from tests.races import run_at_once

pytestmark = pytest.mark.django_db(transaction=True)
NOW = dt.datetime(2026, 11, 23, 14, tzinfo=dt.UTC)


def test_improvement_sent_at_once_is_written_down_once() -> None:
    user, once = make_user(), uuid4()

    def send() -> None:
        write_down(Improvement(title="Droge dozen", once=once), user=user, now=NOW)

    assert run_at_once(send, send, send) == []
    assert Improvement.objects.get().events.count() == 1


def test_view_saved_at_once_is_kept_once() -> None:
    user = make_user()

    def send() -> None:
        save_filter(SavedView, user, name="Laat", pairs=[], is_shared=False)

    assert run_at_once(send, send, send) == []
    assert SavedView.objects.count() == 1


def test_tag_in_two_spellings_at_once_is_one() -> None:
    calls = [lambda word=word: find_or_make([word]) for word in ("koerier", "Koerier", "KOERIER")]

    assert run_at_once(*calls) == []
    assert Tag.objects.count() == 1
