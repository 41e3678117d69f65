"""What a selection is narrowed to besides survey, campaign and days, and the ways out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from responses.models import Response
from responses.naming import EVERYTHING, Naming
from responses.selection import Selection
from surveys.filtering import Chip, list_chips
from surveys.models import Survey


def list_selection_chips(
    selection: Selection, make_url: Callable[[Selection], str], *, naming: Naming = EVERYTHING
) -> list[Chip]:
    """`make_url` gives the address of the page for another selection."""
    chips = []
    if selection.touchpoint:
        label = Survey.Touchpoint(selection.touchpoint).label
        chips.append(Chip(str(label), make_url(replace(selection, touchpoint=""))))
    if selection.channel:
        label = Response.Channel(selection.channel).label
        chips.append(Chip(str(label), make_url(replace(selection, channel=""))))
    named = list_chips(selection.filters, lambda kept: make_url(replace(selection, filters=kept)))
    return chips + [_hide(chip, naming) for chip in named]


def _hide(chip: Chip, naming: Naming) -> Chip:
    if naming.may_say(chip.text):
        return chip
    return Chip(f"{naming.say(chip.text.partition(': ')[0])}: –", chip.url)
