"""How much work there is, and in which order it wants doing."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import (
    Case,
    Count,
    F,
    IntegerField,
    Max,
    OrderBy,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from closeloop.models import FollowUp
from closeloop.models.followup import FollowUpQuerySet, still_overdue
from npsapp.models import User
from responses.models import Category
from surveys.models import Property, Survey
from surveys.properties import property_value

# Beyond this nobody reads the number; counting on would cost more than all other views together.
MOST_COUNTED = 1_000
DETRACTORS_FIRST = Case(
    When(response__category=Category.DETRACTOR, then=Value(0)), default=Value(1)
)


class View(enum.StrEnum):
    """The ways to look at the queue."""

    MINE = "mine"
    UNASSIGNED = "unassigned"
    OVERDUE = "overdue"
    TODAY = "today"
    WAITING = "waiting"
    ALL = "all"
    SNOOZED = "snoozed"
    CLOSED = "closed"

    @classmethod
    def read(cls, text: str | None) -> View:
        return cls(text) if text in list(cls) else cls.MINE

    @property
    def label(self) -> str:
        return {
            View.MINE: _("Mine"),
            View.UNASSIGNED: _("Unassigned"),
            View.OVERDUE: _("Overdue"),
            View.TODAY: _("Due today"),
            View.WAITING: _("Waiting"),
            View.ALL: _("All open"),
            View.SNOOZED: _("Snoozed"),
            View.CLOSED: _("Closed"),
        }[self]


@dataclass(frozen=True, slots=True)
class Tab:
    title: str
    count: str
    query: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """The sizes of the views of the queue; `closed` is MOST_COUNTED + 1 for whatever is more.

    Of the others each is about open follow-ups, and all but `snoozed` leave those out that sleep.
    """

    mine: int
    unassigned: int
    overdue: int
    today: int
    waiting: int
    open: int
    snoozed: int
    closed: int


def queue_counts(*, user: User, now: dt.datetime) -> QueueCounts:
    """Count every view of the queue for a person, in one query that reads the open ones once."""
    awake = _awake(now)
    closed = FollowUp.objects.closed().order_by().values("pk")[: MOST_COUNTED + 1]
    counted = Subquery(
        closed,
        template="(SELECT COUNT(*) FROM (%(subquery)s) AS closed)",
        output_field=IntegerField(),
    )
    return QueueCounts(
        **FollowUp.objects.open().aggregate(
            mine=Count("pk", filter=awake & Q(owner=user)),
            unassigned=Count("pk", filter=awake & Q(owner__isnull=True)),
            overdue=Count("pk", filter=awake & still_overdue(now)),
            today=Count("pk", filter=awake & _due_today(now)),
            waiting=Count("pk", filter=awake & Q(awaiting_contact=False)),
            open=Count("pk", filter=awake),
            snoozed=Count("pk", filter=Q(snoozed_until__gt=now)),
            # An aggregate in name only, so that it may stand beside the others.
            closed=Coalesce(counted, Max(Value(0))),
        )
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """Open follow-ups of everybody, on one desk, and of the detractors of one survey.

    Sleeping ones are in none of them.
    """

    open: int
    overdue: int
    mine: int
    detractors: int
    detractors_overdue: int


def count_waiting(survey: Survey, *, user: User, now: dt.datetime) -> Waiting:
    """Count what waits for somebody, and for the user, in one query that reads the open ones."""
    theirs = Q(response__survey=survey, response__category=Category.DETRACTOR)
    late = still_overdue(now)
    return Waiting(
        **FollowUp.objects.open()
        .awake(now)
        .aggregate(
            open=Count("pk"),
            overdue=Count("pk", filter=late),
            mine=Count("pk", filter=Q(owner=user)),
            detractors=Count("pk", filter=theirs),
            detractors_overdue=Count("pk", filter=theirs & late),
        )
    )


def _awake(now: dt.datetime) -> Q:
    return Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=now)


def _due_today(now: dt.datetime) -> Q:
    """What is due before midnight of the active zone; what is late already is overdue instead."""
    midnight = dt.datetime.combine(timezone.localdate(now) + dt.timedelta(days=1), dt.time.min)
    tomorrow = timezone.make_aware(midnight)
    return Q(awaiting_contact=True, due_at__gte=now, due_at__lt=tomorrow)


def find_in_view(view: View, *, user: User, now: dt.datetime) -> FollowUpQuerySet:
    """Return the follow-ups of a view, in no order."""
    match view:
        case View.CLOSED:
            return FollowUp.objects.closed().order_by()
        case View.SNOOZED:
            return FollowUp.objects.open().snoozed(now).order_by()
    awake = FollowUp.objects.open().awake(now).order_by()
    match view:
        case View.MINE:
            return awake.mine(user)
        case View.UNASSIGNED:
            return awake.unassigned()
        case View.OVERDUE:
            return awake.overdue(now)
        case View.TODAY:
            return awake.filter(_due_today(now))
        case View.WAITING:
            return awake.filter(awaiting_contact=False)
    return awake


def put_in_order(
    follow_ups: FollowUpQuerySet, view: View, *, money: Property | None = None
) -> FollowUpQuerySet:
    """Order them as their view does, or the detractors by what they are worth."""
    if money:
        worth = property_value(money, "response__properties")
        return follow_ups.order_by(
            DETRACTORS_FIRST, OrderBy(worth, descending=True, nulls_last=True), "due_at", "pk"
        )
    match view:
        case View.CLOSED:
            return follow_ups.order_by("-closed_at", "-pk")
        case View.SNOOZED:
            return follow_ups.order_by("snoozed_until", "pk")
    return follow_ups.in_order()


def list_tabs(view: View, counts: QueueCounts, *, filters: list[tuple[str, str]]) -> list[Tab]:
    """Return the views as links that keep the filter."""
    numbers = {
        View.MINE: counts.mine,
        View.UNASSIGNED: counts.unassigned,
        View.OVERDUE: counts.overdue,
        View.TODAY: counts.today,
        View.WAITING: counts.waiting,
        View.ALL: counts.open,
        View.SNOOZED: counts.snoozed,
        View.CLOSED: counts.closed,
    }
    return [
        Tab(
            title=one.label,
            count=say_count(numbers[one]),
            query=urlencode([("view", one.value), *filters]),
            is_current=one == view,
        )
        for one in View
    ]


def say_count(number: int) -> str:
    text = intcomma(min(number, MOST_COUNTED))
    return f"{text}+" if number > MOST_COUNTED else text


def count_mine(user: User, *, now: dt.datetime) -> int:
    """How many open follow-ups wait on a person's desk: the number beside the rail's entry."""
    return FollowUp.objects.open().mine(user).awake(now).count()


def find_next(follow_up: FollowUp, *, user: User, now: dt.datetime) -> FollowUp | None:
    """Return what to look at after this one: the user's own first, else one that nobody has."""
    candidates = FollowUp.objects.open().filter(Q(owner=user) | Q(owner__isnull=True)).awake(now)
    return (
        candidates.exclude(pk=follow_up.pk)
        .filter(awaiting_contact=True)
        .order_by(F("owner").asc(nulls_last=True), "due_at", "pk")
        .select_related("response__contact")
        .first()
    )
