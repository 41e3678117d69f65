"""Pairs added up: settled days from their tallies, newer ones from the answers.

How far the tallies go is read along with them, and before the newer ones are counted: how pairs are
best looked for depends on how many days there are, which the planner must be able to see. Should
the job have been there in between, the days that it added are counted live.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from typing import Any, TypeAlias

from django.db import connection

from responses.dimensions import Dimension, by_position, compile_text, value_of
from responses.models.tally import COUNTS
from responses.pair_rows import ALL_CELLS, CELL_COUNTS, Twosome, find_pairs
from responses.selection import Selection

# Of nine cells: see responses.pair_rows.
Cells: TypeAlias = tuple[int, ...]

_SUMS = ", ".join(f"sum(tally.{column})::bigint" for column in COUNTS[: len(ALL_CELLS)])
# A sheet without tallies in these days has one row, of which the value is NULL.
_KEPT = """
    SELECT sheet.ends_at, tally.value, {sums}
      FROM responses_tallysheet AS sheet
      LEFT JOIN responses_dailytally AS tally ON tally.sheet_id = sheet.id AND {condition}
     WHERE sheet.survey_id = %s AND sheet.dimension = %s AND sheet.fingerprint = %s
     GROUP BY 1, 2
"""
_NEWER = """
    SELECT live.value, {cells}
      FROM pairs
      JOIN responses_response ON responses_response.id = pairs.after_id
      LEFT JOIN surveys_invitation ON surveys_invitation.id = responses_response.invitation_id
     CROSS JOIN LATERAL (SELECT {value} AS value) AS live
     WHERE {condition}
     GROUP BY 1
"""


def read_pairs(
    dimension: Dimension, twosome: Twosome, selection: Selection, values: tuple[str, ...] = ()
) -> dict[str, Cells]:
    """Return the nine counts of the pairs of the selected days, by value; no values: all."""
    found: dict[str, Cells] = defaultdict(lambda: (0,) * len(ALL_CELLS))
    start, end = selection.start, selection.end
    for ends_at, value, *cells in _read_kept(dimension, twosome, selection, values):
        start = max(start, ends_at) if start else ends_at
        if value is not None:
            found[value] = tuple(cells)
    if not (start and end) or start < end:
        for value, *cells in _count_newer(dimension, twosome, values, start, end):
            found[value] = tuple(map(sum, zip(found[value], cells, strict=True)))
    return {value: cells for value, cells in found.items() if any(cells)}


def _read_kept(
    dimension: Dimension, twosome: Twosome, selection: Selection, values: tuple[str, ...]
) -> list[Any]:
    conditions, params = ["TRUE"], list[Any]()
    if values:
        hashes = [hashlib.md5(v.encode(), usedforsecurity=False).hexdigest() for v in values]
        conditions.append("md5(tally.value) = ANY (%s)")
        params.append(hashes)
    if selection.first:
        conditions.append("tally.day >= %s")
        params.append(selection.first)
    if selection.last:
        conditions.append("tally.day <= %s")
        params.append(selection.last)
    sql = _KEPT.format(sums=_SUMS, condition=" AND ".join(conditions))
    with connection.cursor() as cursor:
        cursor.execute(sql, [*params, twosome.after, dimension.name, dimension.fingerprint])
        return list(cursor.fetchall())


def _count_newer(
    dimension: Dimension,
    twosome: Twosome,
    values: tuple[str, ...],
    start: dt.datetime | None,
    end: dt.datetime | None,
) -> list[Any]:
    pairs, params = by_position(*find_pairs(twosome, start, end))
    value, value_params = compile_text(value_of(dimension.name, dimension.counted_as))
    params += value_params
    condition = "TRUE"
    if values:
        condition = "live.value = ANY (%s)"
        params.append(list(values))
    counted = _NEWER.format(cells=CELL_COUNTS, value=value, condition=condition)
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {pairs} {counted}", params)
        return list(cursor.fetchall())
