"""Shares and counts to the geometry of bars. Knows no words, no colours and no database.

As in `responses.charts`: across in percent, down in pixels, all of them finished strings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from responses.charts import MOST_SLOTS_ON_A_PHONE, percent, pixels

MOST_LABELS = 30


@dataclass(frozen=True, slots=True)
class Layer:
    """One part of a column. `name` says which, for its colour and pattern."""

    name: str
    y: str
    height: str


@dataclass(frozen=True, slots=True)
class Column:
    """A full column, its layers from the ground up; none where there is nothing to divide."""

    x: str
    left: str
    width: str
    middle: str
    layers: list[Layer]
    is_minor: bool


@dataclass(frozen=True, slots=True)
class Columns:
    columns: list[Column]
    slot: str
    top: str
    base: str
    name_y: str
    year_y: str
    n_y: str
    height: int

    @property
    def is_long(self) -> bool:
        """Too many for a phone: the drawing scrolls there instead of shrinking."""
        return len(self.columns) > MOST_SLOTS_ON_A_PHONE

    @property
    def is_crowded(self) -> bool:
        """Too many for a number of three digits under each, on a desk too."""
        return len(self.columns) > MOST_LABELS


def stack_columns(
    rows: Sequence[Sequence[int]],
    names: Sequence[str],
    *,
    height: int = 260,
    head: int = 12,
    foot: int = 62,
    gap: float = 0.16,
) -> Columns:
    """Divide columns of one height by the counts of each row.

    A count above 0 is never drawn thinner than 2 px. Of the labels every second one is minor,
    counted from the newest, for where there is no room.
    """
    base = height - foot
    width = 100 / len(rows) if rows else 100.0
    columns = [
        Column(
            x=percent(width * index),
            left=percent(width * (index + gap / 2)),
            width=percent(width * (1 - gap)),
            middle=percent(width * (index + 0.5)),
            layers=_stack(counts, names, top=head, base=base),
            is_minor=(len(rows) - 1 - index) % 2 == 1,
        )
        for index, counts in enumerate(rows)
    ]
    return Columns(
        columns=columns,
        slot=percent(width),
        top=pixels(head),
        base=pixels(base),
        name_y=pixels(base + 18),
        year_y=pixels(base + 33),
        n_y=pixels(base + 52),
        height=height,
    )


def _stack(counts: Sequence[int], names: Sequence[str], *, top: int, base: int) -> list[Layer]:
    total = sum(counts)
    if not total:
        return []
    room = base - top
    talls = [max(2.0, room * count / total) if count else 0.0 for count in counts]
    # What thin layers were given is taken from the tallest, so that the column keeps its height.
    talls[talls.index(max(talls))] -= sum(talls) - room
    layers, ground = [], float(base)
    for name, tall in zip(names, talls, strict=True):
        if tall:
            layers.append(Layer(name=name, y=pixels(ground - tall), height=pixels(tall)))
            ground -= tall
    return layers


@dataclass(frozen=True, slots=True)
class Piece:
    name: str
    x: str
    width: str


def lay_bars(rows: Sequence[Sequence[int]], names: Sequence[str]) -> list[list[Piece]]:
    """Lay each row's counts end to end; the largest row fills the width."""
    largest = max((sum(row) for row in rows), default=0) or 1
    bars = []
    for row in rows:
        pieces, left = [], 0.0
        for name, count in zip(names, row, strict=True):
            if count:
                width = 100 * count / largest
                pieces.append(Piece(name=name, x=percent(left), width=percent(width)))
                left += width
        bars.append(pieces)
    return bars
