"""Holding a sender: what is wrong with us must not be taken out on the people we write to.

A circuit breaker: closed while mail gets through, open while the sender is held, half-open after
that. Half-open, a few mails try it out; when they all get through it is closed, and one refusal
opens it for longer than before.
"""

from __future__ import annotations

import datetime as dt
import re
from enum import Enum

from django.db.models import F, Q

from surveys.models import Sender
from surveys.models.sender import UNTIL_LOOKED_AT, UNTIL_RELEASED
from surveys.sending.outcome import FOR_A_PERSON

LONGEST_HOLD = dt.timedelta(hours=1)
# Each try of a server that leaves us in doubt may cost one more person a second mail, or none.
LONGEST_HOLD_IN_DOUBT = dt.timedelta(hours=6)
REFUSALS_TO_HOLD = 3
DOUBTS_TO_HOLD = 3
PROBE = 5  # mails in a row that close the circuit
_REASON_LENGTH = 300
# What only a person ends; trouble of the moment neither shortens nor lifts it.
_BY_HAND = (UNTIL_RELEASED, UNTIL_LOOKED_AT)


class Circuit(Enum):
    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


class Trouble(Enum):
    """What a server's refusal of a sender comes down to."""

    TOO_FAST = "too_fast"
    CREDENTIALS = "credentials"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    NO_RESULT = "no_result"
    OTHER = "other"


def circuit_of(sender: Sender, *, now: dt.datetime) -> Circuit:
    if sender.held_until is not None and sender.held_until > now:
        return Circuit.OPEN
    return Circuit.HALF_OPEN if sender.failures_in_a_row else Circuit.CLOSED


def probes_left(sender: Sender) -> int | None:
    """How many mails a half-open circuit lets through; None when it is closed."""
    return max(1, PROBE - sender.probes_passed) if sender.failures_in_a_row else None


_TROUBLES = [
    (Trouble.CREDENTIALS, r"^(454 4\.7\.0|53[0-8])\b|\((401|403)\)|\b(401|403) "),
    (Trouble.TOO_FAST, r"^4\d\d\b|\b429\b"),
    (Trouble.REFUSED, r"^5\d\d\b"),
    (Trouble.UNREACHABLE, r"^\w*(Refused|Timeout|gaierror|SSL|Connect|Disconnected|OSError)\w*:"),
]


def trouble_of(sender: Sender) -> Trouble:
    """What a held sender is held for."""
    return Trouble.NO_RESULT if sender.doubts_in_a_row else explain_trouble(sender.held_reason)


def explain_trouble(detail: str) -> Trouble:
    """Tell from the server's words what kind of trouble it is."""
    for trouble, pattern in _TROUBLES:
        if re.search(pattern, detail):
            return trouble
    return Trouble.OTHER


def hold_sender(
    sender: Sender,
    detail: str,
    *,
    at_least: dt.timedelta,
    at_most: dt.timedelta | None = None,
    doubts: int = 0,
    now: dt.datetime,
) -> dt.datetime:
    """Let nothing leave from this sender for a while, longer each time in a row.

    `at_most` is how long at the longest, LONGEST_HOLD unless told otherwise.
    `doubts` is how many of its mails in a row are in doubt, if that is what it is held for.
    """
    longest = max(at_most or LONGEST_HOLD, at_least)
    hold = min(at_least * 2 ** min(sender.failures_in_a_row, 10), longest)
    sender.held_until = now + hold
    sender.held_reason = detail[:_REASON_LENGTH]
    sender.failures_in_a_row += 1
    sender.probes_passed, sender.doubts_in_a_row = 0, doubts
    Sender.objects.filter(pk=sender.pk).exclude(held_until__in=_BY_HAND).update(
        held_until=sender.held_until,
        held_reason=sender.held_reason,
        failures_in_a_row=F("failures_in_a_row") + 1,
        probes_passed=0,
        doubts_in_a_row=doubts,
    )
    return sender.held_until


def count_refusal(sender: Sender, detail: str, *, now: dt.datetime) -> None:
    """Hold the sender when several mails in a row were refused for content or reputation."""
    sender.refusals_in_a_row += 1
    Sender.objects.filter(pk=sender.pk).update(refusals_in_a_row=F("refusals_in_a_row") + 1)
    if sender.refusals_in_a_row >= REFUSALS_TO_HOLD:
        hold_sender(sender, detail, at_least=FOR_A_PERSON, now=now)


def count_doubt(sender: Sender, detail: str, *, now: dt.datetime) -> None:
    """Hold the sender when nobody knows of several mails in a row whether the server took them.

    One is an accident; more, and each further mail would be one more doubt. The count is read back
    from the database: what hangs does so in all workers at once.
    """
    rows = Sender.objects.filter(pk=sender.pk)
    rows.update(doubts_in_a_row=F("doubts_in_a_row") + 1)
    sender.refresh_from_db(fields=["doubts_in_a_row", "failures_in_a_row", "held_until"])
    if sender.held_until is not None and sender.held_until > now:
        return  # it was under way before the others held the sender
    if sender.failures_in_a_row or sender.doubts_in_a_row >= DOUBTS_TO_HOLD:
        hold_sender(
            sender,
            detail,
            at_least=FOR_A_PERSON,
            at_most=LONGEST_HOLD_IN_DOUBT,
            doubts=sender.doubts_in_a_row,
            now=now,
        )


def mark_healthy(sender: Sender) -> None:
    """A mail got through. Costs nothing when nothing was wrong."""
    if sender.failures_in_a_row and sender.probes_passed + 1 < PROBE:
        sender.probes_passed += 1
        sender.refusals_in_a_row = 0
        Sender.objects.filter(pk=sender.pk, failures_in_a_row__gt=0).update(
            probes_passed=F("probes_passed") + 1, refusals_in_a_row=0
        )
    elif (
        sender.failures_in_a_row
        or sender.refusals_in_a_row
        or sender.doubts_in_a_row
        or sender.held_until
    ):
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
        Q(failures_in_a_row__gt=0)
        | Q(refusals_in_a_row__gt=0)
        | Q(doubts_in_a_row__gt=0)
        | Q(held_until__isnull=False),
        pk=sender.pk,
    ).update(
        held_until=None,
        held_reason="",
        failures_in_a_row=0,
        refusals_in_a_row=0,
        doubts_in_a_row=0,
        probes_passed=0,
    )
    if sender.held_until not in unless:
        sender.held_until, sender.held_reason = None, ""
    sender.failures_in_a_row = sender.refusals_in_a_row = sender.probes_passed = 0
    sender.doubts_in_a_row = 0
