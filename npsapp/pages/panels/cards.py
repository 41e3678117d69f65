"""Beside the score: who was reached, and what waits for somebody."""

from __future__ import annotations

from typing import Any

from closeloop.reports.loop import loop_closed
from closeloop.reports.queue import queue_counts
from npsapp.pages.panels.frame import Frame
from responses.reports.response_rate import count_invited


def show_cards(frame: Frame) -> dict[str, Any]:
    return {
        "rate": count_invited(frame.selection),
        "queue": queue_counts(user=frame.user, now=frame.now) if frame.user else None,
        "loop": loop_closed(frame.selection, now=frame.now),
    }
