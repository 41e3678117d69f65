"""All panels of the dashboard, and what each of them offers besides being looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from npsapp.pages.panels.benchmarks import rows_of_benchmarks, show_benchmarks
from npsapp.pages.panels.cards import show_cards
from npsapp.pages.panels.cells import Table
from npsapp.pages.panels.comments import show_comments
from npsapp.pages.panels.delivery import rows_of_delivery, show_delivery
from npsapp.pages.panels.frame import Frame
from npsapp.pages.panels.headline import show_headline
from npsapp.pages.panels.missing import rows_of_missing, show_missing
from npsapp.pages.panels.segments import rows_of_segments, show_segments
from npsapp.pages.panels.split import (
    legend_of_histogram,
    legend_of_split,
    rows_of_histogram,
    rows_of_split,
    show_histogram,
    show_split,
)
from npsapp.pages.panels.trend import legend_of_trend, rows_of_trend, show_trend
from npsapp.pages.panels.value import rows_of_value, show_value


class Panel(NamedTuple):
    """How it is shown; header and rows of its table, for a file; and the words under its drawing,
    where that can stand alone."""

    show: Callable[[Frame], dict[str, Any]]
    rows: Callable[[dict[str, Any]], Table] | None = None
    legend: Callable[[dict[str, Any], Frame], list[tuple[str, str]]] | None = None


# In the order of the page; the template of each is templates/dashboard/<name>.html.
PANELS: dict[str, Panel] = {
    "headline": Panel(show_headline),
    "cards": Panel(show_cards),
    "split": Panel(show_split, rows_of_split, legend_of_split),
    "histogram": Panel(show_histogram, rows_of_histogram, legend_of_histogram),
    "trend": Panel(show_trend, rows_of_trend, legend_of_trend),
    "segments": Panel(show_segments, rows_of_segments),
    "value": Panel(show_value, rows_of_value),
    "delivery": Panel(show_delivery, rows_of_delivery),
    "benchmarks": Panel(show_benchmarks, rows_of_benchmarks),
    "missing": Panel(show_missing, rows_of_missing),
    "comments": Panel(show_comments),
}
ROWS = {name: panel.rows for name, panel in PANELS.items() if panel.rows}
DRAWN = {name: panel.legend for name, panel in PANELS.items() if panel.legend}


def show_panels(frame: Frame) -> dict[str, dict[str, Any]]:
    return {name: panel.show(frame) for name, panel in PANELS.items()}
