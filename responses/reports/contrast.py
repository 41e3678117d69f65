"""Any two selections side by side, and what may be said of the difference."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

from django.urls import reverse

from responses.differing import Difference, compare
from responses.models import Response
from responses.reports.counting import Tally, count_responses
from responses.reports.measured import Measured
from responses.reports.response_rate import ResponseRate, count_invited
from responses.reports.segments import SegmentGroup
from responses.scoring import DEFAULT_THRESHOLDS, Thresholds
from responses.selection import Selection
from surveys.filtering import with_values
from surveys.models import Survey


class Ground(enum.StrEnum):
    """What a difference rests on."""

    APART = "apart"  # no answer is in both
    REST = "rest"  # one lies inside the other, and is held against the rest of that
    OVERLAP = "overlap"  # they share answers: not tested
    SAME = "same"  # they are the same answers
    SCALES = "scales"  # scores of two scales do not compare


@dataclass(frozen=True, kw_only=True)
class Side(Measured):
    selection: Selection
    tally: Tally
    rate: ResponseRate

    @property
    def rows_url(self) -> str:
        return self.selection.narrowed(status=Response.Status.COUNTED.value).rows_url


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """`difference` is the second minus the first; `rest` which side the rest was taken from."""

    ground: Ground
    shared: int
    difference: Difference | None
    rest: str = ""


def measure_side(selection: Selection, *, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Side:
    tally = count_responses(selection)
    return Side(
        counts=tally.counts,
        thresholds=thresholds,
        selection=selection,
        tally=tally,
        rate=count_invited(selection),
    )


def contrast(first: Side, second: Side) -> Contrast:
    """Hold the second selection against the first as far as that can be done."""
    if first.tally.scale_min != second.tally.scale_min:
        return Contrast(ground=Ground.SCALES, shared=0, difference=None)
    shared = count_shared(first.selection, second.selection)
    if not shared:
        return Contrast(ground=Ground.APART, shared=0, difference=_compare(first, second))
    if shared == first.n == second.n:
        return Contrast(ground=Ground.SAME, shared=shared, difference=None)
    if shared == second.n:
        rest = replace(first, counts=first.counts - second.counts)
        difference = _compare(rest, second)
        return Contrast(ground=Ground.REST, shared=shared, difference=difference, rest="a")
    if shared == first.n:
        rest = replace(second, counts=second.counts - first.counts)
        difference = _compare(first, rest)
        return Contrast(ground=Ground.REST, shared=shared, difference=difference, rest="b")
    return Contrast(ground=Ground.OVERLAP, shared=shared, difference=None)


def _compare(first: Side, second: Side) -> Difference | None:
    if not (first.has_score and second.has_score):
        return None
    return compare(first.counts, second.counts, thresholds=first.thresholds)


def count_shared(first: Selection, second: Selection) -> int:
    """Count the answers that are in both."""
    if first.survey != second.survey or not _days_meet(first, second):
        return 0
    found = Response.objects.counted().in_selection(first)
    return found.filter(pk__in=Response.objects.in_selection(second).values("pk")).count()


def _days_meet(first: Selection, second: Selection) -> bool:
    return not (
        (first.last and second.first and first.last < second.first)
        or (second.last and first.first and second.last < first.first)
    )


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something to compare with. `kind` is what it is called, `name` what it is about."""

    kind: str
    name: str
    url: str


def compare_url(first: Selection, second: Selection | None = None, *, of: str = "a") -> str:
    """The address of two selections side by side; of one, the page that asks for the other.

    `of` is the side with which one came, and to which the way back leads.
    """
    pairs = [(f"a.{name}", value) for name, value in parse_qsl(first.query)]
    if second:
        pairs += [(f"b.{name}", value) for name, value in parse_qsl(second.query)]
    if of != "a":
        pairs.append(("of", of))
    return f"{reverse('compare')}?{urlencode(pairs)}"


def suggest(
    first: Selection,
    *,
    surveys: Sequence[Survey],
    groups: Sequence[SegmentGroup],
) -> list[Suggestion]:
    """Return what one would ask next: the time before, another survey, two values of a property.

    What was before stands first; else the selection itself does, and keeps its place.
    """
    found = []
    if first.first and first.last:
        length = (first.last - first.first).days + 1
        # 364 days keep the weekdays. Of more than a year there is only the time before it.
        shifts = [("last_year", 364)] if length <= 364 else []
        for kind, days in [*shifts, ("before", length)]:
            step = dt.timedelta(days=days)
            other = replace(first, first=first.first - step, last=first.last - step)
            found.append(Suggestion(kind, "", compare_url(other, first, of="b")))
    for survey in surveys:
        if survey != first.survey and first.survey and survey.scale_min == first.survey.scale_min:
            other = replace(first, survey=survey, campaign=None)
            found.append(Suggestion("survey", survey.name, compare_url(first, other)))
    for group in groups:
        if len(group.values) >= 2:
            one, two = (
                replace(first, filters=with_values(first.filters, group.key, (v.segment.value,)))
                for v in group.values[:2]
            )
            name = " · ".join([group.label, *(v.segment.value for v in group.values[:2])])
            found.append(Suggestion("segment", name, compare_url(one, two)))
    return found
