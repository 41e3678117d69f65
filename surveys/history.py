"""The history of every mail: who acts, how many were planned, and all of it in plain words.

The steps themselves are written by triggers, see surveys.models.history; what was done to whole
campaigns comes from campaign_history.py.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from surveys.explaining import phrase_reason
from surveys.models import Campaign, CampaignEvent, Delivery, Invitation, InvitationEvent

if TYPE_CHECKING:
    from npsapp.models import User

State, Reason, Resolution = Delivery.State, Delivery.Reason, Delivery.Resolution
Kind = InvitationEvent.Kind


@contextmanager
def acting(user: User | None) -> Iterator[None]:
    """Let the triggers know who does what follows, in one transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        _set_actor(cursor, str(user.pk) if user else "")
        yield
        # In a transaction around this one somebody else may act next.
        _set_actor(cursor, "")


def act_as(user: User | None) -> None:
    """As `acting`, for all that is left of this transaction; None leaves it as it is."""
    if user is not None:
        with connection.cursor() as cursor:
            _set_actor(cursor, str(user.pk))


def _set_actor(cursor: CursorWrapper, value: str) -> None:
    cursor.execute("SELECT set_config('npsapp.actor', %s, true)", [value])


def note_planned(campaign: Campaign, people: int) -> None:
    """Add to the number of rows that the campaign's ledger must have from now on."""
    Campaign.objects.filter(pk=campaign.pk).update(
        planned=Coalesce(F("planned"), Value(0)) + people
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a history. `words` are those of a mail server."""

    at: dt.datetime
    sentence: str
    words: str = ""
    actor: str = ""


def read_histories(invitations: Iterable[Invitation]) -> dict[int, list[Step]]:
    """Return the steps of each of these mails, the oldest first, by primary key."""
    rows = list(invitations)
    told: dict[int, list[Step]] = defaultdict(list)
    events = InvitationEvent.objects.filter(invitation__in=[row.pk for row in rows])
    for event in events.select_related("actor"):
        told[event.invitation_id].append(
            Step(event.at, _tell(event), event.detail, str(event.actor or ""))
        )
    of_campaigns: dict[int, list[Step]] = defaultdict(list)
    campaigns = {row.campaign_id for row in rows}
    for done in CampaignEvent.objects.filter(campaign__in=campaigns).select_related("actor"):
        sentence = _CAMPAIGN.get(done.kind)
        if sentence is None:
            continue  # about other people, or about no mail at all
        of_campaigns[done.campaign_id].append(
            Step(done.at, str(sentence), "", str(done.actor or ""))
        )
    for row in rows:
        steps = told[row.pk]
        steps += _while_it_waited(row, steps, of_campaigns[row.campaign_id])
        if row.answered_at:
            steps.append(Step(row.answered_at, _("Answered.")))
        steps.sort(key=lambda step: step.at)
    return told


def _while_it_waited(row: Invitation, own: list[Step], all_steps: list[Step]) -> list[Step]:
    """What was done to the campaign concerns a mail until it left or was given up."""
    if row.state not in {State.SENT, State.FAILED, State.SKIPPED, State.UNKNOWN}:
        return all_steps
    # One that was left out when the campaign was planned never had a step of its own.
    until = own[-1].at if own else row.skipped_at or row.sent_at
    return [step for step in all_steps if until is None or step.at <= until]


_CAMPAIGN: dict[str, Promise] = {
    CampaignEvent.Kind.LAUNCHED: gettext_lazy("The campaign was launched."),
    CampaignEvent.Kind.PAUSED: gettext_lazy("The campaign was paused."),
    CampaignEvent.Kind.RESUMED: gettext_lazy("The campaign was resumed."),
    CampaignEvent.Kind.CHANGED: gettext_lazy("The campaign was changed."),
    CampaignEvent.Kind.JOINED: gettext_lazy("New contacts joined the campaign."),
    CampaignEvent.Kind.CAUGHT_UP: gettext_lazy(
        "After a standstill all mails that waited were given new times."
    ),
    CampaignEvent.Kind.FINISHED: gettext_lazy("The campaign was finished."),
    CampaignEvent.Kind.CANCELLED: gettext_lazy("The campaign was cancelled."),
}
_SETTLED: dict[str, Promise] = {
    Resolution.TREAT_AS_SENT: gettext_lazy("Somebody decided to treat it as sent."),
    Resolution.TIMED_OUT: gettext_lazy("Nobody decided for three days: treated as sent."),
    Resolution.EVIDENCE: gettext_lazy("It did arrive: an answer or the provider proved it."),
}
_DELIVERY: dict[str, Promise] = {
    Delivery.DeliveryStatus.DELIVERED: gettext_lazy("Delivered, says the provider."),
    Delivery.DeliveryStatus.BOUNCED: gettext_lazy("Returned: the address does not work."),
    Delivery.DeliveryStatus.COMPLAINED: gettext_lazy("The recipient marked it as spam."),
}


def _tell(event: InvitationEvent) -> str:
    reason = phrase_reason(event.reason)
    match event.kind:
        case Kind.SENT:
            return str(_SETTLED.get(event.resolution) or _tell_sent(event))
        case Kind.FAILED:
            return _("Given up: %(reason)s.") % {"reason": reason}
        case Kind.SKIPPED:
            return _("Not asked: %(reason)s.") % {"reason": reason}
        case Kind.UNKNOWN:
            return _("In doubt: %(reason)s.") % {"reason": reason}
        case Kind.DELIVERY:
            told = _DELIVERY.get(event.delivery_status)
            return str(told or _("The provider says: %(word)s") % {"word": event.delivery_status})
    return _tell_waiting(event)


def _tell_sent(event: InvitationEvent) -> str:
    if event.scheduled_for is None:
        return _("Left: the mail server took it.")
    planned = date_format(timezone.localtime(event.scheduled_for), "j F H:i")
    return _("Left: the mail server took it. It was planned for %(time)s.") % {"time": planned}


def _tell_waiting(event: InvitationEvent) -> str:
    if event.resolution == Resolution.SEND_AGAIN:
        return _("Somebody decided to send it again.")
    if event.before in {State.CLAIMED, State.SENDING}:
        if event.detail:
            return _("Tried; the mail server asked to come back later.")
        return _("Waits: this person was asked not long ago and rests first.")
    return _("Waits again.")
