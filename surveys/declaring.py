"""Properties as a manager declares them: a type that all values fit, and who has a value."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from surveys.models import Contact, Property
from surveys.properties import PATTERNS, property_text

SHOWN_MISFITS = 10


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value that some contacts have and that does not fit the type."""

    value: str
    count: int


def find_misfits(key: str, kind: str) -> list[Misfit]:
    """Return the values of contacts that do not fit a type, the most frequent first."""
    if kind not in PATTERNS:
        return []
    values = (
        Contact.objects.order_by()
        .annotate(_value=property_text(key))
        .exclude(_value=None)
        .exclude(_value="")
        .exclude(_value__regex=PATTERNS[Property.Kind(kind)])
        .values_list("_value")
        .annotate(n=Count("pk"))
        .order_by("-n", "_value")
    )
    return [Misfit(value, count) for value, count in values[:SHOWN_MISFITS]]


def _is_filled(key: str) -> Q:
    return Q(properties__has_key=key)


def count_filled() -> dict[str, int]:
    """Return how many contacts have a value for each declared property."""
    counts = {
        f"n{entry.pk}": Count("pk", filter=_is_filled(entry.key))
        for entry in Property.objects.all()
    }
    if not counts:
        return {}
    found = Contact.objects.aggregate(**counts)
    return {key: found[f"n{pk}"] for pk, key in Property.objects.values_list("pk", "key")}
