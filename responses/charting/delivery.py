"""Where two scores of the same people stand, and how large a part of a whole a cell is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from responses.charts import percent, pixels


@dataclass(frozen=True, slots=True)
class Dumbbell:
    """From one score to another on the whole scale of -100 to 100; the tip points to the second."""

    start: str
    end: str
    is_right: bool
    is_still: bool


def place_dumbbell(before: float, after: float) -> Dumbbell:
    start, end = ((value + 100) / 2 for value in (before, after))
    return Dumbbell(
        start=percent(start), end=percent(end), is_right=end > start, is_still=end == start
    )


def measure_bars(counts: Sequence[int]) -> list[str]:
    """Return how wide the bar of each count is, the largest filling its cell."""
    largest = max(counts, default=0)
    return [percent(100 * count / largest) if largest else percent(0) for count in counts]


@dataclass(frozen=True, slots=True)
class Mark:
    """A figure on the scale: a thin line down to its label, each label on a line of its own."""

    x: str
    anchor: str
    label_x: str
    label_y: str
    line_end: str


@dataclass(frozen=True, slots=True)
class Scale:
    marks: list[Mark]
    height: int


def mark_scale(figures: Sequence[float], *, top: int = 46, line: int = 18) -> Scale:
    """Place figures under a scale whose own drawing is `top` high, without labels that collide."""
    marks = []
    for number, figure in enumerate(figures):
        place = (figure + 100) / 2
        is_left = place <= 70
        y = top + line * (number + 1) - 4
        marks.append(
            Mark(
                x=percent(place),
                anchor="start" if is_left else "end",
                label_x=percent(place + 1.2 if is_left else place - 1.2),
                label_y=pixels(y),
                line_end=pixels(y),
            )
        )
    return Scale(marks=marks, height=top + line * len(figures) + 4)
