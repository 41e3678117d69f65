"""Whose voice is missing: of whom was asked, who answered."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from npsapp.pages.panels.asking import Choice, find_compared, must_ask
from npsapp.pages.panels.cells import Table, one_decimal, say_verdict
from npsapp.pages.panels.frame import Frame
from responses.charting.rates import find_top, place_rate
from responses.exporting import Cell
from responses.reports.voices import Voice, Voices, compare_voices
from responses.scoring import Tier


def show_missing(frame: Frame) -> dict[str, Any]:
    """Asked against answered by the property that is compared, unless another is asked for."""
    segments = {key: each for key, each in frame.properties.items() if each.is_segment}
    if frame.headline.tier == Tier.EMPTY or not segments:
        return {}
    asked = frame.options.get("missing", "")
    key = asked if asked in segments else find_compared(frame)
    declared = segments.get(key) or next(iter(segments.values()))
    shown: dict[str, Any] = {"compared": declared.label}
    if must_ask(frame, "missing"):
        if frame.is_shared:
            # Nobody there can ask for it.
            return {}
        return shown | {"ask_url": frame.address(missing=declared.key)}
    voices = compare_voices(
        frame.selection, declared, thresholds=frame.thresholds, naming=frame.naming
    )
    if frame.is_shared and not voices.groups:
        return {}
    if not voices.everybody.total:
        # Imported history: nobody was asked, so nobody is missing.
        return {}
    if len(segments) > 1 and not frame.is_shared:
        shown["properties"] = [
            Choice(each.label, frame.address(missing=each.key), each == declared)
            for each in segments.values()
        ]
    return shown | {"voices": voices, **_draw(voices)}


def _draw(voices: Voices) -> dict[str, Any]:
    """Every rate on one scale, which ends at a round number above the highest."""
    rates = [each.rate for each in voices.groups if each.rate]
    top = find_top([each.high for each in rates])
    return {
        "top": top,
        "rows": [
            (each, place_rate(each.rate, top) if each.rate else None) for each in voices.groups
        ],
    }


def rows_of_missing(panel: dict[str, Any]) -> Table:
    heads = [
        panel.get("compared", _("Value")),
        _("Asked"),
        _("Answered"),
        _("Response rate, %"),
        _("From"),
        _("To"),
        _("Share of the asked, %"),
        _("Share of the answers, %"),
        _("Verdict"),
    ]
    return heads, [_row_of(each) for each, _place in panel.get("rows", [])]


def _row_of(each: Voice) -> list[Cell]:
    rate: list[Cell] = [None] * 3
    if each.rate:
        rate = [one_decimal(100 * part) for part in each.rate]
    return [
        each.segment.value,
        each.asked,
        each.answered,
        *rate,
        each.share_asked,
        each.share_answered,
        say_verdict(each.verdict),
    ]
