"""The texts of the team, as the page lists them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from closeloop.models import ReplyTemplate
from responses.models import Category


@dataclass(frozen=True, slots=True)
class Group:
    """Those of one category; '' holds the ones for every category."""

    category: str
    title: str
    templates: list[ReplyTemplate]


def group_templates(templates: QuerySet[ReplyTemplate]) -> list[Group]:
    """The categories in the order of the score, then what fits all (one query)."""
    found = list(templates.order_by("language", "address_form", "name", "pk"))
    titles = [(each.value, str(each.label)) for each in Category]
    groups = [
        Group(value, title, [each for each in found if each.category == value])
        for value, title in [*titles, ("", _("Every category"))]
    ]
    return [group for group in groups if group.templates or group.category]
