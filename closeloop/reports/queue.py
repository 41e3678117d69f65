"""How much work there is, and in which order it wants doing."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Count, F, Q
from django.utils.translation import gettext as _

from closeloop.models import FollowUp
from closeloop.models.followup import FollowUpQuerySet, still_open, still_overdue
from npsapp.models import User


class View(enum.StrEnum):
    """The ways to look at the queue."""

    MINE = "mine"
    UNASSIGNED = "unassigned"
    OVERDUE = "overdue"
    ALL = "all"
    CLOSED = "closed"

    @classmethod
    def read(cls, text: str | None) -> View:
        return cls(text) if text in list(cls) else cls.MINE


@dataclass(frozen=True, slots=True)
class Tab:
    title: str
    count: int
    query: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """The sizes of the views of the queue; all but `closed` are about open follow-ups."""

    mine: int
    unassigned: int
    overdue: int
    open: int
    closed: int


def queue_counts(*, user: User, now: dt.datetime) -> QueueCounts:
    """Count every view of the queue for a person, in one query."""
    is_open = still_open()
    return QueueCounts(
        **FollowUp.objects.aggregate(
            mine=Count("pk", filter=is_open & Q(owner=user)),
            unassigned=Count("pk", filter=is_open & Q(owner__isnull=True)),
            overdue=Count("pk", filter=still_overdue(now)),
            open=Count("pk", filter=is_open),
            closed=Count("pk", filter=Q(state=FollowUp.State.CLOSED)),
        )
    )


def select_view(view: View, *, user: User, now: dt.datetime) -> FollowUpQuerySet:
    """Return the follow-ups of a view with all that a row shows, in the order of the day."""
    related = ("owner", "response__survey", "response__contact__account")
    everything = FollowUp.objects.select_related(*related)
    match view:
        case View.MINE:
            return everything.open().mine(user).in_order()
        case View.UNASSIGNED:
            return everything.open().unassigned().in_order()
        case View.OVERDUE:
            return everything.overdue(now).in_order()
        case View.ALL:
            return everything.open().in_order()
        case View.CLOSED:
            return everything.closed().order_by("-closed_at", "-pk")


def list_tabs(view: View, counts: QueueCounts, *, filters: dict[str, str]) -> list[Tab]:
    """Return the views as links that keep the filter."""
    titles = {
        View.MINE: (_("Mine"), counts.mine),
        View.UNASSIGNED: (_("Unassigned"), counts.unassigned),
        View.OVERDUE: (_("Overdue"), counts.overdue),
        View.ALL: (_("All open"), counts.open),
        View.CLOSED: (_("Closed"), counts.closed),
    }
    return [
        Tab(title, count, urlencode({"view": one.value} | filters), one == view)
        for one, (title, count) in titles.items()
    ]


def count_mine(user: User) -> int:
    """How many open follow-ups wait on a person's desk: the number beside the rail's entry."""
    return FollowUp.objects.open().mine(user).count()


def find_next(follow_up: FollowUp, *, user: User) -> FollowUp | None:
    """Return what to look at after this one: the user's own first, else one that nobody has."""
    candidates = FollowUp.objects.open().filter(Q(owner=user) | Q(owner__isnull=True))
    return (
        candidates.exclude(pk=follow_up.pk)
        .filter(awaiting_contact=True)
        .order_by(F("owner").asc(nulls_last=True), "due_at", "pk")
        .select_related("response__contact")
        .first()
    )
