"""Responses as rows of a file. The columns are always the same ones, whatever is in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from zoneinfo import ZoneInfo

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
    "properties",
)
CHUNK = 500
_SAID = {None: "", True: "yes", False: "no"}

Cell = str | int | None


def list_export_rows(
    found: ResponseQuerySet, *, zone: ZoneInfo, with_addresses: bool
) -> Iterator[list[Cell]]:
    """Yield one row per response, read from the database in portions.

    Without `with_addresses` the column of addresses is there and empty, and so is a property that
    holds one: what a reader may not see on a page is in no file either.
    """
    related = ("survey", "contact__account", "invitation__campaign")
    for response in found.select_related(*related).iterator(chunk_size=CHUNK):
        yield _make_row(response, zone=zone, with_addresses=with_addresses)


def _make_row(response: Response, *, zone: ZoneInfo, with_addresses: bool) -> list[Cell]:
    contact, invitation = response.contact, response.invitation
    properties = {
        key: value
        for key, value in response.properties.items()
        if with_addresses or "@" not in str(value)
    }
    return [
        response.pk,
        response.survey.slug,
        str(invitation.campaign) if invitation else "",
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
        response.occasion,
        contact.external_id if contact else "",
        contact.full_name if contact else "",
        str(contact.account or "") if contact else "",
        contact.email if contact and with_addresses else "",
        json.dumps(properties, ensure_ascii=False, sort_keys=True) if properties else "",
    ]
