"""The periods that are one click away from a selection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from responses.selection import Period, Selection

# The others stand with the other filters: a row of eleven would be no quiet one.
AT_HAND = (
    Period.LAST_30_DAYS,
    Period.MONTH,
    Period.QUARTER,
    Period.LAST_12_MONTHS,
    Period.ALL,
)


@dataclass(frozen=True, slots=True)
class Preset:
    period: Period
    url: str
    is_current: bool

    @property
    def is_at_hand(self) -> bool:
        return self.is_current or self.period in AT_HAND


def list_presets(
    selection: Selection, current: Period, *, options: Mapping[str, str] | None = None
) -> list[Preset]:
    """Each keeps the rest of the selection, and of the address what stands in `options`."""
    return [
        Preset(period, make_url(selection, period, options), period == current)
        for period in Period
        if period != Period.CUSTOM
    ]


def make_url(selection: Selection, period: Period, options: Mapping[str, str] | None = None) -> str:
    """The same page for a selection whose days move along with a preset."""
    return f"?{urlencode([*selection.pairs(period), *(options or {}).items()])}"
