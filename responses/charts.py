"""Plain data to SVG geometry. Knows no words, no colours and no database.

Everything across is a percentage of the drawing, everything down is in pixels: a drawing then
fills a phone and a desk alike while its letters keep their size, without a script. All
coordinates are finished strings, since a template would print 12.5 as "12,5" for a Dutch reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

# A label such as "21.0 %" is 45 px wide, the narrowest drawing 310 px.
NARROWEST_WITH_LABEL = Decimal(16)
# Three digits of n are 19 px wide, and a trend on a phone 290.
MOST_SLOTS_ON_A_PHONE = 14


def percent(value: float | Decimal) -> str:
    return f"{value:.3f}%"


def pixels(value: float) -> str:
    return f"{value:.1f}"


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the split bar, from `x`, with the middle for its label."""

    x: str
    width: str
    middle: str
    has_room: bool


def slice_bar(shares: Sequence[Decimal]) -> list[Slice]:
    """Lay shares that add up to 100 side by side."""
    slices = []
    left = Decimal(0)
    for share in shares:
        slices.append(
            Slice(
                x=percent(left),
                width=percent(share),
                middle=percent(left + share / 2),
                has_room=share >= NARROWEST_WITH_LABEL,
            )
        )
        left += share
    return slices


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a histogram standing on the base line, and where its count is written."""

    x: str
    width: str
    middle: str
    y: str
    height: str
    label_y: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """Bars on one base line; `slot` is the width of a bar with its share of the gaps."""

    bars: list[Bar]
    slot: str
    base: str
    axis_y: str
    height: int


def stand_bars(
    counts: Sequence[int], *, height: int = 240, head: int = 22, foot: int = 24, gap: float = 0.22
) -> Histogram:
    """Stand one bar per count; the largest reaches up to `head`, which its label needs.

    `gap` is the part of a slot left free. A count above 0 is never drawn thinner than 2 px: one
    detractor among thousands has to be seen.
    """
    tallest = max(counts, default=0)
    room = height - head - foot
    base = head + room
    slot = 100 / len(counts) if counts else 100.0
    bars = []
    for index, count in enumerate(counts):
        tall = max(2.0, room * count / tallest) if count else 0.0
        bars.append(
            Bar(
                x=percent(slot * (index + gap / 2)),
                width=percent(slot * (1 - gap)),
                middle=percent(slot * (index + 0.5)),
                y=pixels(base - tall),
                height=pixels(tall),
                label_y=pixels(base - tall - 6),
            )
        )
    return Histogram(
        bars=bars, slot=percent(slot), base=pixels(base), axis_y=pixels(base + 17), height=height
    )


@dataclass(frozen=True, slots=True)
class Whisker:
    """A score and its interval on the whole scale, -100 on the left edge and 100 on the right."""

    point: str
    low: str
    high: str


def place_whisker(nps: float, interval: tuple[float, float]) -> Whisker:
    point, low, high = ((value + 100) / 2 for value in (nps, *interval))
    return Whisker(point=percent(point), low=percent(low), high=percent(high))


class Scored(Protocol):
    @property
    def nps(self) -> float | None: ...
    @property
    def interval(self) -> tuple[float, float] | None: ...


def draw_whisker(measured: Scored) -> Whisker | None:
    """Place what was measured; None where it has no score."""
    if measured.nps is None or measured.interval is None:
        return None
    return place_whisker(measured.nps, measured.interval)
