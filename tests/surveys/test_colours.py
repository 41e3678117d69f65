"""Contrast, and the schemes made from one colour."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.colours import (
    DARK_CARD,
    DARK_PAGE,
    DARK_SHEET,
    INK,
    LIGHT_PAGE,
    READABLE,
    WHITE,
    choose_on,
    contrast,
    dark_scheme,
    find_usable,
    is_colour,
    is_usable,
    light_scheme,
)

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        # The well-known border cases: #767676 passes on white, #777777 does not.
        ("#767676", "#ffffff", 4.54),
        ("#777777", "#ffffff", 4.48),
        ("#ff0000", "#ffffff", 4.0),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert contrast(other, one) == contrast(one, other)


@pytest.mark.parametrize(
    ("accent", "usable"),
    [("#767676", True), ("#777777", False), ("#ffcc00", False), ("", False), ("red", False)],
)
def test_colour_is_usable_when_it_reads_on_white(accent: str, usable: bool) -> None:
    assert is_usable(accent) is usable


def test_ink_stands_on_yellow_and_white_on_navy() -> None:
    assert (choose_on("#ffcc00"), choose_on("#001f5b")) == (INK, WHITE)


@given(accent=colours)
def test_nearest_usable_colour_is_usable(accent: str) -> None:
    nearest = find_usable(accent)

    assert is_usable(nearest)
    assert nearest == accent or not is_usable(accent)


@given(accent=colours.filter(is_usable))
def test_schemes_can_be_read_in_both_themes(accent: str) -> None:
    light, dark = light_scheme(accent), dark_scheme(accent)

    assert light.accent == accent
    for scheme, grounds in (
        (light, (WHITE, LIGHT_PAGE)),
        (dark, (DARK_PAGE, DARK_CARD, DARK_SHEET)),
    ):
        assert contrast(scheme.accent, scheme.on_accent) >= READABLE
        assert contrast(scheme.hover, scheme.on_accent) >= READABLE
        for ground in (*grounds, scheme.tint):
            assert contrast(scheme.link, ground) >= READABLE
        assert all(is_colour(getattr(scheme, name)) for name in ("hover", "tint", "link"))
