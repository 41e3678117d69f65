"""The number, what it rests on, and what was left out."""

from __future__ import annotations

from typing import Any

from npsapp.pages.panels.frame import Frame
from responses.charts import place_whisker
from responses.models import Response


def show_headline(frame: Frame) -> dict[str, Any]:
    headline, selection = frame.headline, frame.selection
    status = Response.Status
    shown: dict[str, Any] = {
        "counted_url": selection.narrowed(status=status.COUNTED.value).rows_url,
        "provisional_url": selection.narrowed(status=status.PROVISIONAL.value).rows_url,
        "excluded_url": selection.narrowed(status=status.EXCLUDED.value).rows_url,
    }
    if headline.nps is not None and headline.interval is not None:
        shown["whisker"] = place_whisker(headline.nps, headline.interval)
    return shown
