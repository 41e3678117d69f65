"""People who came to meet a campaign's audience after its launch: who they are, and adding them.

What is shown and what is done come from the same placing of the same people, so it is exact: who is
asked when, and who is left out. Looking writes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from surveys.audience import Condition, find_audience
from surveys.campaign_history import Kind, note
from surveys.campaigns import (
    CannotMove,
    PreviewOutdated,
    lock_campaign,
    wake_engine,
)
from surveys.history import act_as
from surveys.models import Campaign, Contact, Invitation
from surveys.planning.joining import Addition, add_people, look_at_people
from surveys.planning.sharing import take_turn

if TYPE_CHECKING:
    from npsapp.models import User

FIRST = 20  # of those who would be asked
NAMED = 50  # of those who would be left out, per reason


@dataclass(frozen=True, slots=True)
class Newcomers:
    """Who would join. `left_out` names the first of each reason."""

    addition: Addition
    first: list[tuple[Contact, dt.datetime]]
    left_out: Mapping[str, list[Contact]]

    @property
    def seen(self) -> dict[str, Any]:
        """What the form of the page brings back."""
        return {"mails": self.addition.mails, "people": self.addition.fingerprint}


def find_newcomers(campaign: Campaign) -> QuerySet[Contact]:
    """Return the contacts that meet the audience and of whom the campaign knows nothing yet."""
    conditions = [Condition.from_json(stored) for stored in campaign.audience]
    known = Invitation.objects.filter(campaign=campaign, contact=OuterRef("pk"))
    return find_audience(conditions).exclude(Exists(known))


def look_at_newcomers(campaign: Campaign, *, now: dt.datetime) -> Newcomers:
    """Return what adding them now would do."""
    look = look_at_people(campaign, first=FIRST, named=NAMED, now=now)
    keys = [pk for pk, _ in look.first] + [pk for named in look.left_out.values() for pk in named]
    contacts = Contact.objects.select_related("account").in_bulk(keys)
    return Newcomers(
        addition=look.addition,
        first=[(contacts[pk], moment) for pk, moment in look.first if pk in contacts],
        left_out={
            reason: [contacts[pk] for pk in named if pk in contacts]
            for reason, named in look.left_out.items()
        },
    )


@transaction.atomic
def let_join(
    campaign: Campaign, *, mails: int, people: str, by: User | None, now: dt.datetime
) -> Addition:
    """Add those whom the manager saw: as many mails, to the same people. Raises CannotMove."""
    take_turn()
    locked = lock_campaign(campaign)
    if not locked.is_under_way:
        raise CannotMove(_("This campaign is over."))
    act_as(by)
    addition = add_people(locked, now=now)
    if addition.mails > mails or addition.fingerprint != people:
        raise PreviewOutdated(
            _("Other people meet the audience now than you saw. Look again, then add them.")
        )
    left_out = sum(addition.left_out.values())
    if addition.people:
        note(locked, Kind.JOINED, at=now, by=by, people=addition.mails, left_out=left_out)
        wake_engine()
    return addition
