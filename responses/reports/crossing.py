"""Two properties crossed: how many, and how they scored, for each pair of values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count

from responses.models import Response
from responses.naming import EVERYTHING, Naming
from responses.reports.comparison import open_up, rank_by_size, within_segment
from responses.reports.measured import Measured
from responses.scoring import DEFAULT_THRESHOLDS, HIGHEST, Counts, Thresholds
from responses.selection import Segment, Selection
from surveys.models import Property
from surveys.properties import band_text

# Eight by five is what a desk shows without scrolling, and a page carries without growing heavy.
MOST_LINES = 8
MOST_COLUMNS = 5

Pairs = Mapping[tuple[str, str], Counts]


@dataclass(frozen=True, kw_only=True)
class Cell(Measured):
    within: Selection

    @property
    def rows_url(self) -> str:
        if not self.n:
            return ""
        return self.within.narrowed(status=Response.Status.COUNTED.value).rows_url


@dataclass(frozen=True, slots=True)
class Line:
    """A value of the first property, with a cell for each column."""

    value: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Crossing:
    """The largest values of both; `unseen` answers have a value without line or column, or none."""

    columns: list[str]
    lines: list[Line]
    unseen: int


def cross_values(
    selection: Selection,
    first: Property,
    second: Property,
    *,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
    naming: Naming = EVERYTHING,
) -> Crossing:
    """Count each pair of values, live and in one query.

    As in the comparison, values chosen of the first property leave out no line.
    A line is left out whole when `naming` finds one of its cells too small to be told.
    """
    if selection.survey is None:
        raise ValueError("A score belongs to one survey; the selection names none.")
    scale_min = selection.survey.scale_min
    selection, _chosen = open_up(selection, first.key)
    pairs = _count_pairs(selection, first, second, scale_min=scale_min)
    lines, columns = Counter[str](), Counter[str]()
    for (one, other), counts in pairs.items():
        lines[one] += counts.n
        columns[other] += counts.n
    shown_columns = _list_largest(columns, MOST_COLUMNS, naming)
    across = [Segment(second.key, column) for column in shown_columns]
    found = []
    for value in _list_largest(lines, MOST_LINES, naming):
        line = _make_line(selection, pairs, Segment(first.key, value), across, thresholds)
        sizes = [cell.n for cell in line.cells]
        beside = lines[value] - sum(sizes)
        if not any(map(naming.is_too_few, [beside, *sizes])):
            found.append(line)
    seen = sum(cell.n for line in found for cell in line.cells)
    if naming.least and (len(found) < 2 or naming.is_too_few(lines.total() - seen)):
        return Crossing([], [], unseen=lines.total())
    return Crossing(shown_columns, found, unseen=lines.total() - seen)


def _make_line(
    selection: Selection,
    pairs: Pairs,
    segment: Segment,
    across: Sequence[Segment],
    thresholds: Thresholds,
) -> Line:
    within = within_segment(selection, segment)
    cells = [
        Cell(
            counts=pairs.get((segment.value, each.value), Counts()),
            thresholds=thresholds,
            within=within_segment(within, each),
        )
        for each in across
    ]
    return Line(segment.value, cells)


def _list_largest(values: Counter[str], most: int, naming: Naming) -> list[str]:
    return naming.choose(rank_by_size(values, int), most=most)


def _count_pairs(
    selection: Selection, first: Property, second: Property, *, scale_min: int
) -> Pairs:
    """Return the counts of each pair; under '' are those without a value."""
    rows = (
        Response.objects.counted()
        .in_selection(selection)
        .order_by()
        .annotate(_one=band_text(first), _other=band_text(second))
        .values_list("_one", "_other", "score")
        .annotate(n=Count("pk"))
    )
    found: dict[tuple[str, str], list[int]] = {}
    for one, other, score, n in rows:
        pair = (_name(one), _name(other))
        found.setdefault(pair, [0] * (HIGHEST + 1))[score] += n
    return {
        pair: Counts.from_histogram(histogram, scale_min=scale_min)
        for pair, histogram in found.items()
    }


def _name(value: str | None) -> str:
    return value if value and value.strip() else ""
