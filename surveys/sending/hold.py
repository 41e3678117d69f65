"""Holding a sender: what is wrong with us must not be taken out on the people we write to."""

from __future__ import annotations

import datetime as dt

from django.db.models import F, Q

from surveys.models import Sender
from surveys.models.sender import UNTIL_RELEASED
from surveys.sending.outcome import FOR_A_PERSON

LONGEST_HOLD = dt.timedelta(hours=1)
REFUSALS_TO_HOLD = 3
_REASON_LENGTH = 300


def hold_sender(
    sender: Sender, detail: str, *, at_least: dt.timedelta, now: dt.datetime
) -> dt.datetime:
    """Let nothing leave from this sender for a while, longer each time in a row."""
    hold = min(at_least * 2 ** min(sender.failures_in_a_row, 10), max(LONGEST_HOLD, at_least))
    sender.held_until = now + hold
    sender.held_reason = detail[:_REASON_LENGTH]
    sender.failures_in_a_row += 1
    Sender.objects.filter(pk=sender.pk).exclude(held_until=UNTIL_RELEASED).update(
        held_until=sender.held_until,
        held_reason=sender.held_reason,
        failures_in_a_row=F("failures_in_a_row") + 1,
    )
    return sender.held_until


def count_refusal(sender: Sender, detail: str, *, now: dt.datetime) -> None:
    """Hold the sender when several mails in a row were refused for content or reputation."""
    sender.refusals_in_a_row += 1
    Sender.objects.filter(pk=sender.pk).update(refusals_in_a_row=F("refusals_in_a_row") + 1)
    if sender.refusals_in_a_row >= REFUSALS_TO_HOLD:
        hold_sender(sender, detail, at_least=FOR_A_PERSON, now=now)


def mark_healthy(sender: Sender) -> None:
    """A mail got through. Costs nothing when nothing was wrong."""
    if sender.failures_in_a_row or sender.refusals_in_a_row or sender.held_until:
        lift_hold(sender)


def lift_hold(sender: Sender) -> None:
    """Try again at once. What a restore holds, only surveys.sending.restored lets go."""
    Sender.objects.exclude(held_until=UNTIL_RELEASED).filter(
        Q(failures_in_a_row__gt=0) | Q(refusals_in_a_row__gt=0) | Q(held_until__isnull=False),
        pk=sender.pk,
    ).update(held_until=None, held_reason="", failures_in_a_row=0, refusals_in_a_row=0)
    sender.held_until, sender.held_reason = None, ""
    sender.failures_in_a_row = sender.refusals_in_a_row = 0
