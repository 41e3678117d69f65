"""Detractors, passives, promoters as one bar; and how often each score was given."""

from __future__ import annotations

from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from npsapp.pages.panels.cells import Table
from npsapp.pages.panels.frame import Frame
from responses.charts import slice_bar, stand_bars
from responses.reports.histogram import columns
from responses.reports.split import Part, split


def show_split(frame: Frame) -> dict[str, Any]:
    if not frame.has_score:
        return {}
    parts = split(frame.headline.counts, frame.selection)
    return {"parts": list(zip(parts, slice_bar([part.share for part in parts]), strict=True))}


def rows_of_split(panel: dict[str, Any]) -> Table:
    header = [_("Category"), _("Lowest"), _("Highest"), _("Answers"), _("Share, %")]
    return header, [
        [str(part.label), part.lowest, part.highest, part.n, part.share]
        for part, _slice in panel["parts"]
    ]


def legend_of_split(panel: dict[str, Any], frame: Frame) -> list[tuple[str, str]]:
    return [
        (part.category.value, f"{_say_part(part)} ({number_format(part.share)} %)")
        for part, _slice in panel["parts"]
    ]


def _say_part(part: Part) -> str:
    return f"{part.label} {part.lowest}–{part.highest}: {number_format(part.n)}"


def show_histogram(frame: Frame) -> dict[str, Any]:
    if not frame.has_score:
        return {}
    if frame.is_shared and frame.headline.n < frame.thresholds.compare:
        # Of so few, one bar may be one person whose answer somebody knows of.
        return {}
    scores = columns(frame.tally, frame.selection)
    drawing = stand_bars([column.n for column in scores])
    return {"columns": list(zip(scores, drawing.bars, strict=True)), "drawing": drawing}


def rows_of_histogram(panel: dict[str, Any]) -> Table:
    header = [_("Score"), _("Category"), _("Answers"), _("Share, %")]
    return header, [
        [column.score, str(column.category.label), column.n, column.share]
        for column, _bar in panel["columns"]
    ]


def legend_of_histogram(panel: dict[str, Any], frame: Frame) -> list[tuple[str, str]]:
    return [
        (part.category.value, _say_part(part))
        for part in split(frame.headline.counts, frame.selection)
    ]
