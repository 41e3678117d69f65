"""Rows narrowed by properties: one way for contacts, responses, the dashboard and its files.

In a URL each filter stands as property.<key>=<value>, repeated for several values of which any may
hold; of a number or a date also property.<key>.from and property.<key>.to. All of them must hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import Expression, F, Q, QuerySet, Value
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from surveys.importing.dates import normalise_day
from surveys.importing.faults import BadCell
from surveys.importing.numbers import normalise_number
from surveys.models import Property
from surveys.properties import PATTERNS, band_text, property_text, property_value

Rows = TypeVar("Rows", bound="QuerySet[Any]")

PREFIX = "property."
LANGUAGE = "contact.language"
MOST_FILTERS = 12
MOST_VALUES = 50
LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class PropertyFilter:
    """A property that has one of these values (none: any value), and lies between two ends."""

    key: str
    values: tuple[str, ...] = ()
    low: str = ""
    high: str = ""
    # Looked up when it is not given; None also for what nobody declared.
    declared: Property | None = field(default=None, compare=False)

    @property
    def label(self) -> str:
        if self.declared:
            return self.declared.label
        return _("Language") if self.key == LANGUAGE else self.key

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield the filter as it stands in a URL."""
        for value in self.values:
            yield f"{PREFIX}{self.key}", value
        if self.low:
            yield f"{PREFIX}{self.key}.from", self.low
        if self.high:
            yield f"{PREFIX}{self.key}.to", self.high

    def describe_range(self) -> str:
        ends = {"low": self.low, "high": self.high}
        if self.low and self.high:
            return _("%(low)s to %(high)s") % ends
        return _("from %(low)s on") % ends if self.low else _("up to %(high)s") % ends

    def __bool__(self) -> bool:
        return bool(self.values or self.low or self.high)


Filters = tuple[PropertyFilter, ...]


@dataclass(frozen=True, slots=True)
class Chip:
    """Something that rows are narrowed to, and the address of the page without it."""

    text: str
    url: str


def list_chips(filters: Filters, make_url: Callable[[Filters], str]) -> list[Chip]:
    """Return a chip for each value and each range, with the address of the page without it."""
    chips = []
    for each in filters:
        for value in each.values:
            rest = tuple(other for other in each.values if other != value)
            url = make_url(_replaced(filters, each, replace(each, values=rest)))
            chips.append(Chip(f"{each.label}: {value}", url))
        if each.low or each.high:
            url = make_url(_replaced(filters, each, replace(each, low="", high="")))
            chips.append(Chip(f"{each.label}: {each.describe_range()}", url))
    return chips


def _replaced(filters: Filters, before: PropertyFilter, after: PropertyFilter) -> Filters:
    return tuple(each for other in filters if (each := after if other is before else other))


def read_filters(
    sent: Mapping[str, Any],
    *,
    older: Iterable[tuple[str, str]] = (),
    with_language: bool = False,
    look_up: Callable[[], Mapping[str, Property]] | None = None,
) -> tuple[Filters, list[str]]:
    """Return the filters of a URL, and a sentence for each one that was left out.

    `older` are key and value of the single filter that addresses had before. `look_up` returns the
    declared properties by their keys, where they are needed for more than this.
    """
    asked = _gather(sent, older)
    declared: Mapping[str, Property] = {}
    if asked:
        declared = look_up() if look_up else Property.objects.in_bulk(asked, field_name="key")
    filters, remarks = [], []
    for key, parts in asked.items():
        if key not in declared and not (with_language and key == LANGUAGE):
            remarks.append(_("There is no property “%(key)s”: left out here.") % {"key": key})
            continue
        found = PropertyFilter(
            key, tuple(parts["values"][:MOST_VALUES]), declared=declared.get(key)
        )
        for end in ("low", "high"):
            if parts[end]:
                found = _with_end(found, end, parts[end][0], remarks)
        if found:
            filters.append(found)
    return tuple(filters[:MOST_FILTERS]), remarks


def _gather(
    sent: Mapping[str, Any], older: Iterable[tuple[str, str]]
) -> dict[str, dict[str, list[str]]]:
    asked: dict[str, dict[str, list[str]]] = {}
    endings = {".from": "low", ".to": "high"}
    pairs = [(f"{PREFIX}{key}", [value]) for key, value in older]
    pairs += [(name, _values_of(sent, name)) for name in sent if name.startswith(PREFIX)]
    for name, values in pairs:
        key, part = name.removeprefix(PREFIX), "values"
        for ending, end in endings.items():
            if key.endswith(ending):
                key, part = key.removesuffix(ending), end
        cleaned = [value.replace("\0", "").strip()[:LONGEST] for value in values]
        filled = [value for value in cleaned if value]
        if filled:
            parts = asked.setdefault(key.replace("\0", ""), {"values": [], "low": [], "high": []})
            parts[part] += [value for value in dict.fromkeys(filled) if value not in parts[part]]
    return asked


def _values_of(sent: Mapping[str, Any], name: str) -> list[str]:
    if hasattr(sent, "getlist"):
        return [str(value) for value in sent.getlist(name)]
    value = sent[name]
    return [str(each) for each in value] if isinstance(value, (list, tuple)) else [str(value)]


def _with_end(found: PropertyFilter, end: str, text: str, remarks: list[str]) -> PropertyFilter:
    kind = found.declared.kind if found.declared else Property.Kind.TEXT
    if kind not in PATTERNS:
        sentence = _("“%(label)s” has no order: “from” and “up to” are left out here.")
        remarks.append(sentence % {"label": found.label})
        return found
    is_date = kind == Property.Kind.DATE
    try:
        bound = normalise_day(text)[:10] if is_date else normalise_number(text)
    except BadCell:
        sentence = (
            _("%(label)s: “%(text)s” is not a date such as 2026-12-31, and is left out here.")
            if is_date
            else _("%(label)s: “%(text)s” is not a number such as 1234,56, and is left out here.")
        )
        remarks.append(sentence % {"label": found.label, "text": text[:80]})
        return found
    return replace(found, low=bound) if end == "low" else replace(found, high=bound)


def find_filter(filters: Filters, key: str) -> PropertyFilter | None:
    return next((each for each in filters if each.key == key), None)


def with_values(filters: Filters, key: str, values: tuple[str, ...]) -> Filters:
    """Return the same filters with other values of one property; a range on it stays."""
    current = find_filter(filters, key)
    if current is None:
        return (*filters, PropertyFilter(key, values)) if values else filters
    return _replaced(filters, current, replace(current, values=values))


def narrow(
    rows: Rows, filters: Filters, *, path: str = "properties", ignore_case: bool = False
) -> Rows:
    """Return the rows for which every filter holds; `path` leads to their properties.

    A value is the name of a band, or what stands there. Only contacts ignore capitals: groups of
    answers that differ in them are counted apart, and their numbers lead to their own rows.
    """
    for number, each in enumerate(filters):
        rows = _narrow_by_one(rows, each, f"_filter_{number}", path, ignore_case)
    return rows


def _narrow_by_one(
    rows: Rows, each: PropertyFilter, alias: str, path: str, ignore_case: bool
) -> Rows:
    declared = each.declared or Property.objects.filter(key=each.key).first()
    bands = [band["name"] for band in declared.bands] if declared else []
    meant = Q()
    named = [value for value in each.values if value in bands]
    if declared and named:
        rows = rows.alias(**{f"{alias}_band": band_text(declared, path)})
        meant |= Q(**{f"{alias}_band__in": named})
    if plain := [value for value in each.values if value not in bands]:
        text = _text_of(each.key, path)
        rows = rows.alias(**{f"{alias}_text": Lower(text) if ignore_case else text})
        wanted = [value.lower() for value in plain] if ignore_case else plain
        meant |= Q(**{f"{alias}_text__in": wanted})
    rows = rows.filter(meant)
    if declared and (each.low or each.high):
        rows = rows.alias(**{f"{alias}_value": property_value(declared, path)})
        for lookup, bound in (("gte", each.low), ("lte", each.high)):
            if bound:
                is_date = declared.kind == Property.Kind.DATE
                end = Value(bound) if is_date else Value(Decimal(bound))
                rows = rows.filter(**{f"{alias}_value__{lookup}": end})
    return rows


def _text_of(key: str, path: str) -> Expression | F:
    return F("language") if key == LANGUAGE else property_text(key, path)
