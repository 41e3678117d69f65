"""Holding a sender: what is wrong with us must not be taken out on the people we write to."""

from __future__ import annotations

import datetime as dt

from django.db.models import F, Q

from surveys.models import Sender
from surveys.models.sender import UNTIL_LOOKED_AT, UNTIL_RELEASED
from surveys.sending.outcome import FOR_A_PERSON

LONGEST_HOLD = dt.timedelta(hours=1)
REFUSALS_TO_HOLD = 3
_REASON_LENGTH = 300
# What only a person ends; trouble of the moment neither shortens nor lifts it.
_BY_HAND = (UNTIL_RELEASED, UNTIL_LOOKED_AT)


def hold_sender(
    sender: Sender, detail: str, *, at_least: dt.timedelta, now: dt.datetime
) -> dt.datetime:
    """Let nothing leave from this sender for a while, longer each time in a row."""
    hold = min(at_least * 2 ** min(sender.failures_in_a_row, 10), max(LONGEST_HOLD, at_least))
    sender.held_until = now + hold
    sender.held_reason = detail[:_REASON_LENGTH]
    sender.failures_in_a_row += 1
    Sender.objects.filter(pk=sender.pk).exclude(held_until__in=_BY_HAND).update(
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
        _lift(sender, unless=_BY_HAND)


def hold_until_looked_at(sender: Sender, reason: str) -> bool:
    """Let nothing leave until a person looked at it. Return whether that is news."""
    sender.held_until, sender.held_reason = UNTIL_LOOKED_AT, reason[:_REASON_LENGTH]
    changed = Sender.objects.filter(pk=sender.pk).exclude(held_until__in=_BY_HAND)
    return bool(
        changed.update(held_until=sender.held_until, held_reason=sender.held_reason, warning="")
    )


def release_by_hand(sender: Sender, *, now: dt.datetime) -> None:
    """A person tries again. What an alarm held starts counting anew from here."""
    Sender.objects.filter(pk=sender.pk, held_until=UNTIL_LOOKED_AT).update(results_since=now)
    lift_hold(sender)


def lift_hold(sender: Sender) -> None:
    """Try again at once. What a restore holds, only surveys.sending.restored lets go."""
    _lift(sender, unless=(UNTIL_RELEASED,))


def _lift(sender: Sender, *, unless: tuple[dt.datetime, ...]) -> None:
    Sender.objects.exclude(held_until__in=unless).filter(
        Q(failures_in_a_row__gt=0) | Q(refusals_in_a_row__gt=0) | Q(held_until__isnull=False),
        pk=sender.pk,
    ).update(held_until=None, held_reason="", failures_in_a_row=0, refusals_in_a_row=0)
    if sender.held_until not in unless:
        sender.held_until, sender.held_reason = None, ""
    sender.failures_in_a_row = sender.refusals_in_a_row = 0
