"""A score along time: points in slots of one width, lines through them, and days marked on them.

Points and labels are placed in percent across and pixels down, as in `responses.charts`. A line is
one path in a drawing within the drawing, which is WIDE units wide and stretched to the full
width: hundreds of points then weigh a few bytes each.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from responses.charts import MOST_SLOTS_ON_A_PHONE, percent, pixels

# Points between two lines of a scale.
STEP = 25
# At a desk the drawing is some 1,000 px wide.
MOST_SLOTS_AT_A_DESK = 36
WIDE = 1000
# Two numbered flags of 18 px side by side on the narrowest drawing, as a part of its width.
CLOSEST_FLAGS = 0.075
FLAG_HEIGHT = 22
MARK_HEIGHT = 9
# A letter with its room, as a part of the narrowest drawing.
LETTER_WIDTH = 0.06

Score = tuple[float, tuple[float, float]]
# How far along the drawing, from 0 to 1, and which score; None is a gap.
Stop = tuple[float, float | None]


@dataclass(frozen=True, slots=True)
class Dot:
    """A score in its slot with its interval."""

    y: str
    low_y: str
    high_y: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across, at a round number of points."""

    points: int
    y: str
    label_y: str


@dataclass(frozen=True, slots=True)
class Level:
    """A line across at some score, and where on it its letter stands: between two slots, where no
    point is, and not below the letter of another line."""

    y: str
    label_x: str
    label_y: str


@dataclass(frozen=True, slots=True)
class Slot:
    """The room of one period, told by its middle, and its dot, if it has a score."""

    middle: str
    dot: Dot | None
    is_minor: bool


@dataclass(frozen=True, slots=True)
class Flag:
    """A day, or some days, as a line or a band, with a number above it that hides no other."""

    x: str
    width: str
    middle: str
    y: str
    text_y: str
    height: str
    is_band: bool


@dataclass(frozen=True, slots=True)
class Scale:
    """Which scores stand at the ends, and how many pixels down these are."""

    bottom: int
    top: int
    base: int
    head: int

    def down(self, points: float) -> str:
        part = (self.top - points) / (self.top - self.bottom)
        return pixels(self.head + (self.base - self.head) * part)

    def beside(self, points: float) -> str:
        """Where the words of a line at this score stand."""
        return pixels(float(self.down(points)) + 4)

    def rules(self) -> list[Rule]:
        step = STEP if self.top - self.bottom <= 4 * STEP else 2 * STEP
        return [
            Rule(points=each, y=self.down(each), label_y=self.beside(each))
            for each in range(self.bottom, self.top + 1, STEP)
            if each % step == 0
        ]


@dataclass(frozen=True, slots=True)
class Trend:
    """Slots side by side over one scale that always holds zero."""

    slots: list[Slot]
    rules: list[Rule]
    levels: list[Level]
    path: str
    overlay: str
    rolling: str
    flags: list[Flag]
    marks: list[str]
    top: str
    width: str
    half: str
    base: str
    mark_y: str
    name_y: str
    year_y: str
    n_y: str
    height: int
    wide: int = WIDE

    @property
    def is_long(self) -> bool:
        """Too many slots for a phone: the drawing scrolls there instead of shrinking."""
        return len(self.slots) > MOST_SLOTS_ON_A_PHONE

    @property
    def is_dense(self) -> bool:
        """Too many for a desk as well."""
        return len(self.slots) > MOST_SLOTS_AT_A_DESK


def draw_trend(
    scores: Sequence[Score | None],
    *,
    breaks: Iterable[int] = (),
    overlay: Sequence[float | None] = (),
    rolling: Sequence[Stop] = (),
    spans: Sequence[tuple[float, float]] = (),
    marks: Sequence[float] = (),
    levels: Sequence[float] = (),
    height: int = 300,
    head: int = 14,
    foot: int = 66,
) -> Trend:
    """Place scores with their intervals over time; None is a period without a score, a gap.

    The line is also broken before each index of `breaks`. `overlay` has a score per slot, `rolling`
    goes its own way; `spans` are days to flag and `marks` days to tick, all from 0 to 1 across;
    `levels` are scores to draw a line across at.
    The scale runs from below the lowest value to above the highest, in steps of 25 points. Of the
    labels every second one is minor, counted from the newest, for where there is no room.
    """
    bottom, top = _find_ends(scores, [*overlay, *levels, *(points for _, points in rolling)])
    rows = _stack(spans)
    above = FLAG_HEIGHT * (max(rows, default=-1) + 1)
    head, height = head + above, height + above
    scale = Scale(bottom=bottom, top=top, base=height - foot, head=head)
    base, count = scale.base, len(scores)
    centres = [(index + 0.5) / count for index in range(count)]
    values = [score[0] if score else None for score in scores]
    return Trend(
        slots=_place_slots(scores, centres, scale),
        rules=scale.rules(),
        levels=_lay_across(levels, count, scale),
        path=_join(list(zip(centres, values, strict=True)), scale, breaks=set(breaks)),
        overlay=_join(list(zip(centres, overlay, strict=False)), scale),
        rolling=_join(rolling, scale),
        flags=[_plant(span, row, base) for span, row in zip(spans, rows, strict=True)],
        marks=[percent(100 * mark) for mark in marks],
        top=pixels(head),
        width=percent(100 / count),
        half=percent(50 / count),
        base=pixels(base),
        mark_y=pixels(base - MARK_HEIGHT),
        name_y=pixels(base + 18),
        year_y=pixels(base + 33),
        n_y=pixels(base + 54),
        height=height,
    )


def _find_ends(scores: Sequence[Score | None], values: Sequence[float | None]) -> tuple[int, int]:
    ends = [end for score in scores if score for end in score[1]]
    ends += [value for value in values if value is not None]
    bottom = STEP * math.floor(min([0.0, *ends]) / STEP)
    return bottom, max(STEP * math.ceil(max([0.0, *ends]) / STEP), bottom + STEP)


def _lay_across(levels: Sequence[float], count: int, scale: Scale) -> list[Level]:
    step = math.ceil(LETTER_WIDTH * count)
    return [
        Level(
            y=scale.down(points),
            label_x=percent(100 * min(step * number, count - 1) / count),
            label_y=scale.beside(points),
        )
        for number, points in enumerate(levels, start=1)
    ]


def _place_slots(
    scores: Sequence[Score | None], centres: Sequence[float], scale: Scale
) -> list[Slot]:
    count = len(scores)
    slots = []
    for index, score in enumerate(scores):
        middle = percent(100 * centres[index])
        dot = None
        if score:
            low, high = score[1]
            dot = Dot(y=scale.down(score[0]), low_y=scale.down(low), high_y=scale.down(high))
        is_minor = (count - 1 - index) % 2 == 1
        slots.append(Slot(middle=middle, dot=dot, is_minor=is_minor))
    return slots


def _join(stops: Sequence[Stop], scale: Scale, *, breaks: Set[int] = frozenset()) -> str:
    """Return one path through the stops, begun anew after a gap and at each break."""
    path, is_drawing = [], False
    for index, (across, points) in enumerate(stops):
        if points is None:
            is_drawing = False
            continue
        letter = "L" if is_drawing and index not in breaks else "M"
        path.append(f"{letter}{WIDE * across:.1f} {scale.down(points)}")
        is_drawing = True
    return "".join(path)


def _stack(spans: Sequence[tuple[float, float]]) -> list[int]:
    """Return the row of each flag: the lowest in which it does not touch another."""
    rows: list[int] = []
    for index, span in enumerate(spans):
        taken = {
            rows[other]
            for other in range(index)
            if abs(_middle(spans[other]) - _middle(span)) < CLOSEST_FLAGS
        }
        rows.append(next(row for row in range(len(spans)) if row not in taken))
    return rows


def _plant(span: tuple[float, float], row: int, base: int) -> Flag:
    first, last = span
    y = FLAG_HEIGHT * (row + 0.5)
    return Flag(
        x=percent(100 * first),
        width=percent(100 * (last - first)),
        middle=percent(100 * _middle(span)),
        y=pixels(y),
        text_y=pixels(y + 4),
        height=pixels(base - y),
        is_band=last > first,
    )


def _middle(span: tuple[float, float]) -> float:
    return (span[0] + span[1]) / 2
