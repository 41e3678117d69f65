"""What moved the score since the days before: who answered, or what they answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from responses.differing import Verdict, compare
from responses.mixing import Mix, divide_change
from responses.reports.comparison import Comparison, compare_groups
from responses.scoring import DEFAULT_THRESHOLDS, Counts, Thresholds
from responses.selection import Selection
from responses.spans import Span
from surveys.models import Property


@dataclass(frozen=True, slots=True)
class Movement:
    """A change since the days of `span`, and whether it is more than chance."""

    mix: Mix
    span: Span
    is_clear: bool


def explain_change(
    selection: Selection,
    key: str,
    comparison: Comparison,
    *,
    before: Span,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
    declared: Property | None = None,
) -> Movement | None:
    """Divide the change since the days `before` over the values compared; small ones are one.

    None while either period has too few answers to be compared.
    """
    if comparison.total.n < thresholds.compare:
        return None
    days = replace(selection, first=before.first, last=before.last)
    earlier = compare_groups(days, key, thresholds=thresholds, declared=declared)
    difference = compare(earlier.total, comparison.total, thresholds=thresholds)
    if difference is None or not difference.is_shown:
        return None
    shown = {group.segment.value for group in comparison.groups}
    mix = divide_change(_gather(earlier.by_value, shown), _gather(comparison.by_value, shown))
    if mix is None:
        return None
    return Movement(mix, before, is_clear=difference.verdict != Verdict.MARGIN)


def _gather(by_value: Mapping[str, Counts], shown: set[str]) -> dict[str, Counts]:
    """Put everything that has no row under ''."""
    gathered: dict[str, Counts] = {}
    for value, counts in by_value.items():
        name = value if value in shown else ""
        gathered[name] = gathered.get(name, Counts()) + counts
    return gathered
