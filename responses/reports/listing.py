"""The numbers above the list of responses, and the properties beside one of them."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from responses.models import Response
from surveys.models import Property


def count_statuses(found: QuerySet[Response]) -> dict[str, int]:
    """Return how many of these responses have each status that occurs."""
    return dict(found.order_by().values_list("status").annotate(n=Count("pk")))


def list_properties(response: Response, *, with_addresses: bool) -> list[tuple[str, str]]:
    """Return what was known of the person when they answered, by the labels of today.

    Without `with_addresses` a value that holds an e-mail address is left out.
    """
    labels = dict(Property.objects.values_list("key", "label"))
    shown = [
        (labels.get(key, key), str(value))
        for key, value in response.properties.items()
        if value not in ("", None)
    ]
    return sorted(pair for pair in shown if with_addresses or "@" not in pair[1])
