"""Who answered before a delivery and after it: each such customer is one pair.

A pair is made of one contact and one occasion (an order number; '' goes with ''). Its second half
is an answer after the delivery, its first half the earliest answer before it that was given since
the answer after the last delivery, and within the days that the survey allows. So two answers to
one of the surveys never make two pairs. What is erased, excluded or probably automatic is in none.
A pair belongs to the day of its second half, and to the properties that were known with that.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, overload

from django.db import connection
from django.db.models import QuerySet

from responses.models import Response
from responses.scoring import Category
from responses.selection import Selection
from surveys.models import Survey
from surveys.properties import segment_text

# table[i][j]: how many were in category i before and are in category j after.
Table: TypeAlias = tuple[tuple[int, int, int], tuple[int, int, int], tuple[int, int, int]]
CATEGORIES = tuple(category.value for category in Category)

# Not the ORM: it cannot number turns in one query and look back within them in another around it.
# A turn is all that a customer said before until, and with, the next answer after. Of two answers
# at the same moment the one after the delivery goes first: it was not preceded by the other.
PAIRS = """
    WITH given AS (
        SELECT id, contact_id, occasion, answered_at, category, survey_id = %(after)s AS is_after,
               count(*) FILTER (WHERE survey_id = %(after)s) OVER (
                   PARTITION BY contact_id, occasion
                   ORDER BY answered_at, survey_id <> %(after)s, id
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
               ) AS turn
        FROM responses_response
        WHERE status = 'counted' AND contact_id IS NOT NULL
          AND survey_id IN (%(before)s, %(after)s)
          AND (%(earliest)s::timestamptz IS NULL OR answered_at >= %(earliest)s)
          AND (%(end)s::timestamptz IS NULL OR answered_at < %(end)s)
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
          AND (%(start)s::timestamptz IS NULL OR after_at >= %(start)s)
        ORDER BY contact_id, occasion, turn, answered_at, id
    )
"""


@dataclass(frozen=True, slots=True)
class Step:
    """The part of the pairs in which somebody went from one of these categories to another."""

    cells: tuple[tuple[int, int], ...]

    def count(self, table: Table) -> int:
        return sum(table[before][after] for before, after in self.cells)

    @property
    def words(self) -> list[str]:
        return [f"{CATEGORIES[before]} {CATEGORIES[after]}" for before, after in self.cells]


ALL_CELLS = tuple((before, after) for before in range(3) for after in range(3))
STEPS = {
    "": Step(ALL_CELLS),
    "up": Step(tuple(cell for cell in ALL_CELLS if cell[1] > cell[0])),
    "same": Step(tuple(cell for cell in ALL_CELLS if cell[1] == cell[0])),
    "down": Step(tuple(cell for cell in ALL_CELLS if cell[1] < cell[0])),
    "fell": Step(((2, 0), (2, 1))),
    **{f"{CATEGORIES[i]}-{CATEGORIES[j]}": Step(((i, j),)) for i, j in ALL_CELLS},
}


def find_before(survey: Survey) -> Survey | None:
    """Return what a survey is held against; None also for one on another scale."""
    before = survey.pre_survey
    return before if before and before.scale_min == survey.scale_min else None


def count_pairs(selection: Selection) -> Table:
    """Count the pairs of the selected days, by the categories before and after."""
    sql, values = _find_pairs(selection)
    with connection.cursor() as cursor:
        cursor.execute(
            # The statement is ours throughout; what is asked for travels beside it.
            f"{sql} SELECT before_category, after_category, count(*) FROM pairs GROUP BY 1, 2",  # noqa: S608
            values,
        )
        return make_table(cursor.fetchall())


def count_pairs_by(selection: Selection, key: str) -> dict[str, Table]:
    """The same for each value of the property `key`; pairs without one are under ''.

    All of them together are what `count_pairs` returns.
    """
    sql, values = _find_pairs(selection)
    named, parameters = (
        Response.objects.filter(survey=selection.survey)
        .order_by()
        .annotate(_value=segment_text(key))
        .values_list("pk", "_value")
        .query.sql_with_params()
    )
    named, extra = _name_parameters(named, parameters, "named")
    query = f"""{sql}, named(id, value) AS ({named})
        SELECT coalesce(value, ''), before_category, after_category, count(*)
        FROM pairs JOIN named ON named.id = pairs.after_id GROUP BY 1, 2, 3"""  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(query, values | extra)
        found: dict[str, list[tuple[str, str, int]]] = {}
        for value, before, after, n in cursor.fetchall():
            found.setdefault(value if value.strip() else "", []).append((before, after, n))
    return {value: make_table(rows) for value, rows in found.items()}


def make_table(rows: Sequence[tuple[str, str, int]]) -> Table:
    counts = dict.fromkeys(ALL_CELLS, 0)
    for before, after, n in rows:
        counts[CATEGORIES.index(before), CATEGORIES.index(after)] += n
    first, second, third = ((counts[i, 0], counts[i, 1], counts[i, 2]) for i in range(3))
    return first, second, third


def add_tables(tables: Sequence[Table]) -> Table:
    rows = [(CATEGORIES[i], CATEGORIES[j], table[i][j]) for table in tables for i, j in ALL_CELLS]
    return make_table(rows)


@dataclass(frozen=True, slots=True)
class Pair:
    before: Response
    after: Response


class PairList(Sequence[Pair]):
    """The pairs behind a number, the latest first; read from the database a page at a time."""

    def __init__(self, selection: Selection, step: str, *, n: int) -> None:
        self.selection, self.step, self.n = selection, step, n

    def __len__(self) -> int:
        return self.n

    @overload
    def __getitem__(self, index: int) -> Pair: ...
    @overload
    def __getitem__(self, index: slice) -> list[Pair]: ...
    def __getitem__(self, index: int | slice) -> Pair | list[Pair]:
        if isinstance(index, int):
            return self[index : index + 1][0]
        first, last, _step = index.indices(self.n)
        sql, values = _find_pairs(self.selection)
        query = f"""{sql} SELECT before_id, after_id FROM pairs
            WHERE before_category || ' ' || after_category = ANY(%(cells)s)
            ORDER BY after_at DESC, after_id DESC LIMIT %(most)s OFFSET %(first)s"""  # noqa: S608
        values |= {"cells": STEPS[self.step].words, "most": last - first, "first": first}
        with connection.cursor() as cursor:
            cursor.execute(query, values)
            found = cursor.fetchall()
        related = ("survey", "contact__account", "follow_up")
        rows = Response.objects.select_related(*related).in_bulk(
            {pk for pair in found for pk in pair}
        )
        return [
            Pair(rows[before], rows[after])
            for before, after in found
            if before in rows and after in rows
        ]


def _find_pairs(selection: Selection) -> tuple[str, dict[str, Any]]:
    survey = selection.survey
    before = find_before(survey) if survey else None
    if survey is None or before is None:
        raise ValueError("A delivery gap needs a survey with another one before it.")
    within = dt.timedelta(days=survey.pair_days)
    values = {
        "before": before.pk,
        "after": survey.pk,
        "within": within,
        "earliest": selection.start - within if selection.start else None,
        "start": selection.start,
        "end": selection.end,
    }
    narrower = _find_narrower(selection)
    if narrower is None:
        return PAIRS, values
    chosen, extra = _name_parameters(*narrower.query.sql_with_params(), "chosen")
    sql = PAIRS.replace("WHERE NOT is_after", f"WHERE after_id IN ({chosen}) AND NOT is_after")
    return sql, values | extra


def _find_narrower(selection: Selection) -> QuerySet[Response, Any] | None:
    """Return the second halves that are meant where days do not say it all."""
    days = replace(selection, is_linked=True, status="")
    plain = Selection(
        zone=selection.zone, survey=selection.survey, first=selection.first, last=selection.last
    )
    if days == plain:
        return None
    return Response.objects.counted().in_selection(days).order_by().values_list("pk")


def _name_parameters(sql: str, parameters: Sequence[Any], name: str) -> tuple[str, dict[str, Any]]:
    """Give the places of a query names: positions and names do not mix in one statement."""
    first, *rest = sql.split("%s")
    names = [f"{name}_{number}" for number in range(len(rest))]
    named = [f"%({each})s{part}" for each, part in zip(names, rest, strict=True)]
    return first + "".join(named), dict(zip(names, parameters, strict=True))
