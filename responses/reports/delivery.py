"""What a delivery did to the score: the same customers before and after it, then everybody.

The gap of the pairs stands first: what a customer is like does not change in between. The gap of
all answers is that of two groups of people who are partly others, and is told apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from responses.differing import Difference, Verdict, benjamini_hochberg, compare
from responses.models import Response
from responses.naming import EVERYTHING, Naming
from responses.pairing import PairedGap, paired_gap
from responses.reports.measured import Measured
from responses.reports.pairs import STEPS, Table, add_tables
from responses.scoring import DEFAULT_THRESHOLDS, Counts, Share, Thresholds, share_interval
from responses.selection import Selection
from surveys.filtering import with_values
from surveys.models import Survey


@dataclass(frozen=True, kw_only=True)
class SegmentGap:
    """The pairs that share a value. `is_marked`: the gap stands out among all that were tested."""

    value: str
    gap: PairedGap
    within: Selection
    is_marked: bool


@dataclass(frozen=True, kw_only=True)
class BySegment:
    """The largest first; what has no row of its own is counted, so that the numbers add up."""

    segments: list[SegmentGap] = field(default_factory=list)
    small: int = 0
    pairs_in_small: int = 0
    without_value: int = 0

    @property
    def unnamed(self) -> int:
        return self.pairs_in_small + self.without_value


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """`gap` is None without pairs. `before` and `after` are all answers of the two surveys."""

    survey: Survey
    pre_survey: Survey
    table: Table
    gap: PairedGap | None
    before: Measured
    after: Measured
    before_within: Selection
    aggregate: Difference | None
    by: BySegment
    thresholds: Thresholds

    @property
    def pairs(self) -> int:
        return self.gap.n if self.gap else 0

    @property
    def has_gap(self) -> bool:
        """Whether there are enough pairs for a figure at all."""
        return self.pairs >= self.thresholds.show

    @property
    def has_verdict(self) -> bool:
        return self.gap is not None and self.gap.verdict != Verdict.TOO_FEW

    @property
    def has_too_few_pairs(self) -> bool:
        return self.pairs < self.thresholds.compare

    @property
    def fell(self) -> int:
        return STEPS["fell"].count(self.table)

    @property
    def pair_share(self) -> Share | None:
        """Of those who answered after the delivery, who had answered before it as well.

        Both are counted by the day of the second answer, so that one is a part of the other.
        """
        return share_interval(self.pairs, self.after.n) if self.pairs else None

    @property
    def before_url(self) -> str:
        return self.before_within.narrowed(status=Response.Status.COUNTED.value).rows_url


def summarise_delivery(
    selection: Selection,
    pre_survey: Survey,
    tables: Mapping[str, Table],
    *,
    before: Counts,
    after: Counts,
    key: str = "",
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
    naming: Naming = EVERYTHING,
) -> Delivery:
    """Return the gap of a survey against the one before it.

    `tables` are the pairs for each value of the property `key` (all under '' without one);
    `before` and `after` all answers to the two surveys in these days.
    """
    if selection.survey is None:
        raise ValueError("A delivery gap belongs to one survey; the selection names none.")
    table = add_tables(list(tables.values()))
    everybody_before, everybody_after = (
        Measured(counts=counts, thresholds=thresholds) for counts in (before, after)
    )
    has_both = everybody_before.has_score and everybody_after.has_score
    return Delivery(
        survey=selection.survey,
        pre_survey=pre_survey,
        table=table,
        gap=paired_gap(table, thresholds=thresholds),
        before=everybody_before,
        after=everybody_after,
        before_within=replace(selection.narrowed(), survey=pre_survey, campaign=None),
        aggregate=compare(before, after, thresholds=thresholds) if has_both else None,
        by=_list_segments(selection, key, tables, thresholds, naming) if key else BySegment(),
        thresholds=thresholds,
    )


def _list_segments(
    selection: Selection,
    key: str,
    tables: Mapping[str, Table],
    thresholds: Thresholds,
    naming: Naming,
) -> BySegment:
    """Return the values with enough pairs; marked only if they stand out among all tested here."""
    gaps = {
        value: gap
        for value, table in tables.items()
        if value and (gap := paired_gap(table, thresholds=thresholds))
    }
    sizes = {value: gap.n for value, gap in gaps.items()}
    largest = sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0]))
    without = sum(map(sum, tables.get("", ())))
    chosen = naming.choose(largest, without=without)
    named = [value for value in chosen if sizes[value] >= thresholds.compare]
    enough = {value: gaps[value] for value in named}
    tested = [value for value, gap in enough.items() if gap.verdict != Verdict.TOO_FEW]
    passing = benjamini_hochberg([enough[value].p for value in tested])
    marked = {value for value, is_marked in zip(tested, passing, strict=True) if is_marked}
    small = [gap.n for value, gap in gaps.items() if value not in enough]
    return BySegment(
        segments=[
            SegmentGap(
                value=value,
                gap=gap,
                within=replace(selection, filters=with_values(selection.filters, key, (value,))),
                is_marked=value in marked,
            )
            for value, gap in sorted(enough.items(), key=lambda pair: (-pair[1].n, pair[0]))
        ],
        small=len(small),
        pairs_in_small=sum(small),
        without_value=without,
    )
