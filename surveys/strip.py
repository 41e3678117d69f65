"""The calendar strip: one bar a day (a week, where days would be too thin), as plain data. Pure."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

MOST_DAYS = 62  # beyond it a bar is a week


@dataclass(frozen=True, slots=True)
class Bar:
    """The mails of one day or week. Heights are in percent of the busiest, rounded up to show."""

    first: dt.date
    last: dt.date
    mails: int
    done: int
    height: int
    done_height: int
    is_open: bool
    is_today: bool
    expected: int = 0
    expected_height: int = 0

    @property
    def top(self) -> int:
        return 100 - self.height

    @property
    def done_top(self) -> int:
        return 100 - self.done_height

    @property
    def expected_top(self) -> int:
        return 100 - self.expected_height

    @property
    def is_week(self) -> bool:
        return self.first != self.last


@dataclass(frozen=True, slots=True)
class Strip:
    bars: tuple[Bar, ...]
    weekday: int  # of the first bar, 1 for Monday: where its row begins on a phone

    @property
    def has_weeks(self) -> bool:
        return any(bar.is_week for bar in self.bars)

    @property
    def has_expected(self) -> bool:
        return any(bar.expected_height for bar in self.bars)


def draw_strip(
    first: dt.date,
    last: dt.date,
    *,
    mails: Mapping[dt.date, int],
    done: Mapping[dt.date, int] | None = None,
    expected: Mapping[dt.date, float] | None = None,
    open_days: AbstractSet[dt.date],
    today: dt.date,
) -> Strip:
    """Draw the days from `first` to `last`. `mails` holds all mails of a day, `done` those gone,
    `expected` the answers it will bring."""
    done, expected = done or {}, expected or {}
    days = [dt.date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1)]
    groups = [[day] for day in days] if len(days) <= MOST_DAYS else _by_week(days)
    totals = [sum(mails.get(day, 0) for day in group) for group in groups]
    hoped = [sum(expected.get(day, 0) for day in group) for group in groups]
    busiest = max([*totals, *map(math.ceil, hoped)], default=0)
    bars = []
    for group, total, answers in zip(groups, totals, hoped, strict=True):
        gone = sum(done.get(day, 0) for day in group)
        bars.append(
            Bar(
                first=group[0],
                last=group[-1],
                mails=total,
                done=gone,
                height=_percent(total, busiest),
                done_height=_percent(gone, busiest),
                is_open=any(day in open_days for day in group),
                is_today=group[0] <= today <= group[-1],
                expected=round(answers),
                expected_height=_percent(answers, busiest),
            )
        )
    return Strip(tuple(bars), first.isoweekday())


def _by_week(days: list[dt.date]) -> list[list[dt.date]]:
    weeks: dict[tuple[int, int], list[dt.date]] = {}
    for day in days:
        year, week, _ = day.isocalendar()
        weeks.setdefault((year, week), []).append(day)
    return list(weeks.values())


def _percent(part: float, whole: int) -> int:
    return math.ceil(part * 100 / whole) if whole else 0
