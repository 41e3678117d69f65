"""The part of a filter form that properties take: what can be ticked and filled in for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from surveys.filtering import LANGUAGE, PREFIX, Filters, PropertyFilter, find_filter
from surveys.forms.survey import LANGUAGES
from surveys.models import Property
from surveys.properties import PATTERNS

# Read for what is offered to tick; whatever is rarer than this shows can be typed.
SAMPLE = 1_000
MOST_OFFERED = 8

Offers = Mapping[str, Sequence[tuple[str, int | None]]]


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    n: int | None  # how many have it, where that was counted anyway
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class PropertyField:
    key: str
    label: str
    options: list[Option]
    takes_text: bool
    has_range: bool = False
    is_date: bool = False
    low: str = ""
    high: str = ""
    side: str = ""  # what stands before the name where a page has more than one filter

    @property
    def name(self) -> str:
        return f"{self.side}{PREFIX}{self.key}"

    @property
    def id(self) -> str:
        return f"id_{self.name.replace('.', '_')}"


def list_property_fields(
    filters: Filters,
    *,
    offered: Offers,
    with_language: bool = False,
    declared: Iterable[Property] | None = None,
) -> list[PropertyField]:
    """Return a field for every property (those of `declared`), with what is chosen ticked."""
    fields = [
        _make_field(entry, find_filter(filters, entry.key), offered.get(entry.key, ()))
        for entry in (Property.objects.all() if declared is None else declared)
    ]
    if with_language:
        chosen = find_filter(filters, LANGUAGE)
        options = _list_options([(code, None) for code, _name in LANGUAGES], chosen)
        fields.append(PropertyField(LANGUAGE, _("Language"), options, takes_text=False))
    return fields


def _make_field(
    entry: Property, chosen: PropertyFilter | None, offered: Sequence[tuple[str, int | None]]
) -> PropertyField:
    has_range = entry.kind in PATTERNS
    if has_range and not entry.bands:
        offered = []
    elif has_range:
        counts = dict(offered)
        offered = [(band["name"], counts.get(band["name"])) for band in entry.bands]
    return PropertyField(
        key=entry.key,
        label=entry.label,
        options=_list_options(offered, chosen),
        takes_text=not has_range,
        has_range=has_range,
        is_date=entry.kind == Property.Kind.DATE,
        low=chosen.low if chosen else "",
        high=chosen.high if chosen else "",
    )


def _list_options(
    offered: Sequence[tuple[str, int | None]], chosen: PropertyFilter | None
) -> list[Option]:
    """Return what is chosen, and what else is frequent."""
    values = chosen.values if chosen else ()
    counts = dict(offered)
    # A value with an address in it is for those to type who know it.
    frequent = [value for value, _n in offered if value not in values and "@" not in value]
    return [
        *(Option(value, counts.get(value), is_chosen=True) for value in values),
        *(Option(value, counts[value], is_chosen=False) for value in frequent[:MOST_OFFERED]),
    ]


def sample_values(newest_first: QuerySet[Any]) -> dict[str, list[tuple[str, None]]]:
    """Return the values that the newest rows have for each property, the most frequent first."""
    counts: dict[str, Counter[str]] = {}
    for properties in newest_first.values_list("properties", flat=True)[:SAMPLE]:
        for key, value in properties.items():
            if str(value).strip():
                counts.setdefault(key, Counter())[str(value)] += 1
    return {
        key: [(value, None) for value, _n in sorted(found.items(), key=lambda e: (-e[1], e[0]))]
        for key, found in counts.items()
    }
