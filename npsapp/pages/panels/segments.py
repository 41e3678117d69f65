"""One property's values side by side."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from npsapp.pages.panels.frame import Frame
from responses.charts import place_whisker, slice_bar
from responses.reports.comparison import compare_groups
from responses.scoring import Tier


def show_segments(frame: Frame) -> dict[str, Any]:
    """One property's values, the first property's unless another is asked for with `by`."""
    properties = {group.key: group.label for group in frame.groups}
    if not properties or frame.headline.tier == Tier.EMPTY:
        return {}
    by = frame.options.get("by", "")
    key = by if by in properties else next(iter(properties))
    comparison = compare_groups(frame.selection, key, thresholds=frame.thresholds)
    rows = [
        (
            group,
            slice_bar([part.share for part in group.parts]),
            place_whisker(group.nps, group.interval)
            if group.nps is not None and group.interval
            else None,
        )
        for group in comparison.groups
    ]
    urls = [
        (label, f"?{frame.selection.query}&{urlencode({'by': other})}", other == key)
        for other, label in properties.items()
    ]
    return {
        "comparison": comparison,
        "compared": properties[key],
        "comparison_rows": rows,
        "comparison_urls": urls,
    }


def rows_of_segments(panel: dict[str, Any]) -> tuple[list[str], list[list[object]]]:
    """A group of too few answers has its number, and no score: as on the page."""
    header = ["value", "detractors", "passives", "promoters", "nps", "low", "high", "answers"]
    return header, [
        [
            group.segment.value,
            *([part.n for part in group.parts] or [None] * 3),
            group.nps,
            group.interval.low if group.interval else None,
            group.interval.high if group.interval else None,
            group.n,
        ]
        for group, _slices, _whisker in panel["comparison_rows"]
    ]
