"""The list of improvements, and what one of them did to the score of those it is for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, F, Max, Q, QuerySet
from django.utils.translation import gettext as _

from closeloop.models import Activity, Improvement, ImprovementEvent, ImprovementVoice
from npsapp.models import User
from responses.differing import Difference, compare
from responses.models import Response
from responses.reports.counting import count_responses
from responses.reports.measured import Measured
from responses.scoring import Category
from responses.selection import Selection
from responses.thresholds import thresholds_of
from surveys.filtering import Filters, PropertyFilter
from surveys.models import Organisation

# Long enough for a survey that asks everybody once a quarter.
WINDOW = dt.timedelta(days=90)
DAY = dt.timedelta(days=1)
VIEWS = ("open", "mine", "done", "all")


def select_improvements(view: str, *, user: User) -> QuerySet[Improvement]:
    """Return those of a view with the numbers of their customers: `voice_count`, `told_count`."""
    found = Improvement.objects.select_related("owner", "survey").annotate(
        voice_count=Count("voices"),
        told_count=Count("voices", filter=Q(voices__told_at__isnull=False)),
    )
    by_day = F("due_on").asc(nulls_last=True)
    match view:
        case "mine":
            return found.under_way().owned_by(user).order_by(by_day, "pk")
        case "done":
            return found.ended().order_by(F("done_on").desc(nulls_last=True), "-pk")
        case "all":
            return found.order_by(by_day, "pk")
    return found.under_way().order_by(by_day, "pk")


def count_views(user: User) -> dict[str, int]:
    """How many improvements each view holds (one query)."""
    under_way = Q(state__in=Improvement.UNDER_WAY)
    counts: dict[str, int] = Improvement.objects.aggregate(
        open=Count("pk", filter=under_way),
        mine=Count("pk", filter=under_way & Q(owner=user)),
        done=Count("pk", filter=~under_way),
        all=Count("pk"),
    )
    return counts


@dataclass(frozen=True, kw_only=True)
class Stretch(Measured):
    """What was answered on some days by those whom an improvement is for."""

    title: str
    first: dt.date
    last: dt.date
    rows_url: str
    category: str = ""

    @property
    def in_category(self) -> int | None:
        return self.counts.of(Category(self.category)) if self.category else None

    @property
    def share(self) -> float | None:
        """Of the category in percent; none for too few."""
        if not self.category or not self.has_score:
            return None
        return 100 * self.counts.of(Category(self.category)) / self.n


@dataclass(frozen=True, slots=True)
class Effect:
    """The 90 days before and since the day on which it was done; before that, the last 90."""

    stretches: list[Stretch]
    difference: Difference | None


def measure_effect(
    improvement: Improvement, *, today: dt.date, organisation: Organisation
) -> Effect | None:
    """None for an improvement that names no survey: scores of several are never added up."""
    if improvement.survey is None:
        return None
    done = improvement.done_on
    if done is None:
        now = _measure(improvement, _("Last 90 days"), today - WINDOW + DAY, today, organisation)
        return Effect([now], None)
    before = _measure(improvement, _("90 days before"), done - WINDOW, done - DAY, organisation)
    last = min(done + WINDOW - DAY, max(today, done))
    since = _measure(improvement, _("Since it is done"), done, last, organisation)
    if not (before.has_score and since.has_score):
        return Effect([before, since], None)
    difference = compare(before.counts, since.counts, thresholds=before.thresholds)
    return Effect([before, since], difference)


def _measure(
    improvement: Improvement,
    title: str,
    first: dt.date,
    last: dt.date,
    organisation: Organisation,
) -> Stretch:
    filters: Filters = ()
    if improvement.segment_key:
        filters = (PropertyFilter(improvement.segment_key, (improvement.segment_value,)),)
    selection = Selection(
        zone=organisation.zone,
        survey=improvement.survey,
        first=first,
        last=last,
        filters=filters,
    )
    counted = selection.narrowed(status=Response.Status.COUNTED.value)
    return Stretch(
        counts=count_responses(selection).counts,
        thresholds=thresholds_of(organisation),
        title=title,
        first=first,
        last=last,
        rows_url=counted.rows_url,
        category=improvement.category,
    )


def list_voices(improvement: Improvement) -> QuerySet[ImprovementVoice]:
    """The customers behind it, with when we last wrote to each: `wrote_at`."""
    return (
        improvement.voices.select_related(
            "follow_up__response__contact__account", "follow_up__response__survey", "told_by"
        )
        .annotate(
            wrote_at=Max(
                "follow_up__activities__at",
                filter=Q(follow_up__activities__kind=Activity.Kind.REPLY),
            )
        )
        .order_by(F("told_at").asc(nulls_first=True), "added_at", "pk")
    )


def count_untold(improvement: Improvement) -> int:
    """How many customers can still be told: not who is erased or asked not to be contacted."""
    waiting = improvement.voices.filter(told_at=None, follow_up__response__contact__isnull=False)
    return waiting.exclude(follow_up__response__may_contact=False).count()


def describe_event(event: ImprovementEvent) -> str:
    """Put one line of the history into words, without saying who the customers are."""
    details = event.details
    n = len(details.get("follow_ups", []))
    match event.kind:
        case ImprovementEvent.Kind.MOVED:
            return _("From “%(from)s” to “%(to)s”") % {
                "from": Improvement.State(details["from"]).label,
                "to": Improvement.State(details["to"]).label,
            }
        case ImprovementEvent.Kind.CHANGED if "to_name" in details:
            nobody = _("nobody")
            return _("Owner: from %(from)s to %(to)s") % {
                "from": details["from_name"] or nobody,
                "to": details["to_name"] or nobody,
            }
        case ImprovementEvent.Kind.ADDED if n > 1:
            return _("%(n)s customers added") % {"n": n}
    return str(event.get_kind_display())
