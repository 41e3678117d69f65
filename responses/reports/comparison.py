"""The values of one property side by side, each with what its number of answers can bear."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.db.models import Count

from responses.models import Response
from responses.reports.split import Part, split
from responses.scoring import (
    DEFAULT_THRESHOLDS,
    HIGHEST,
    Counts,
    Interval,
    Thresholds,
    Tier,
    interval,
    nps,
    round_away,
    tier,
)
from responses.selection import Segment, Selection
from surveys.filtering import find_filter, with_values
from surveys.properties import segment_text

LONGEST_COMPARISON = 20


@dataclass(frozen=True, slots=True)
class Group:
    """The answers that share a value. Score and parts are None and empty for too few of them."""

    segment: Segment
    counts: Counts
    nps: float | None
    interval: Interval | None
    tier: Tier
    parts: list[Part]
    rows_url: str
    is_chosen: bool

    @property
    def n(self) -> int:
        return self.counts.n

    @property
    def low(self) -> int | None:
        return round_away(self.interval.low) if self.interval else None

    @property
    def high(self) -> int | None:
        return round_away(self.interval.high) if self.interval else None


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
            _make_group(selection, Segment(key, value), counts, chosen, thresholds)
            for value, counts in ranked[:LONGEST_COMPARISON]
        ],
        smaller_groups=len(rest),
        in_smaller_groups=sum(counts.n for _, counts in rest),
        without_value=without,
    )


def _make_group(
    selection: Selection,
    segment: Segment,
    counts: Counts,
    chosen: tuple[str, ...],
    thresholds: Thresholds,
) -> Group:
    narrowed = with_values(selection.filters, segment.key, (segment.value,))
    within = replace(selection, filters=narrowed)
    shown = tier(counts.n, thresholds)
    has_score = shown != Tier.COUNT_ONLY
    return Group(
        segment=segment,
        counts=counts,
        nps=nps(counts) if has_score else None,
        interval=interval(counts) if has_score else None,
        tier=shown,
        parts=split(counts, within) if has_score else [],
        rows_url=within.narrowed(status=Response.Status.COUNTED.value).rows_url,
        is_chosen=segment.value in chosen,
    )


def _count_by_value(selection: Selection, key: str) -> dict[str, Counts]:
    """Return the counts of each value; those who have none are under ''."""
    if selection.survey is None:
        raise ValueError("A score belongs to one survey; the selection names none.")
    rows = (
        Response.objects.counted()
        .in_selection(selection)
        .order_by()
        .annotate(_value=segment_text(key))
        .values_list("_value", "score")
        .annotate(n=Count("pk"))
    )
    histograms: dict[str, list[int]] = {}
    for value, score, n in rows:
        # A blank value cannot be asked for in a filter, and is no value to a reader either.
        name = (value or "").strip() and value
        histograms.setdefault(name or "", [0] * (HIGHEST + 1))[score] += n
    scale_min = selection.survey.scale_min
    return {
        value: Counts.from_histogram(histogram, scale_min=scale_min)
        for value, histogram in histograms.items()
    }
