"""Detractors, passives, promoters: counts, and shares that add up to 100.0."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from responses.models import Response
from responses.scoring import Category, Counts, category_range, shares
from responses.selection import Selection


@dataclass(frozen=True, slots=True)
class Part:
    category: Category
    lowest: int
    highest: int
    n: int
    share: Decimal
    rows_url: str


def split(counts: Counts, selection: Selection) -> list[Part]:
    """Return the three parts in the order of the scale, or none without answers."""
    found = shares(counts)
    if found is None:
        return []
    scale_min = selection.survey.scale_min if selection.survey else 0
    parts = []
    for category, share in zip(Category, found, strict=True):
        lowest, highest = category_range(category, scale_min=scale_min)
        rows_url = selection.narrowed(
            category=category, status=Response.Status.COUNTED.value
        ).rows_url
        parts.append(Part(category, lowest, highest, counts.of(category), share, rows_url))
    return parts
