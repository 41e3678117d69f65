"""The score over time, and the days on which something happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from npsapp.pages.panels.asking import Choice
from npsapp.pages.panels.benchmarks import benchmark_lines
from npsapp.pages.panels.cells import Table, from_to, one_decimal
from npsapp.pages.panels.frame import Frame
from responses.charting.trend import Slot, Stop, Trend, draw_trend
from responses.exporting import Cell
from responses.reports.around import list_around, select_events
from responses.reports.trend import (
    LEAST_SCORES,
    ROLLING_DAYS,
    Point,
    Series,
    list_points,
    list_rolling,
)
from responses.span_words import head_grain, label_group, label_period, name_grain, say_counted
from responses.spans import Grain, Span
from responses.templatetags.scores import signed

# More flags than this hide the line they stand on.
MOST_EVENTS = 12
MOST_MARKS = 24
# A label of a month or year covers this many of the narrowest slots.
GROUP_WIDTH = 3


class Labelled(NamedTuple):
    """A point with its words and its place. `group` is empty where it goes on from before."""

    point: Point
    slot: Slot
    name: str
    label: str
    group: str
    is_low: bool  # its n stands a line lower where there is no room


def show_trend(frame: Frame) -> dict[str, Any]:
    """The selection along time, drawn once there are two scores to lay side by side."""
    series = find_series(frame)
    if series is None:
        return {}
    events = select_events(frame.events, frame.selection, series.span)[-MOST_EVENTS:]
    launches = find_launches(frame, series)
    lines = benchmark_lines(frame)
    spans, levels = [event.span for event in events], [line.points for line in lines]
    drawing = draw_series(frame, series, spans, launches, levels=levels)
    around = list_around(
        events,
        known=frame.events,
        selection=frame.selection,
        days=frame.running,
        today=frame.today,
        thresholds=frame.thresholds,
    )
    return {
        "trend": drawing,
        "points": label_points(series, drawing),
        "series": series,
        "title": head_grain(series.grain),
        "column": name_grain(series.grain),
        "rolling": find_rolling(frame),
        "overlay": frame.options.get("overlay", ""),
        "events": around,
        "flags": list(zip(around, drawing.flags, strict=True)),
        "launch_marks": list(zip(drawing.marks, launches, strict=True)),
        "benchmarks": list(zip(lines, drawing.levels, strict=True)),
        "has_hollow": any(point.is_hollow for point in series.points),
        "has_break": any(point.is_after_change for point in series.points),
        "ways": list_ways(frame, series),
        "event_new_url": f"{reverse('event_new')}?{urlencode({'survey': frame.survey.slug})}"
        if frame.may_manage
        else "",
    }


def find_series(frame: Frame) -> Series | None:
    """The points to draw; None where there are too few scores, unless a grain was asked for."""
    if not frame.has_score:
        return None
    asked = frame.options.get("grain")
    series = list_points(
        frame.running,
        frame.selection,
        grain=Grain(asked) if asked else None,
        events=frame.events,
        has_earlier=bool(frame.options.get("overlay")),
        least=frame.naming.least,
        thresholds=frame.thresholds,
    )
    if series is None or asked:
        return series
    return series if sum(point.has_score for point in series.points) >= LEAST_SCORES else None


def find_rolling(frame: Frame) -> str:
    """The days of the rolling line; none on a shared page: two of its points tell of one day."""
    return "" if frame.is_shared else frame.options.get("rolling", "")


def draw_series(
    frame: Frame,
    series: Series,
    spans: Sequence[Span],
    launches: Sequence[tuple[str, dt.date]],
    *,
    levels: Sequence[float] = (),
) -> Trend:
    points = series.points
    periods = [point.span for point in points]
    return draw_trend(
        [
            (point.nps, point.interval) if point.nps is not None and point.interval else None
            for point in points
        ],
        breaks=[index for index, point in enumerate(points) if point.is_after_change],
        overlay=[point.earlier.nps if point.earlier else None for point in points],
        rolling=place_rolling(frame, series.span, periods),
        spans=[place_span(periods, span) for span in spans],
        marks=[place_day(periods, day) for _name, day in launches],
        levels=levels,
    )


def place_rolling(frame: Frame, span: Span, periods: Sequence[Span]) -> list[Stop]:
    length = find_rolling(frame)
    if not length:
        return []
    stops = list_rolling(
        frame.running,
        span,
        length=int(length),
        events=frame.events,
        until=frame.selection.last or frame.today,
        thresholds=frame.thresholds,
    )
    # At the end of its day: it holds the whole of it.
    return [(place_day(periods, stop.day, part=1.0), stop.nps) for stop in stops]


def place_span(periods: Sequence[Span], span: Span) -> tuple[float, float]:
    """One day is a line in the middle of it, several days a band, as far as they are drawn."""
    if span.days == 1:
        return (place_day(periods, span.first),) * 2
    return place_day(periods, span.first, part=0.0), place_day(periods, span.last, part=1.0)


def place_day(periods: Sequence[Span], day: dt.date, *, part: float = 0.5) -> float:
    """Return how far along the periods a part of a day lies, from 0 to 1."""
    for index, period in enumerate(periods):
        if day <= period.last:
            within = ((day - period.first).days + part) / period.days
            return (index + max(0.0, within)) / len(periods)
    return 1.0


def label_points(series: Series, drawing: Trend) -> list[Labelled]:
    groups = [label_group(series.grain, point.span) for point in series.points]
    starts = [i for i, group in enumerate(groups) if i == 0 or groups[i - 1] != group]
    if len(starts) > 1 and starts[1] < GROUP_WIDTH:
        # No room for the first one: the next says enough.
        starts = starts[1:]
    return [
        Labelled(
            point=point,
            slot=slot,
            name=say_counted(series.grain, point.span, point.counted),
            label=label_period(series.grain, point.span),
            group=groups[index] if index in starts else "",
            is_low=index % 2 == 1,
        )
        for index, (point, slot) in enumerate(zip(series.points, drawing.slots, strict=True))
    ]


def find_launches(frame: Frame, series: Series) -> list[tuple[str, dt.date]]:
    """Return the campaigns that began on the drawn days, of the newest ones."""
    chosen = frame.selection.campaign
    campaigns = [each for each in frame.campaigns if chosen is None or each == chosen]
    found = [
        (frame.naming.say(each.name), each.first_day)
        for each in campaigns
        if each.first_day in series.span
    ]
    return found[:MOST_MARKS][::-1]


def list_ways(frame: Frame, series: Series) -> dict[str, list[Choice]]:
    """Return the other ways to draw it; nothing on a page that is only looked at."""
    if frame.is_shared:
        return {}
    rolling, overlay = frame.options.get("rolling", ""), frame.options.get("overlay", "")
    lines = [
        Choice(
            _("Rolling %(days)s days") % {"days": days},
            frame.address(rolling="" if rolling == days else days),
            rolling == days,
        )
        for days in ROLLING_DAYS
    ]
    year = Choice(
        _("A year earlier"), frame.address(overlay="" if overlay else "year"), bool(overlay)
    )
    return {
        "grains": [
            Choice(name_grain(each), frame.address(grain=each.value), each == series.grain)
            for each in Grain
        ],
        "lines": [*lines, year],
    }


def rows_of_trend(panel: dict[str, Any]) -> Table:
    """The points as a table, for a file."""
    has_earlier = bool(panel["overlay"])
    header = [panel["column"], _("First day"), _("Last day"), _("NPS"), _("From"), _("To"), "n"]
    header += [_("Detractors"), _("Passives"), _("Promoters")]
    if has_earlier:
        header += [_("NPS a year earlier"), _("n a year earlier")]
    rows: list[list[Cell]] = []
    for labelled in panel["points"]:
        point: Point = labelled.point
        row: list[Cell] = [labelled.name, point.counted.first, point.counted.last]
        row += [one_decimal(point.nps), *from_to(point.interval), point.n]
        counts = point.counts
        parts: list[Cell] = [counts.detractors, counts.passives, counts.promoters]
        row += parts if point.has_score else [None] * 3
        if has_earlier:
            earlier = point.earlier
            row += [one_decimal(earlier.nps), earlier.n] if earlier else [None, None]
        rows.append(row)
    return header, rows


def legend_of_trend(panel: dict[str, Any], frame: Frame) -> list[tuple[str, str]]:
    words = _("A point per period with its %(level)s interval; hollow below %(least)s answers.")
    lines = [
        ("", f"{line.letter} · {line.label}: {signed(line.points)}")
        for line, _level in panel["benchmarks"]
    ]
    return [("", words % {"level": "95 %", "least": frame.thresholds.compare}), *lines]
