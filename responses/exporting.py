"""Responses as rows of a file: columns that are always the same, then one per declared property.

What each column holds is told in docs/exports.md. A cell is what it is: text, a whole number, a
number, a day or a moment; what that looks like is for the kind of file (`responses.writing`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from responses.addresses import without_addresses
from responses.models import Response
from responses.models.response import ResponseQuerySet
from surveys.models import Property
from surveys.properties import NUMBER

# Names that a program can rely on, in no language but that of the file: not to be translated.
COLUMNS = (
    "id",
    "survey",
    "campaign",
    "answered_at",
    "score",
    "category",
    "comment",
    "status",
    "status_reason",
    "channel",
    "language",
    "may_contact",
    "occasion",
    "external_id",
    "name",
    "account",
    "email",
    "tags",
)
PROPERTY = "prop."  # before the key of one: no property can take the name of another column
CHUNK = 1000
_SAID = {None: "", True: "yes", False: "no"}

Cell = str | int | Decimal | dt.date | dt.datetime | None


def list_properties() -> list[Property]:
    """The properties that have a column: those that are declared, whatever the rows hold."""
    return list(Property.objects.order_by("key"))


def name_columns(properties: Sequence[Property]) -> list[str]:
    return [*COLUMNS, *(PROPERTY + each.key for each in properties)]


def list_export_rows(
    found: ResponseQuerySet,
    *,
    properties: Sequence[Property],
    zone: ZoneInfo,
    with_addresses: bool,
) -> Iterator[list[Cell]]:
    """Yield one row per response, read from the database in portions.

    Without `with_addresses` the columns of addresses and of keys of other systems are there and
    empty, and so is any other that holds an address: what a reader may not see on a page is in no
    file either. Comments stay as the customer wrote them, as on the pages.
    """
    related = ("survey", "contact__account", "invitation__campaign")
    rows = found.select_related(*related).prefetch_related("tags").iterator(chunk_size=CHUNK)
    for response in rows:
        yield _make_row(response, properties=properties, zone=zone, with_addresses=with_addresses)


def _make_row(
    response: Response, *, properties: Sequence[Property], zone: ZoneInfo, with_addresses: bool
) -> list[Cell]:
    contact, invitation = response.contact, response.invitation
    written = str if with_addresses else without_addresses
    return [
        response.pk,
        response.survey.slug,
        written(invitation.campaign) if invitation else "",
        # On the organisation's clock and without its offset: what every spreadsheet reads.
        response.answered_at.astimezone(zone).replace(tzinfo=None, microsecond=0),
        response.score,
        response.category,
        response.comment,
        response.status,
        written(response.status_reason),
        response.channel,
        response.language,
        _SAID[response.may_contact],
        written(response.occasion),
        contact.external_id if contact and with_addresses else "",
        written(contact.full_name) if contact else "",
        written(contact.account or "") if contact else "",
        contact.email if contact and with_addresses else "",
        written(", ".join(tag.label for tag in response.tags.all())),
        *(
            _read_value(written(response.properties.get(each.key, "")), each.kind)
            for each in properties
        ),
    ]


def _read_value(text: str, kind: str) -> Cell:
    """Return a property as what its type says; what does not fit the type stays a text."""
    if kind in {Property.Kind.NUMBER, Property.Kind.MONEY} and re.match(NUMBER, text):
        return Decimal(text.replace(",", "."))
    if kind == Property.Kind.DATE:
        for pattern in ("%Y-%m-%d", "%d-%m-%Y"):
            try:
                return dt.datetime.strptime(text, pattern).date()  # noqa: DTZ007 - a day has no zone
            except ValueError:
                continue
    return text
