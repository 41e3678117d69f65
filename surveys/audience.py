"""Who belongs to an audience: conditions on what we know of a contact, as a queryset."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import connection, models
from django.db.models import Count, F, Q, QuerySet, TextField, Value
from django.db.models.functions import Coalesce, Lower
from django.utils.translation import gettext_lazy as _

from surveys.models import Contact, Property
from surveys.properties import as_date, as_number, property_text, segment_text

# What every contact has, beside the properties a company brings. The dot keeps the two apart: the
# key of a property is a slug.
CONTACT_FIELDS = {
    "contact.language": ("language", _("Language")),
    "contact.account": ("account__name", _("Account")),
    "contact.email": ("email", _("E-mail")),
    "contact.external_id": ("external_id", _("External id")),
    "contact.first_name": ("first_name", _("First name")),
    "contact.last_name": ("last_name", _("Last name")),
}


class Operator(models.TextChoices):
    IS = "is", _("is")
    IS_NOT = "is_not", _("is not")
    CONTAINS = "contains", _("contains")
    AT_LEAST = "at_least", _("is at least")
    AT_MOST = "at_most", _("is at most")
    EMPTY = "empty", _("is empty")
    NOT_EMPTY = "not_empty", _("is not empty")

    @property
    def needs_value(self) -> bool:
        return self not in {Operator.EMPTY, Operator.NOT_EMPTY}

    @property
    def compares(self) -> bool:
        return self in {Operator.AT_LEAST, Operator.AT_MOST}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition. Of several values any may hold; a comparison has exactly one."""

    property: str
    operator: Operator
    values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.operator.needs_value and not self.values:
            raise ValueError("This condition needs a value.")
        if self.operator.compares:
            (value,) = self.values
            read_bound(value)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Condition:
        return cls(stored["property"], Operator(stored["operator"]), tuple(stored["values"]))

    def as_json(self) -> dict[str, Any]:
        return {
            "property": self.property,
            "operator": self.operator.value,
            "values": list(self.values),
        }


def read_bound(text: str) -> Decimal | dt.date:
    """Read a number (decimal point or comma) or a date (2026-10-01); raises ValueError."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return dt.date.fromisoformat(text)
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise ValueError(text) from None
    # What no contact can have is no bound either, and PostgreSQL has an end too ("1e999999").
    if not number.is_finite() or number.adjusted() >= 20 or number.adjusted() < -10:
        raise ValueError(text)
    return number


def read_text(key: str) -> Coalesce:
    """Return what a contact has under `key` as text, '' when it has nothing."""
    value = F(CONTACT_FIELDS[key][0]) if key in CONTACT_FIELDS else property_text(key)
    return Coalesce(value, Value(""), output_field=TextField())


def read_segment(key: str) -> Coalesce:
    """Return what results are compared by: the band of a number or a date, else the text."""
    value = F(CONTACT_FIELDS[key][0]) if key in CONTACT_FIELDS else segment_text(key)
    return Coalesce(value, Value(""), output_field=TextField())


def find_audience(conditions: Iterable[Condition]) -> QuerySet[Contact]:
    """Return the contacts for whom every condition holds."""
    contacts: QuerySet[Contact] = Contact.objects.all()
    for number, condition in enumerate(conditions):
        contacts = _narrow(contacts, condition, alias=f"_condition_{number}")
    return contacts


def _narrow(contacts: QuerySet[Contact], condition: Condition, *, alias: str) -> QuerySet[Contact]:
    if condition.operator.compares:
        return _compare(contacts, condition, alias=alias)
    contacts = contacts.alias(**{alias: Lower(read_text(condition.property))})
    if condition.operator in {Operator.EMPTY, Operator.NOT_EMPTY}:
        matching = Q(**{alias: ""})
    else:
        values = [value.lower() for value in condition.values]
        matching = Q(**{f"{alias}__in": values})
        if condition.operator == Operator.CONTAINS:
            matching = Q()
            for value in values:
                matching |= Q(**{f"{alias}__contains": value})
    negative = condition.operator in {Operator.IS_NOT, Operator.NOT_EMPTY}
    return contacts.filter(~matching if negative else matching)


def _compare(contacts: QuerySet[Contact], condition: Condition, *, alias: str) -> QuerySet[Contact]:
    """Whatever is not a number (or, for a date, not a date) meets no comparison."""
    bound = read_bound(condition.values[0])
    text = read_text(condition.property)
    # The day alone counts, also of a value that has a time behind it.
    if isinstance(bound, dt.date):
        value, wanted = as_date(text), bound.isoformat()
    else:
        value, wanted = as_number(text), str(bound)
    contacts = contacts.alias(**{alias: value})
    lookup = "gte" if condition.operator == Operator.AT_LEAST else "lte"
    return contacts.filter(**{f"{alias}__{lookup}": wanted})


def count_audience(conditions: Iterable[Condition]) -> dict[str, int]:
    """Return how many contacts the conditions name, how many of them have an address, and all."""
    counts: dict[str, int] = find_audience(conditions).aggregate(
        found=Count("pk"), reachable=Count("pk", filter=~Q(email=""))
    )
    return counts | {"all": Contact.objects.count()}


def list_fields() -> list[tuple[str, str]]:
    """Return what conditions can speak of, as choices: the company's properties come first."""
    properties = [(entry.key, entry.label) for entry in Property.objects.all()]
    return properties + [(key, str(label)) for key, (_name, label) in CONTACT_FIELDS.items()]


def list_strata() -> list[tuple[str, str]]:
    """Return what the mails of a day can mirror: segments, and the language."""
    return [
        *((entry.key, entry.label) for entry in Property.objects.segments()),
        ("contact.language", str(CONTACT_FIELDS["contact.language"][1])),
    ]


def list_known_values(*, limit: int = 200) -> list[tuple[str, str]]:
    """Return (value, label of the property) for what segments hold most, as a help."""
    labels = dict(Property.objects.segments().values_list("key", "label"))
    if not labels:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT entry.value, entry.key
                 FROM surveys_contact, jsonb_each_text(properties) AS entry
                WHERE entry.key = ANY(%s) AND entry.value <> ''
             GROUP BY entry.key, entry.value ORDER BY count(*) DESC, entry.value LIMIT %s""",
            [list(labels), limit],
        )
        return [(value, labels[key]) for value, key in cursor.fetchall()]


def name_fields(keys: Iterable[str]) -> list[str]:
    """Return the labels of these properties and fields; of one that is gone, its key."""
    labels = dict(list_fields())
    return [labels.get(key, key) for key in keys]


def describe_conditions(stored: Iterable[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Return (property, comparison, values) of each condition, in words."""
    conditions = [Condition.from_json(entry) for entry in stored]
    labels = dict(list_fields()) if conditions else {}
    either = _("or")
    return [
        (
            labels.get(condition.property, condition.property),
            str(condition.operator.label),
            f" {either} ".join(condition.values),
        )
        for condition in conditions
    ]
