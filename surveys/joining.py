"""People who came to meet a campaign's audience after its launch: who they are, and adding them.

What would happen is found out by doing it and taking it back, so that what is shown is exact: who
is asked when, and who is left out. Nothing of it is kept before a manager confirms it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef, QuerySet
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
from surveys.planning.joining import Addition, add_people
from surveys.planning.sharing import take_turn

if TYPE_CHECKING:
    from npsapp.models import User

State = Invitation.State

FIRST = 20  # of those who would be asked
NAMED = 50  # of those who would be left out, per reason


@dataclass(frozen=True, slots=True)
class Newcomers:
    """Who would join. `left_out` names the first of each reason."""

    addition: Addition
    people: str  # a fingerprint of those who would be asked
    first: list[Invitation]
    left_out: Mapping[str, list[Contact]]

    @property
    def seen(self) -> dict[str, Any]:
        """What the form of the page brings back."""
        return {"mails": self.addition.mails, "people": self.people}


def find_newcomers(campaign: Campaign) -> QuerySet[Contact]:
    """Return the contacts that meet the audience and of whom the campaign knows nothing yet."""
    conditions = [Condition.from_json(stored) for stored in campaign.audience]
    known = Invitation.objects.filter(campaign=campaign, contact=OuterRef("pk"))
    return find_audience(conditions).exclude(Exists(known))


def look_at_newcomers(campaign: Campaign, *, now: dt.datetime) -> Newcomers:
    """Return what adding them now would do; all of it is taken back again."""
    with transaction.atomic():
        addition, rows = _add(lock_campaign(campaign), now=now)
        asked = rows.filter(state=State.SCHEDULED).select_related("contact__account")
        newcomers = Newcomers(
            addition=addition,
            people=_fingerprint(rows),
            first=list(asked.order_by("scheduled_for", "pk")[:FIRST]),
            left_out={
                reason: [
                    row.contact
                    for row in rows.filter(reason=reason).select_related("contact")[:NAMED]
                    if row.contact
                ]
                for reason in addition.left_out
            },
        )
        transaction.set_rollback(True)
    return newcomers


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
    addition, rows = _add(locked, now=now)
    if addition.mails > mails or _fingerprint(rows) != people:
        raise PreviewOutdated(
            _("Other people meet the audience now than you saw. Look again, then add them.")
        )
    left_out = sum(addition.left_out.values())
    if addition.people:
        note(locked, Kind.JOINED, at=now, by=by, people=addition.mails, left_out=left_out)
        wake_engine()
    return addition


def _add(locked: Campaign, *, now: dt.datetime) -> tuple[Addition, QuerySet[Invitation]]:
    """Add all newcomers; return the rows that are new."""
    newest = locked.invitations.aggregate(newest=Max("pk"))["newest"] or 0
    addition = add_people(locked, now=now)
    rows: QuerySet[Invitation] = locked.invitations.filter(pk__gt=newest, sequence=0)
    return addition, rows


def _fingerprint(rows: QuerySet[Invitation]) -> str:
    asked = rows.filter(state=State.SCHEDULED).order_by().values("contact_id")
    statement, parameters = asked.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), sum(hashint8extended(contact_id, 0)::numeric) "  # noqa: S608
            f"FROM ({statement}) AS asked",
            parameters,
        )
        people, total = cursor.fetchone() or (0, None)
    return f"{people}.{int(total or 0) & 0xFFFFFFFFFFFFFFFF:x}"
