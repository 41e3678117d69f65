"""The values of one property side by side, each with what its number of answers can bear."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from responses.differing import Difference, Verdict, compare, judge_together
from responses.models import Response
from responses.naming import EVERYTHING, Naming
from responses.reports.measured import Measured
from responses.reports.split import Part, split
from responses.reports.tallied import NOBODY, Histogram, add_up, read_values
from responses.scoring import DEFAULT_THRESHOLDS, Counts, Thresholds, Tier
from responses.selection import Segment, Selection
from surveys.filtering import find_filter, with_values
from surveys.models import Property

LONGEST_COMPARISON = 20

Some = TypeVar("Some")


@dataclass(frozen=True, kw_only=True)
class Group(Measured):
    """The answers that share a value; for too few of them there are no parts.

    `difference` is to the rest: all other answers of the selection. `verdict` has been corrected
    for the number of groups that are looked at; both are None where either side is too small.
    """

    segment: Segment
    within: Selection
    is_chosen: bool
    difference: Difference | None = None
    verdict: Verdict | None = None
    rank: int | None = None

    @cached_property
    def parts(self) -> list[Part]:
        return split(self.counts, self.within) if self.has_score else []

    @property
    def rows_url(self) -> str:
        return self.within.narrowed(status=Response.Status.COUNTED.value).rows_url


@dataclass(frozen=True, slots=True)
class Comparison:
    """What has no row is counted, so that the numbers add up.

    `by_value` holds every value, also those without a row; under '' are those who have none.
    """

    groups: list[Group]
    smaller_groups: int
    in_smaller_groups: int
    without_value: int
    by_value: Mapping[str, Counts]

    @property
    def unnamed(self) -> int:
        """All that have no row, together: on a page without a login not even told apart."""
        return self.in_smaller_groups + self.without_value

    @property
    def total(self) -> Counts:
        return sum(self.by_value.values(), Counts())

    @property
    def tested(self) -> int:
        return sum(group.verdict is not None for group in self.groups)


def compare_groups(
    selection: Selection,
    key: str,
    *,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
    by_score: bool = False,
    declared: Property | None = None,
    naming: Naming = EVERYTHING,
) -> Comparison:
    """Compare the values of the property `key`, the largest group first.

    Values chosen of that very property only mark their rows: a comparison of one is none. With
    `by_score` those with enough answers are ranked, and the others follow without a rank. Who has
    the property at hand spares its query by `declared`. `naming` says which values get a row.
    """
    selection, chosen = open_up(selection, key)
    found = _count_by_value(selection, key, declared)
    ranked = rank_by_size(found, lambda counts: counts.n)
    sizes = [(value, counts.n) for value, counts in ranked]
    without = found.get("", Counts()).n
    named = naming.choose(sizes, most=LONGEST_COMPARISON, without=without)
    groups = [
        Group(
            counts=counts,
            thresholds=thresholds,
            segment=(segment := Segment(key, value)),
            within=within_segment(selection, segment),
            is_chosen=value in chosen,
        )
        for value, counts in ranked
        if value in named
    ]
    groups = hold_against_the_rest(groups, sum(found.values(), Counts()))
    return Comparison(
        groups=rank_by_score(groups) if by_score else groups,
        smaller_groups=len(ranked) - len(named),
        in_smaller_groups=sum(n for value, n in sizes if value not in named),
        without_value=without,
        by_value=found,
    )


def open_up(selection: Selection, key: str) -> tuple[Selection, Sequence[str]]:
    """Return the selection with every value of a property, and the values it was narrowed to."""
    current = find_filter(selection.filters, key)
    opened = replace(selection, filters=with_values(selection.filters, key, ()))
    return opened, current.values if current else ()


def rank_by_size(found: Mapping[str, Some], size: Callable[[Some], int]) -> list[tuple[str, Some]]:
    """Return the values with what was found of each, the largest first; not those without one."""
    ranked = ((value, each) for value, each in found.items() if value)
    return sorted(ranked, key=lambda pair: (-size(pair[1]), pair[0]))


def within_segment(selection: Selection, segment: Segment) -> Selection:
    values = with_values(selection.filters, segment.key, (segment.value,))
    return replace(selection, filters=values)


def hold_against_the_rest(groups: list[Group], total: Counts) -> list[Group]:
    """Test each group against all other answers, and correct for how many are tested."""
    differences = [
        compare(total - group.counts, group.counts, thresholds=group.thresholds) for group in groups
    ]
    return [
        replace(group, difference=difference if verdict else None, verdict=verdict)
        for group, difference, verdict in zip(
            groups, differences, judge_together(differences), strict=True
        )
    ]


def rank_by_score(groups: list[Group]) -> list[Group]:
    """Put those with enough answers in the order of their scores; equal scores share a rank."""
    enough = [group for group in groups if group.tier in (Tier.INDICATIVE, Tier.FIRM)]
    enough.sort(key=lambda group: (-(group.nps or 0.0), -group.n))
    ranks: list[Group] = []
    for place, group in enumerate(enough, start=1):
        is_equal = bool(ranks) and ranks[-1].nps == group.nps
        ranks.append(replace(group, rank=ranks[-1].rank if is_equal else place))
    return ranks + [group for group in groups if group.tier not in (Tier.INDICATIVE, Tier.FIRM)]


def _count_by_value(selection: Selection, key: str, declared: Property | None) -> dict[str, Counts]:
    """Return the counts of each value; those who have none are under ''."""
    if selection.survey is None:
        raise ValueError("A score belongs to one survey; the selection names none.")
    declared = declared or Property.objects.filter(key=key).first()
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
