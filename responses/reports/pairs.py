"""Pairs counted and listed: the same customers, before a delivery and after it.

What a pair is stands in responses.pair_rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, overload

from django.db import connection
from django.db.models import QuerySet

from responses.dimensions import ALL, PROPERTY, make_dimension, pair_up
from responses.models import Response
from responses.pair_rows import ALL_CELLS, CATEGORIES, find_pairs, find_twosome
from responses.reports.tallied import Slice, find_slice
from responses.reports.tallied_pairs import read_pairs
from responses.selection import Selection
from surveys.models import Property
from surveys.properties import segment_text

NO_GAP = "A delivery gap needs a survey with another one before it."
# table[i][j]: how many were in category i before and are in category j after.
Table: TypeAlias = tuple[tuple[int, int, int], tuple[int, int, int], tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Step:
    """The part of the pairs in which somebody went from one of these categories to another."""

    cells: tuple[tuple[int, int], ...]

    def count(self, table: Table) -> int:
        return sum(table[before][after] for before, after in self.cells)

    @property
    def words(self) -> list[str]:
        return [f"{CATEGORIES[before]} {CATEGORIES[after]}" for before, after in self.cells]


STEPS = {
    "": Step(ALL_CELLS),
    "up": Step(tuple(cell for cell in ALL_CELLS if cell[1] > cell[0])),
    "same": Step(tuple(cell for cell in ALL_CELLS if cell[1] == cell[0])),
    "down": Step(tuple(cell for cell in ALL_CELLS if cell[1] < cell[0])),
    "fell": Step(((2, 0), (2, 1))),
    **{f"{CATEGORIES[i]}-{CATEGORIES[j]}": Step(((i, j),)) for i, j in ALL_CELLS},
}


def count_pairs(selection: Selection) -> Table:
    """Count the pairs of the selected days, by the categories before and after."""
    part = find_slice(selection)
    if part and selection.score is None:
        return add_tables([*_read(selection, part).values()])
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
    part = find_slice(selection)
    declared = Property.objects.segments().filter(key=key).first()
    if part and part.dimension.name == ALL and selection.score is None and declared:
        found = _read(
            selection, Slice(make_dimension(f"{PROPERTY}{key}", selection.zone, declared))
        )
    else:
        found = _count_live_by(selection, key)
    tables: dict[str, list[Table]] = {}
    for value, table in found.items():
        tables.setdefault(value if value.strip() else "", []).append(table)
    return {value: add_tables(those) for value, those in tables.items()}


def _read(selection: Selection, part: Slice) -> dict[str, Table]:
    """Return the pairs by value, from tallies as far as they go."""
    if selection.survey is None or (twosome := find_twosome(selection.survey)) is None:
        raise ValueError(NO_GAP)
    kept = read_pairs(pair_up(part.dimension, twosome), twosome, selection, part.values)
    shown = [
        CATEGORIES[after] if selection.category in ("", CATEGORIES[after]) else ""
        for _before, after in ALL_CELLS
    ]
    return {
        value: make_table(
            [
                (CATEGORIES[before], after, n)
                for (before, _), after, n in zip(ALL_CELLS, shown, cells, strict=True)
                if after and n
            ]
        )
        for value, cells in kept.items()
    }


def _count_live_by(selection: Selection, key: str) -> dict[str, Table]:
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
            found.setdefault(value, []).append((before, after, n))
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
    twosome = find_twosome(selection.survey) if selection.survey else None
    if twosome is None:
        raise ValueError(NO_GAP)
    pairs, values = find_pairs(twosome, selection.start, selection.end)
    narrower = _find_narrower(selection)
    if narrower is None:
        return f"WITH {pairs}", values
    chosen, extra = _name_parameters(*narrower.query.sql_with_params(), "chosen")
    pairs = pairs.replace("WHERE NOT is_after", f"WHERE after_id IN ({chosen}) AND NOT is_after")
    return f"WITH {pairs}", values | extra


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
