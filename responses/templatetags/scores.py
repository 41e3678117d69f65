"""How scores are written: always with their sign, never with a percent sign."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from django import template
from django.utils.formats import number_format

register = template.Library()

MINUS = "\N{MINUS SIGN}"


@register.filter
def signed(points: float | Decimal | None, decimals: int = 0) -> str:
    """Return +31, −27 or 0 in the reader's notation; nothing for a score that does not exist."""
    if points is None:
        return ""
    rounded = Decimal(points).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    # number_format cuts decimals off instead of rounding, hence the line above.
    written = number_format(rounded.copy_abs(), decimals, use_l10n=True)
    if not rounded:
        return written
    return f"{'+' if rounded > 0 else MINUS}{written}"
