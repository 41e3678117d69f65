"""Responses as rows of a file: columns that are always the same, then one per property found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from django.db.models import F, Func

from responses.addresses import without_addresses
from responses.models import Response
from responses.models.response import ResponseQuerySet

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
)
PROPERTY = "property."  # before the key of one: no property can take the name of another column
CHUNK = 500
_SAID = {None: "", True: "yes", False: "no"}

Cell = str | int | None


class _Keys(Func):
    function = "jsonb_object_keys"
    set_returning = True


def find_property_keys(found: ResponseQuerySet) -> list[str]:
    """Return the keys that any of these responses has a property under, sorted."""
    keys = found.order_by().annotate(_key=_Keys(F("properties"))).values_list("_key", flat=True)
    return sorted(keys.distinct())


def name_columns(keys: Sequence[str]) -> list[str]:
    return [*COLUMNS, *(PROPERTY + key for key in keys)]


def list_export_rows(
    found: ResponseQuerySet, *, keys: Sequence[str], zone: ZoneInfo, with_addresses: bool
) -> Iterator[list[Cell]]:
    """Yield one row per response, read from the database in portions.

    Without `with_addresses` the columns of addresses and of keys of other systems are there and
    empty, and so is any other that holds an address: what a reader may not see on a page is in no
    file either. Comments stay as the customer wrote them, as on the pages.
    """
    related = ("survey", "contact__account", "invitation__campaign")
    for response in found.select_related(*related).iterator(chunk_size=CHUNK):
        yield _make_row(response, keys=keys, zone=zone, with_addresses=with_addresses)


def _make_row(
    response: Response, *, keys: Sequence[str], zone: ZoneInfo, with_addresses: bool
) -> list[Cell]:
    contact, invitation = response.contact, response.invitation
    written = str if with_addresses else without_addresses
    return [
        response.pk,
        response.survey.slug,
        written(invitation.campaign) if invitation else "",
        # On the organisation's clock and without its offset: what every spreadsheet reads.
        f"{response.answered_at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        response.score,
        response.category,
        response.comment,
        response.status,
        response.status_reason,
        response.channel,
        response.language,
        _SAID[response.may_contact],
        written(response.occasion),
        contact.external_id if contact and with_addresses else "",
        written(contact.full_name) if contact else "",
        written(contact.account or "") if contact else "",
        contact.email if contact and with_addresses else "",
        *(written(response.properties.get(key, "")) for key in keys),
    ]
