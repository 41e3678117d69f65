"""The statement that finds pairs: who answered before a delivery and after it.

A pair is made of one contact and one occasion (an order number; '' goes with ''). Its second half
is an answer after the delivery, its first half the earliest answer before it that was given since
the answer after the last delivery, and within the days that the survey allows. So two answers to
one of the surveys never make two pairs. What is erased, excluded or probably automatic is in none.
A pair belongs to the day of its second half, and to the properties that were known with that.

Pairs are counted in nine cells, from each category before to each after: `table[i][j]`, both in the
order detractor, passive, promoter.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from responses.scoring import Category
from surveys.models import Survey

CATEGORIES = tuple(category.value for category in Category)
ALL_CELLS = tuple((before, after) for before in range(3) for after in range(3))

# Not the ORM: it cannot number turns in one query and look back within them in another around it.
# A turn is all that a customer said before until, and with, the next answer after. Of two answers
# at the same moment the one after the delivery goes first: it was not preceded by the other.
_PAIRS = """
    given AS (
        SELECT id, contact_id, occasion, answered_at, category, survey_id = %(after)s AS is_after,
               count(*) FILTER (WHERE survey_id = %(after)s) OVER (
                   PARTITION BY contact_id, occasion
                   ORDER BY answered_at, survey_id <> %(after)s, id
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
               ) AS turn
        FROM responses_response
        WHERE status = 'counted' AND contact_id IS NOT NULL
          AND survey_id IN (%(before)s, %(after)s)
          AND answered_at >= %(start)s::timestamptz - %(within)s
          AND answered_at < %(end)s::timestamptz {whose}
    ), turns AS (
        SELECT *, max(id) FILTER (WHERE is_after) OVER a_turn AS after_id,
               max(answered_at) FILTER (WHERE is_after) OVER a_turn AS after_at,
               max(category) FILTER (WHERE is_after) OVER a_turn AS after_category
        FROM given
        WINDOW a_turn AS (PARTITION BY contact_id, occasion, turn)
    ), pairs AS (
        SELECT DISTINCT ON (contact_id, occasion, turn)
               id AS before_id, category AS before_category, after_id, after_at, after_category
        FROM turns
        WHERE NOT is_after AND answered_at >= after_at - %(within)s
          AND after_at >= %(start)s::timestamptz
        ORDER BY contact_id, occasion, turn, answered_at, id
    )
"""
# Over a few days only those are looked back at who answered on them.
_WHOSE = """
          AND contact_id IN (
              SELECT contact_id FROM responses_response
               WHERE survey_id = %(after)s AND status = 'counted'
                 AND answered_at >= %(start)s::timestamptz AND answered_at < %(end)s::timestamptz
          )
"""
# The columns n0 … n8 of pairs in a group.
CELL_COUNTS = ", ".join(
    f"count(*) FILTER (WHERE before_category = '{CATEGORIES[i]}' "
    f"AND after_category = '{CATEGORIES[j]}')::integer AS n{number}"
    for number, (i, j) in enumerate(ALL_CELLS)
)


@dataclass(frozen=True, slots=True)
class Twosome:
    """Two surveys, of the same customers, and how many days may lie between the two answers."""

    before: int
    after: int
    days: int

    @property
    def within(self) -> dt.timedelta:
        return dt.timedelta(days=self.days)


def find_before(survey: Survey) -> Survey | None:
    """Return what a survey is held against; None also for one on another scale."""
    before = survey.pre_survey
    return before if before and before.scale_min == survey.scale_min else None


def find_twosome(survey: Survey) -> Twosome | None:
    before = find_before(survey)
    return Twosome(before.pk, survey.pk, survey.pair_days) if before else None


def find_pairs(
    twosome: Twosome, start: dt.datetime | None, end: dt.datetime | None
) -> tuple[str, dict[str, Any]]:
    """Return what makes the table `pairs` after WITH: those whose second answer is in between."""
    values = {
        "before": twosome.before,
        "after": twosome.after,
        "within": twosome.within,
        "start": start or "-infinity",
        "end": end or "infinity",
    }
    return _PAIRS.format(whose=_WHOSE if start else ""), values
