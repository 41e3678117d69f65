"""Detractors, passives, promoters as one bar; and how often each score was given."""

from __future__ import annotations

from typing import Any

from npsapp.pages.panels.frame import Frame
from responses.charts import slice_bar, stand_bars
from responses.reports.histogram import columns
from responses.reports.split import split


def show_split(frame: Frame) -> dict[str, Any]:
    if not frame.has_score:
        return {}
    parts = split(frame.headline.counts, frame.selection)
    return {"parts": list(zip(parts, slice_bar([part.share for part in parts]), strict=True))}


def show_histogram(frame: Frame) -> dict[str, Any]:
    if not frame.has_score:
        return {}
    scores = columns(frame.tally, frame.selection)
    drawing = stand_bars([column.n for column in scores])
    return {"columns": list(zip(scores, drawing.bars, strict=True)), "drawing": drawing}
