"""What single people answered."""

from __future__ import annotations

from collections.abc import Collection

from responses.models import Response
from surveys.models import Survey


def find_last_responses(
    contacts: Collection[int], *, survey: Survey | None = None
) -> dict[int, Response]:
    """Return the newest counted answer of each contact (by primary key) that gave one.

    With a `survey` the newest to that.
    """
    newest = (
        Response.objects.counted()
        .filter(contact__in=contacts)
        .order_by("contact_id", "-answered_at", "-pk")
        .distinct("contact_id")
    )
    if survey:
        newest = newest.filter(survey=survey)
    return {response.contact_id: response for response in newest if response.contact_id}
