"""Of what type a column seems to be, from a few of its values. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from surveys.importing.dates import decide_order, normalise_day
from surveys.importing.numbers import decide_mark, normalise_number

NUMBER, MONEY, DATE = "number", "money", "date"
_CURRENCIES = ("€", "$", "£", "EUR", "USD", "GBP", "EURO")


def guess_kind(values: Sequence[str]) -> str:
    """Return the type that every value fits, or "" when that is text."""
    if not values:
        return ""
    order, mark = decide_order(values), decide_mark(values)
    if _fit(values, lambda text: normalise_day(text, order)):
        return DATE
    if not _fit(values, lambda text: normalise_number(text, mark)) or _are_codes(values):
        return ""
    has_currency = any(text.strip().upper().startswith(_CURRENCIES) for text in values)
    has_currency = has_currency or any(text.upper().endswith(_CURRENCIES) for text in values)
    return MONEY if has_currency else NUMBER


def _fit(values: Sequence[str], read: Callable[[str], str]) -> bool:
    try:
        for value in values:
            read(value)
    except ValueError:
        return False
    return True


def _are_codes(values: Sequence[str]) -> bool:
    """A leading zero is part of a code, such as a telephone number; nobody counts with it."""
    return any(text[:1] == "0" and text[1:2].isdigit() for text in values)
