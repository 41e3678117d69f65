"""Numbers and amounts as files write them. Pure.

1.234,56 and 1,234.56 are read; 1.234 means a thousand to some and one and a bit to others, and is
read only when the rest of the column settles which sign stands before the decimals.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from surveys.importing.faults import BadCell, Fault

MOST_DIGITS = 20
MOST_DECIMALS = 10
_CURRENCY = re.compile(r"^(?:€|\$|£|EUR|USD|GBP)\s*|\s*(?:€|\$|£|EUR|USD|GBP|euro)$", re.IGNORECASE)
_NOTHING_BEHIND = re.compile(r"(?<=[.,])[-–—]{1,2}$")  # "1.250,-"
_BLANKS = re.compile(r"(?<=[0-9])[\s\u00a0\u202f'’](?=[0-9]{3})")
_SHAPE = re.compile(r"[-+]?[0-9][0-9.,]*")
_ONE_GROUP = re.compile(r"[-+]?[1-9][0-9]{0,2}[.,][0-9]{3}")
_GROUPS = {mark: re.compile(rf"[-+]?[0-9]{{1,3}}(?:\{mark}[0-9]{{3}})+") for mark in ".,"}


class Mark(StrEnum):
    """The sign before the decimals."""

    COMMA = ","
    DOT = "."
    UNDECIDED = ""
    MIXED = "mixed"


def decide_mark(texts: Iterable[str]) -> Mark:
    """Return what the numbers of a whole column give away."""
    found = {mark for text in texts if (mark := _shown_mark(_tidy(text)))}
    if len(found) > 1:
        return Mark.MIXED
    return found.pop() if found else Mark.UNDECIDED


def read_number(text: str, mark: Mark = Mark.UNDECIDED) -> Decimal:
    """Return the number in a cell; raises BadCell."""
    tidied = _tidy(text)
    if not _SHAPE.fullmatch(tidied):
        raise BadCell(Fault.NOT_A_NUMBER, text.strip()[:80])
    own = _shown_mark(tidied)
    if own is None and _ONE_GROUP.fullmatch(tidied):
        if mark not in {Mark.COMMA, Mark.DOT}:
            raise BadCell(Fault.AMBIGUOUS_NUMBER, text.strip()[:80])
        own = mark
    number = _cut(tidied, own)
    if number is None or not _fits(number):
        raise BadCell(Fault.NOT_A_NUMBER, text.strip()[:80])
    return number


def normalise_number(text: str, mark: Mark = Mark.UNDECIDED) -> str:
    """Return the number as it is kept: digits, and a dot before decimals; raises BadCell."""
    kept = f"{read_number(text, mark):f}"
    return kept.rstrip("0").rstrip(".") if "." in kept else kept


def _tidy(text: str) -> str:
    text = _NOTHING_BEHIND.sub("00", _CURRENCY.sub("", text.strip()))
    return _BLANKS.sub("", text).replace("−", "-")


def _shown_mark(text: str) -> Mark | None:
    """Return the decimal sign of a number that can be read in one way only."""
    commas, dots = text.count(","), text.count(".")
    if not _SHAPE.fullmatch(text) or not (commas or dots):
        return None
    if commas and dots:
        return Mark.COMMA if text.rindex(",") > text.rindex(".") else Mark.DOT
    if commas > 1 or dots > 1:
        return Mark.DOT if commas else Mark.COMMA
    if _ONE_GROUP.fullmatch(text):
        return None
    return Mark.COMMA if commas else Mark.DOT


def _cut(text: str, mark: Mark | None) -> Decimal | None:
    """Return the number with this decimal sign; None when its thousands are not in threes."""
    if mark is None:
        return Decimal(text)
    whole, _, decimals = text.partition(mark.value)
    thousands = "." if mark == Mark.COMMA else ","
    if thousands in whole and not _GROUPS[thousands].fullmatch(whole):
        return None
    if not decimals.isdecimal() and decimals:
        return None
    return Decimal(f"{whole.replace(thousands, '')}.{decimals or '0'}")


def _fits(number: Decimal) -> bool:
    _sign, digits, exponent = number.normalize().as_tuple()
    decimals = max(0, -int(exponent))
    return decimals <= MOST_DECIMALS and len(digits) + int(exponent) <= MOST_DIGITS
