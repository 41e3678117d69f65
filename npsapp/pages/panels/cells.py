"""What stands in a file of figures: words for readers, and points with one decimal."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext as _

from responses.differing import Verdict
from responses.exporting import Cell

Table = tuple[list[str], list[list[Cell]]]


def one_decimal(value: float | Decimal | None) -> Decimal | None:
    if value is None:
        return None
    # By its shortest spelling: 12.25 goes up, however the binary number ends.
    rounded = Decimal(str(value)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    # Never minus zero.
    return rounded + 0


def amount(value: Decimal | None) -> Decimal | None:
    """As it was written down; a median of two amounts may have a few decimals more."""
    return None if value is None else round(value, 4).normalize()


def from_to(interval: Sequence[float] | None) -> list[Cell]:
    low, high = interval or (None, None)
    return [one_decimal(low), one_decimal(high)]


def say_verdict(verdict: Verdict | None) -> str:
    """What the test says, in words; nothing where there were too few to test."""
    match verdict:
        case Verdict.HIGHER:
            return _("Really higher")
        case Verdict.LOWER:
            return _("Really lower")
        case Verdict.MARGIN:
            return _("Within the margin")
    return ""
