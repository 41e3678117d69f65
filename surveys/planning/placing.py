"""Which mail of which day each person gets, as SQL: positions meet the timetable of a plan.

People wait in queues: one for each calendar, and beside it one for those who rest until a later
day, in the order in which they are free. `spread` gave the second no more of a day than are free.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from surveys.planning.calendar import MICROSECOND
from surveys.planning.openings import Lane
from surveys.planning.schedule import Batch

# `positioned` must be defined before it. Empty `scheduled_for`: no room. A batch is looked up by
# its number in a small hash table, which costs a fraction of reading it out of arrays.
_TIMETABLE = """
    opening_hours (queue, closes, mails, firsts) AS (VALUES {queues}),
    timetable (queue, batch, first, starts, step) AS (
        SELECT * FROM unnest(%s::int[], %s::int[], %s::bigint[], %s::timestamptz[], %s::bigint[])
    )
"""
_QUEUE = "(%s, %s::timestamptz, %s::bigint, %s::bigint[])"
_PLACED = """
    placed AS (
        SELECT queued.*,
               starts + (place - first) * step * interval '1 microsecond' AS scheduled_for
          FROM {queued} AS queued
          LEFT JOIN timetable ON timetable.batch = queued.batch {same_queue}
    )
"""
_ONE_QUEUE = """(
    SELECT positioned.*, position AS place, %s::timestamptz AS closes,
           CASE WHEN position < %s THEN width_bucket(position, %s::bigint[]) END AS batch
      FROM positioned
)"""
_MANY_QUEUES = """(
    SELECT lined.*, closes, CASE WHEN place < mails THEN width_bucket(place, firsts) END AS batch
      FROM (
        SELECT waiting.*,
               row_number() OVER (PARTITION BY queue ORDER BY release, position) - 1 AS place
          FROM (
            SELECT positioned.*, 2 * lane + (release > 0)::int AS queue FROM positioned
          ) AS waiting
      ) AS lined
      JOIN opening_hours ON opening_hours.queue = lined.queue
)"""


def place(
    lanes: Sequence[Lane], spreads: Sequence[Sequence[Batch]], *, has_resting: bool
) -> tuple[str, list[Any]]:
    """Return the relations that end in `placed`, with their parameters."""
    queues, rows = [], []
    for number, (lane, batches) in enumerate(zip(lanes, spreads, strict=True)):
        closes = lane.slots[-1].end if lane.slots else None
        free = [(batch, 0, batch.mails - batch.late) for batch in batches]
        late = [(batch, batch.mails - batch.late, batch.late) for batch in batches]
        for queue, parts in ((2 * number, free), (2 * number + 1, late)):
            times = list(_list_times(queue, parts))
            rows += times
            mails = sum(mails for _, _, mails in parts)
            queues.append([queue, closes, mails, [first for _, _, first, _, _ in times]])
    columns = [list(column) for column in zip(*rows, strict=True)] or [[]] * 5
    timetable = _TIMETABLE.format(queues=", ".join([_QUEUE] * len(queues)))
    parameters = [value for queue in queues for value in queue] + columns
    if len(lanes) == 1 and not has_resting:
        placed = _PLACED.format(queued=_ONE_QUEUE, same_queue="AND timetable.queue = 0")
        parameters += queues[0][1:]
    else:
        placed = _PLACED.format(
            queued=_MANY_QUEUES, same_queue="AND timetable.queue = queued.queue"
        )
    return f"{timetable}, {placed}", parameters


def _list_times(
    queue: int, parts: Iterable[tuple[Batch, int, int]]
) -> Iterator[tuple[int, int, int, dt.datetime, int]]:
    """Of each part of a batch (its first mail, how many): queue, number, position, moment, step."""
    number = position = 0
    for batch, first, mails in parts:
        if mails:
            number += 1
            moment = batch.slot.start + first * batch.step
            yield queue, number, position, moment, batch.step // MICROSECOND
            position += mails
