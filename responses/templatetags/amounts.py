"""How amounts and rates are written. Properties know no currency, so amounts claim none."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from django import template
from django.utils.formats import number_format

register = template.Library()

MINUS = "\N{MINUS SIGN}"
# From here on cents say nothing.
WHOLE = 100


@register.filter
def amount(value: Decimal | None) -> str:
    """Return 12.50 or 1,250 in the reader's notation; nothing for what is not known."""
    if value is None:
        return ""
    decimals = 0 if abs(value) >= WHOLE or value == value.to_integral_value() else 2
    rounded = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    written = number_format(rounded.copy_abs(), decimals, use_l10n=True, force_grouping=True)
    return f"{MINUS}{written}" if rounded < 0 else written


@register.filter
def percentage(share: float, decimals: int = 1) -> str:
    """Return a share between 0 and 1 as 23.4 % in the reader's notation."""
    step = Decimal(1).scaleb(-decimals)
    rounded = (100 * Decimal(str(share))).quantize(step, ROUND_HALF_UP)
    return f"{number_format(rounded, decimals, use_l10n=True)} %"
