"""How often each score was given. A scale that starts at 1 has no bar for 0."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from responses.models import Category, Response
from responses.reports.counting import Tally
from responses.scoring import apportion, categorise
from responses.selection import Selection


@dataclass(frozen=True, slots=True)
class Column:
    score: int
    category: Category
    n: int
    share: Decimal
    rows_url: str


def columns(tally: Tally, selection: Selection) -> list[Column]:
    """Return one column per score of the scale, or none without answers."""
    found = apportion(tally.histogram)
    if found is None:
        return []
    return [
        Column(
            score=score,
            category=Category(categorise(score, scale_min=tally.scale_min).value),
            n=tally.histogram[score],
            share=found[score],
            rows_url=selection.narrowed(score=score, status=Response.Status.COUNTED.value).rows_url,
        )
        for score in range(tally.scale_min, len(tally.histogram))
    ]
