"""A plan drawn anew: resuming a campaign, changing one while it runs, catching up by itself.

What a manager confirms is what they were shown. `Seen` is that, as the form brings it back: should
more mails leave, more people be dropped or the last day move meanwhile, they are asked again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from surveys.campaign_history import Kind, list_changes, note
from surveys.campaigns import (
    CannotMove,
    PreviewOutdated,
    describe_terms,
    lock_campaign,
    move_to,
    wake_engine,
)
from surveys.history import act_as
from surveys.models import Campaign, Invitation, get_organisation
from surveys.planning.limits import limit_days
from surveys.planning.openings import list_openings
from surveys.planning.plan import Plan, redraw_plan, rewrite_plan
from surveys.planning.reminding import move_close
from surveys.planning.sharing import take_turn
from surveys.progress import count_by_day

if TYPE_CHECKING:
    from npsapp.models import User

State = Campaign.State
LONGEST_WINDOW = 366
# The minutes between looking and confirming are gone from today; they may crowd the rest so much.
_CLOSER_PERCENT = 10


@dataclass(frozen=True, slots=True)
class Seen:
    """What stood on the page on which a plan was confirmed."""

    terms: str
    mails: int
    dropped: int
    busiest: int
    last_day: dt.date | None


@dataclass(frozen=True, slots=True)
class Way:
    """What would make room for everybody. None: it cannot."""

    window_days: int | None
    days: int
    daily_limit: int | None


@dataclass(frozen=True, slots=True)
class Replan:
    """What still waits, spread over what is left of the window; and how it was before."""

    plan: Plan
    terms: str
    busiest_before: int
    last_day_before: dt.date | None
    way: Way | None

    @property
    def dropped(self) -> int:
        return sum(self.plan.left_out.values())

    @property
    def is_later(self) -> bool:
        return self.plan.last_day != self.last_day_before

    @property
    def seen(self) -> dict[str, Any]:
        """What the form of its page brings back."""
        return {
            "terms": self.terms,
            "mails": self.plan.mails,
            "dropped": self.dropped,
            "busiest": self.plan.busiest,
            "last_day": self.plan.last_day,
        }

    @property
    def details(self) -> dict[str, Any]:
        """What the history keeps of it."""
        days = {"last": self.plan.last_day, "last_before": self.last_day_before}
        return {
            "mails": self.plan.mails,
            "dropped": self.dropped,
            "busiest": self.plan.busiest,
            "busiest_before": self.busiest_before,
            **{name: day.isoformat() if day else "" for name, day in days.items()},
        }


def draw_replan(campaign: Campaign, *, stored: Campaign | None = None, now: dt.datetime) -> Replan:
    """Return what a plan drawn at `now` would be. Writes nothing.

    `campaign` may hold changes that are not saved; `stored` is then how it stands without them.
    """
    zone = get_organisation().zone
    plan = redraw_plan(campaign, now=now)
    by_day, done = count_by_day(campaign, zone=zone)
    waiting = [day for day, mails in by_day.items() if day and mails > done[day]]
    return Replan(
        plan=plan,
        terms=describe_terms(stored or campaign),
        busiest_before=max(by_day.values(), default=0),
        last_day_before=max(waiting, default=None),
        way=_find_way(campaign, plan, now=now) if plan.no_room else None,
    )


@transaction.atomic
def resume(
    campaign: Campaign, *, seen: Seen | None = None, by: User | None = None, now: dt.datetime
) -> Plan:
    """Spread what still waits over what is left of the window, and go on.

    `seen` is what somebody confirmed; a program that confirms nothing gives none.
    """
    take_turn()
    locked = lock_campaign(campaign)
    if locked.state != State.PAUSED:
        raise CannotMove(_("Only a paused campaign can be resumed."))
    replan = draw_replan(locked, now=now)
    if seen:
        _compare(seen, replan)
    write_replan(locked, replan, by=by)
    move_to(locked, State.RUNNING)
    note(locked, Kind.RESUMED, at=now, by=by, **replan.details)
    wake_engine()
    return replan.plan


@transaction.atomic
def let_go_on(campaign: Campaign, *, by: User | None, now: dt.datetime) -> None:
    """Spread what waits of a running campaign over what is left of its window: all sending stood
    still, and somebody lets it go on."""
    take_turn()
    locked = lock_campaign(campaign)
    if locked.state != State.RUNNING:
        return
    replan = draw_replan(locked, now=now)
    act_as(by)
    _write(locked, replan.plan)
    note(locked, Kind.CAUGHT_UP, at=now, by=by, **replan.details)
    wake_engine()


@transaction.atomic
def change(
    campaign: Campaign, *, fields: Iterable[str], seen: Seen, by: User | None, now: dt.datetime
) -> Replan:
    """Save what a form changed of a running campaign, and spread what still waits accordingly."""
    take_turn()
    locked = lock_campaign(campaign)
    if locked.state != State.RUNNING:
        raise CannotMove(
            _("This campaign was started or stopped meanwhile; your changes are not saved.")
        )
    changes = list_changes(locked, campaign, fields)
    replan = draw_replan(campaign, stored=locked, now=now)
    _compare(seen, replan)
    campaign.save(update_fields=list(fields))
    write_replan(campaign, replan, by=by)
    note(campaign, Kind.CHANGED, at=now, by=by, changes=changes, **replan.details)
    wake_engine()
    return replan


def write_replan(campaign: Campaign, replan: Replan, *, by: User | None = None) -> None:
    """Give those who wait their new times; the campaign is locked. Raises CannotMove."""
    plan = replan.plan
    if plan.no_room and not plan.mails:
        raise CannotMove(
            _("Nothing is left of the window. Make it longer first, or cancel the campaign.")
        )
    act_as(by)
    _write(campaign, plan)


def _write(campaign: Campaign, plan: Plan) -> None:
    rewrite_plan(campaign, plan)
    # Whom a worker holds just now keeps the time; should it be given back, the new window binds it.
    claimed = campaign.invitations.filter(state=Invitation.State.CLAIMED)
    claimed.filter(sequence=0).update(not_after=plan.closes)
    # Reminders keep their times, for the longest wait leaves first; the window may be another.
    move_close(campaign)


def _compare(seen: Seen, replan: Replan) -> None:
    plan = replan.plan
    is_as_seen = (
        seen.terms == replan.terms
        and plan.mails <= seen.mails
        and replan.dropped <= seen.dropped
        and plan.last_day == seen.last_day
        and plan.busiest * 100 <= seen.busiest * (100 + _CLOSER_PERCENT) + 100
    )
    if not is_as_seen:
        raise PreviewOutdated(
            _("The plan has changed since you saw it. Look at it again, then confirm.")
        )


def _find_way(campaign: Campaign, plan: Plan, *, now: dt.datetime) -> Way:
    """Return the shortest window, and the lowest limit, that have room for those without any."""
    organisation = get_organisation()
    today = now.astimezone(organisation.zone).date()
    over, longer = plan.no_room, copy(campaign)
    longer.window_days = LONGEST_WINDOW
    limits = limit_days(longer, organisation, today=today)
    window_days = None
    for slot in list_openings(longer, organisation, not_before=now):
        if slot.day > campaign.last_day:
            over -= over if limits is None else limits.get(slot.day, 0)
            if over <= 0:
                window_days = (slot.day - campaign.first_day).days + 1
                break
    raised = _find_raised_limit(campaign, plan, today=today)
    return Way(window_days, (window_days or 0) - campaign.window_days, raised)


def _find_raised_limit(campaign: Campaign, plan: Plan, *, today: dt.date) -> int | None:
    """None as well when it is the sender's limit that leaves no room: a higher one of ours would
    change nothing."""
    if campaign.daily_limit is None or not plan.slots:
        return None
    raised = copy(campaign)
    raised.daily_limit = campaign.daily_limit + -(-plan.no_room // len(plan.open_days))
    limits = limit_days(raised, get_organisation(), today=today) or {}
    room = sum(max(0, limits.get(day, 0) - plan.already.get(day, 0)) for day in plan.open_days)
    return raised.daily_limit if room >= plan.mails + plan.no_room else None


def carry(campaign: Campaign, fields: Iterable[str], **changes: Any) -> list[tuple[str, str]]:
    """Return what a browser would send for these fields of a campaign, with some changed."""
    sent: list[tuple[str, str]] = []
    for name in fields:
        value = changes.get(name, getattr(campaign, name))
        if isinstance(value, list):
            sent += [(name, str(entry)) for entry in value]
        elif isinstance(value, dt.time):
            sent.append((name, f"{value:%H:%M}"))
        else:
            sent.append((name, "" if value is None else str(value)))
    return sent


def list_ways(
    campaign: Campaign, way: Way | None, fields: Iterable[str]
) -> Mapping[str, list[tuple[str, str]]]:
    """Return what a button would send to take one of the ways: a longer window, a higher limit."""
    ways = {}
    if way and way.window_days:
        ways["longer"] = carry(campaign, fields, window_days=way.window_days)
    if way and way.daily_limit:
        ways["faster"] = carry(campaign, fields, daily_limit=way.daily_limit)
    return ways
