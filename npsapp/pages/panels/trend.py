"""The score over time."""

from __future__ import annotations

from typing import Any

from npsapp.pages.panels.frame import Frame
from responses.charts import draw_trend
from responses.reports.trend import list_months


def show_trend(frame: Frame) -> dict[str, Any]:
    """The months of the selection, drawn once there are two scores to lay side by side."""
    if not frame.has_score:
        return {}
    months = list_months(frame.selection, thresholds=frame.thresholds)
    scores = [
        (month.nps, month.interval) if month.nps is not None and month.interval else None
        for month in months
    ]
    if sum(score is not None for score in scores) < 2:
        return {}
    trend = draw_trend(scores)
    return {"trend": trend, "months": list(zip(months, trend.slots, strict=True))}
