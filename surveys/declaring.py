"""Properties as a manager declares them: a type that all values fit, and who has a value."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, F, Func, JSONField, Q, Value

from surveys.models import Campaign, Contact, Property
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


class InUse(Exception):
    """Campaigns that are not over speak of the property."""

    def __init__(self, campaigns: list[Campaign]) -> None:
        super().__init__(campaigns)
        self.campaigns = campaigns


def find_uses(key: str) -> list[Campaign]:
    """Return the campaigns that choose people by a property, or spread them by it, and go on.

    Drafts too: without the property a condition “is not” would suddenly name everybody.
    """
    going_on = Campaign.objects.exclude(
        state__in=[Campaign.State.FINISHED, Campaign.State.CANCELLED]
    )
    speaking = Q(audience__contains=[{"property": key}]) | Q(strata__contains=[key])
    return list(going_on.filter(speaking).order_by("name"))


def count_carriers(key: str) -> int:
    return Contact.objects.filter(_is_filled(key)).count()


def delete_property(entry: Property) -> int:
    """Take a property and its values from all contacts; return how many had one. Raises InUse.

    Answers keep what was known of the person at their moment.
    """
    with transaction.atomic():
        entry = Property.objects.select_for_update().get(pk=entry.pk)
        if campaigns := find_uses(entry.key):
            raise InUse(campaigns)
        without = Func(
            F("properties"),
            Value(entry.key),
            template="(%(expressions)s)",
            arg_joiner=" - ",
            output_field=JSONField(),
        )
        count = Contact.objects.filter(_is_filled(entry.key)).update(properties=without)
        entry.delete()
    return count
