"""Detractors, passives, promoters: counts, and shares that add up to 100.0."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from responses import scoring
from responses.models import Category, Response
from responses.selection import Selection


@dataclass(frozen=True, slots=True)
class Part:
    category: Category
    label: str
    lowest: int
    highest: int
    n: int
    share: Decimal
    rows_url: str


def split(counts: scoring.Counts, selection: Selection) -> list[Part]:
    """Return the three parts in the order of the scale, or none without answers."""
    found = scoring.shares(counts)
    if found is None:
        return []
    scale_min = selection.survey.scale_min if selection.survey else 0
    labels = {
        scoring.Category.DETRACTOR: _("Detractors"),
        scoring.Category.PASSIVE: _("Passives"),
        scoring.Category.PROMOTER: _("Promoters"),
    }
    parts = []
    for category, share in zip(scoring.Category, found, strict=True):
        lowest, highest = scoring.category_range(category, scale_min=scale_min)
        rows = selection.narrowed(category=category.value, status=Response.Status.COUNTED.value)
        parts.append(
            Part(
                category=Category(category.value),
                label=labels[category],
                lowest=lowest,
                highest=highest,
                n=counts.of(category),
                share=share,
                rows_url=rows.rows_url,
            )
        )
    return parts
