"""What moved the score since the days before: who answered, or what they answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from responses.differing import Verdict, compare
from responses.mixing import Mix, divide_change
from responses.reports.comparison import Comparison, compare_groups
from responses.scoring import DEFAULT_THRESHOLDS, Counts, Thresholds
from responses.selection import Selection
from responses.spans import Span, span_before
from surveys.models import Property


@dataclass(frozen=True, slots=True)
class Movement:
    """A change since the days from `first` to `last`, and whether it is more than chance."""

    mix: Mix
    first: dt.date
    last: dt.date
    is_clear: bool


def explain_change(
    selection: Selection,
    key: str,
    comparison: Comparison,
    *,
    today: dt.date,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
    declared: Property | None = None,
) -> Movement | None:
    """Divide the change of the total over the values compared; the small ones together are one.

    None without days before, or while either period has too few answers to be compared.
    """
    if not (selection.first and selection.last) or comparison.total.n < thresholds.compare:
        return None
    days = span_before(Span(selection.first, selection.last), today=today)
    earlier = replace(selection, first=days.first, last=days.last)
    before = compare_groups(earlier, key, thresholds=thresholds, declared=declared)
    difference = compare(before.total, comparison.total, thresholds=thresholds)
    if difference is None or not difference.is_shown:
        return None
    shown = {group.segment.value for group in comparison.groups}
    mix = divide_change(_gather(before.by_value, shown), _gather(comparison.by_value, shown))
    if mix is None:
        return None
    return Movement(mix, days.first, days.last, is_clear=difference.verdict != Verdict.MARGIN)


def _gather(by_value: Mapping[str, Counts], shown: set[str]) -> dict[str, Counts]:
    """Put everything that has no row under ''."""
    gathered: dict[str, Counts] = {}
    for value, counts in by_value.items():
        name = value if value in shown else ""
        gathered[name] = gathered.get(name, Counts()) + counts
    return gathered
