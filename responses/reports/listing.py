"""The numbers above the list of responses, and the properties beside one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db.models import Count, QuerySet

from responses.addresses import without_addresses
from responses.models import Response
from surveys.properties import name_properties


def count_statuses(found: QuerySet[Response]) -> dict[str, int]:
    """Return how many of these responses have each status that occurs."""
    return dict(found.order_by().values_list("status").annotate(n=Count("pk")))


def list_properties(response: Response, *, with_addresses: bool) -> list[tuple[str, str]]:
    """Return what was known of the person when they answered, by the labels of today.

    Without `with_addresses` a value that holds an e-mail address is left out.
    """
    named = name_properties(response.properties)
    return [pair for pair in named if with_addresses or without_addresses(pair[1])]


def count_effect(chosen: Iterable[Response]) -> dict[str, int]:
    """Return how many of these count (`n`, and by category), and how many do not (`left`)."""
    numbers = Counter(
        each.category if each.status == Response.Status.COUNTED else "left" for each in chosen
    )
    names = ("detractor", "passive", "promoter")
    shown = {name: numbers[name] for name in (*names, "left")}
    return shown | {"n": sum(numbers[name] for name in names)}
