"""The score over time."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

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


def rows_of_trend(panel: dict[str, Any]) -> tuple[list[str], list[list[object]]]:
    header = ["month", "nps", "low", "high", "answers"]
    return header, [
        [
            f"{month.first:%Y-%m}",
            month.nps,
            month.interval.low if month.interval else None,
            month.interval.high if month.interval else None,
            month.n,
        ]
        for month, _slot in panel["months"]
    ]


def legend_of_trend(panel: dict[str, Any], frame: Frame) -> list[tuple[str, str]]:
    words = _("A point per period with its %(level)s interval; hollow below %(least)s answers.")
    return [("", words % {"level": "95 %", "least": frame.thresholds.compare})]
