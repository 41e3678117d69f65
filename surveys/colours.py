"""Which colour can be read on which ground: WCAG 2.2 contrast. Pure.

A colour is "#rrggbb". Formulas: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
"""

from __future__ import annotations

import re
from dataclasses import dataclass

WHITE, INK = "#ffffff", "#14130f"
READABLE = 4.5
# The grounds of the pages for customers, as tokens.css has them.
LIGHT_PAGE, DARK_PAGE = "#f7f5f1", "#161513"
DARK_CARD, DARK_SHEET = "#1f1d1b", "#292724"
STEP = 0.02

_Channels = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Scheme:
    """An accent with what stands on it and beside it, for one theme."""

    accent: str
    on_accent: str
    hover: str
    tint: str
    link: str


def is_colour(text: str) -> bool:
    return bool(re.fullmatch(r"#[0-9a-f]{6}", text))


def contrast(one: str, other: str) -> float:
    """Return the ratio of two colours, from 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def choose_on(ground: str) -> str:
    """Return what reads best on a ground: white or ink."""
    return max((WHITE, INK), key=lambda colour: contrast(colour, ground))


def is_usable(accent: str) -> bool:
    """Whether links in the accent can be read on white, and white or ink on a button of it."""
    return is_colour(accent) and contrast(accent, WHITE) >= READABLE


def find_usable(accent: str) -> str:
    """Return the colour nearest to a readable one that is usable itself."""
    return _towards(INK, accent, grounds=(WHITE,))


def light_scheme(accent: str) -> Scheme:
    """The accent as it was chosen; only text on the tinted page may be a little darker."""
    tint = mix(accent, WHITE, 0.9)
    link = _towards(INK, accent, grounds=(WHITE, LIGHT_PAGE, tint))
    return Scheme(accent, choose_on(accent), mix(link, INK, 0.25), tint, link)


def dark_scheme(accent: str) -> Scheme:
    """The accent made light enough for dark grounds."""
    tint = mix(accent, DARK_CARD, 0.85)
    light = _towards(WHITE, accent, grounds=(DARK_PAGE, DARK_CARD, DARK_SHEET, tint))
    return Scheme(light, choose_on(light), mix(light, WHITE, 0.3), tint, light)


def mix(colour: str, other: str, share: float) -> str:
    """Return `colour` with `share` (0 to 1) of the other in it."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def _towards(end: str, colour: str, *, grounds: tuple[str, ...]) -> str:
    """Move a colour towards `end` by as little as makes it readable on all grounds."""
    share = 0.0
    while share < 1:
        moved = mix(colour, end, share)
        if all(contrast(moved, ground) >= READABLE for ground in grounds):
            return moved
        share += STEP
    return end


def _channels(colour: str) -> _Channels:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    parts = [channel / 255 for channel in _channels(colour)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
