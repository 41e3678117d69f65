"""The periods that are one click away from a selection."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from responses.selection import Period, Selection


@dataclass(frozen=True, slots=True)
class Preset:
    period: Period
    url: str
    is_current: bool


def list_presets(selection: Selection, current: Period, *, by: str = "") -> list[Preset]:
    """Each keeps the rest of the selection, and `by` what it is compared."""
    kept = [("survey", selection.survey.slug)] if selection.survey else []
    if selection.campaign:
        kept.append(("campaign", str(selection.campaign.pk)))
    kept += [pair for each in selection.filters for pair in each.pairs()]
    if by:
        kept.append(("by", by))
    return [
        Preset(period, f"?{urlencode([*kept, ('period', period.value)])}", period == current)
        for period in Period
        if period != Period.CUSTOM
    ]
