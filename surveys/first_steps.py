"""What the list of first steps cannot see in other rows: moments kept on the organisation."""

from __future__ import annotations

import datetime as dt

from surveys.models import Organisation


def note_test_answer(*, now: dt.datetime) -> None:
    """Remember that an answer to a test mail reached the queue, also once it is removed."""
    Organisation.objects.filter(test_answered_at=None).update(test_answered_at=now)


def close_first_steps(*, now: dt.datetime) -> None:
    Organisation.objects.filter(first_steps_closed_at=None).update(first_steps_closed_at=now)
