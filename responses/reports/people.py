"""What single people answered."""

from __future__ import annotations

from collections.abc import Collection

from responses.models import Response


def find_last_responses(contacts: Collection[int]) -> dict[int, Response]:
    """Return the newest counted answer of each contact (by primary key) that gave one."""
    newest = (
        Response.objects.counted()
        .filter(contact__in=contacts)
        .order_by("contact_id", "-answered_at", "-pk")
        .distinct("contact_id")
    )
    return {response.contact_id: response for response in newest if response.contact_id}
