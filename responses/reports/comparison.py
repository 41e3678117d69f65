"""The values of one property side by side, each with what its number of answers can bear."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from responses.models import Response
from responses.reports.measured import Measured
from responses.reports.split import Part, split
from responses.reports.tallied import NOBODY, Histogram, add_up, read_values
from responses.scoring import DEFAULT_THRESHOLDS, Counts, Thresholds
from responses.selection import Segment, Selection
from surveys.filtering import find_filter, with_values
from surveys.models import Property

LONGEST_COMPARISON = 20


@dataclass(frozen=True, kw_only=True)
class Group(Measured):
    """The answers that share a value; for too few of them there are no parts."""

    segment: Segment
    within: Selection
    is_chosen: bool

    @cached_property
    def parts(self) -> list[Part]:
        return split(self.counts, self.within) if self.has_score else []

    @property
    def rows_url(self) -> str:
        return self.within.narrowed(status=Response.Status.COUNTED.value).rows_url


@dataclass(frozen=True, slots=True)
class Comparison:
    """The largest groups first; what has no row is counted, so that the numbers add up."""

    groups: list[Group]
    smaller_groups: int
    in_smaller_groups: int
    without_value: int


def compare_groups(
    selection: Selection, key: str, *, thresholds: Thresholds = DEFAULT_THRESHOLDS
) -> Comparison:
    """Compare the values of the property `key`.

    Values chosen of that very property only mark their rows: a comparison of one is none.
    """
    current = find_filter(selection.filters, key)
    chosen = current.values if current else ()
    selection = replace(selection, filters=with_values(selection.filters, key, ()))
    found = _count_by_value(selection, key)
    without = found.pop("", Counts()).n
    ranked = sorted(found.items(), key=lambda pair: (-pair[1].n, pair[0]))
    rest = ranked[LONGEST_COMPARISON:]
    return Comparison(
        groups=[
            Group(
                counts=counts,
                thresholds=thresholds,
                segment=(segment := Segment(key, value)),
                within=_within(selection, segment),
                is_chosen=value in chosen,
            )
            for value, counts in ranked[:LONGEST_COMPARISON]
        ],
        smaller_groups=len(rest),
        in_smaller_groups=sum(counts.n for _, counts in rest),
        without_value=without,
    )


def _within(selection: Selection, segment: Segment) -> Selection:
    values = with_values(selection.filters, segment.key, (segment.value,))
    return replace(selection, filters=values)


def _count_by_value(selection: Selection, key: str) -> dict[str, Counts]:
    """Return the counts of each value; those who have none are under ''."""
    if selection.survey is None:
        raise ValueError("A score belongs to one survey; the selection names none.")
    declared = Property.objects.filter(key=key).first()
    histograms: dict[str, Histogram] = {}
    for value, histogram in read_values(selection, declared, key).items():
        # A blank value cannot be asked for in a filter, and is no value to a reader either.
        name = value if value.strip() else ""
        histograms[name] = add_up([histograms.get(name, NOBODY), histogram])
    scale_min = selection.survey.scale_min
    return {
        value: Counts.from_histogram(histogram, scale_min=scale_min)
        for value, histogram in histograms.items()
    }
