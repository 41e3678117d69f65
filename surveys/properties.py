"""The properties companies bring along: how the database reads one, and what they are called."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from django.db.models import Case, DecimalField, Expression, F, Func, TextField, Value, When
from django.db.models.functions import Cast, Concat, Left, Replace, Substr
from django.db.models.lookups import LessThan, Regex
from django.utils.formats import date_format

from surveys.models import Property

# What counts as a number or a date. Anything else is in no band, and does not fit the type.
NUMBER = r"^-?[0-9]{1,20}([.,][0-9]{1,10})?$"
ISO_DATE = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])([ T].*)?$"
DUTCH_DATE = r"^(0[1-9]|[12][0-9]|3[01])-(0[1-9]|1[0-2])-[0-9]{4}([ T].*)?$"
PATTERNS = {
    Property.Kind.NUMBER: NUMBER,
    Property.Kind.MONEY: NUMBER,
    Property.Kind.DATE: f"{ISO_DATE}|{DUTCH_DATE}",
}
Text: TypeAlias = Func | Case


def property_text(key: str, field: str = "properties") -> Func:
    """Return the property `key` as text, NULL when there is none.

    Not a JSON key transform of Django: that one takes a key made of digits for an array index.
    """
    return Func(F(field), Value(key), function="jsonb_extract_path_text", output_field=TextField())


def segment_text(key: str, field: str = "properties") -> Text:
    """Return what a property is compared by: the name of its band, without bands its text.

    The only place that knows: dashboard, lists and the plan of a campaign all ask here. A snapshot
    keeps the value itself, so that bands drawn anew also divide the answers of the past.
    """
    declared = Property.objects.filter(key=key).exclude(bands=[]).first()
    return band_text(declared, field) if declared else property_text(key, field)


def band_text(declared: Property, field: str = "properties") -> Text:
    """Return the name of the band that a value is in, NULL for none; without bands its text."""
    text = property_text(declared.key, field)
    if declared.kind not in PATTERNS or not declared.bands:
        return text
    is_date = declared.kind == Property.Kind.DATE
    value = as_date(text) if is_date else as_number(text)
    *bounded, last = declared.bands
    whens = [
        When(
            LessThan(value, Value(band["below"] if is_date else Decimal(band["below"]))),
            then=Value(band["name"]),
        )
        for band in bounded
    ]
    fits = Regex(text, Value(PATTERNS[Property.Kind(declared.kind)]))
    banded = Case(*whens, default=Value(last["name"]), output_field=TextField())
    return Case(When(fits, then=banded), default=None, output_field=TextField())


def property_value(declared: Property, field: str = "properties") -> Expression:
    """Return what a value of a number or a date compares by, NULL for what does not fit."""
    text = property_text(declared.key, field)
    return as_date(text) if declared.kind == Property.Kind.DATE else as_number(text)


def as_number(text: Expression) -> Expression:
    number = DecimalField(max_digits=30, decimal_places=10)
    plain = Cast(Replace(text, Value(","), Value(".")), number)
    return Case(When(Regex(text, Value(NUMBER)), then=plain), default=None, output_field=number)


def as_date(text: Expression) -> Expression:
    """Days as ISO text: they compare as they stand, and no impossible day can raise."""
    turned = Concat(
        Substr(text, 7, 4), Value("-"), Substr(text, 4, 2), Value("-"), Substr(text, 1, 2)
    )
    return Case(
        When(Regex(text, Value(ISO_DATE)), then=Left(text, 10)),
        When(Regex(text, Value(DUTCH_DATE)), then=turned),
        default=None,
        output_field=TextField(),
    )


def name_properties(properties: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return label and value of what is filled in, by label."""
    filled = {key: str(value) for key, value in properties.items() if value not in ("", None)}
    if not filled:
        return []
    declared = Property.objects.values_list("key", "label", "kind")
    known = {key: (label, kind) for key, label, kind in declared}
    named = []
    for key, value in filled.items():
        label, kind = known.get(key, (key, ""))
        named.append((label, write_day(value) if kind == Property.Kind.DATE else value))
    return sorted(named, key=lambda pair: (pair[0].casefold(), pair[1]))


def write_day(value: str) -> str:
    """Return a day in words; what is none, or carries a time, stays as it is."""
    for pattern in ("%Y-%m-%d", "%d-%m-%Y"):
        try:
            day = dt.datetime.strptime(value, pattern)  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        return date_format(day, "j N Y")
    return value
