"""Which mail of which day each person gets, as SQL: positions meet the timetable of a plan.

People wait in queues: one for each calendar, and beside it one for those who rest until a later
day, in the order in which they are free. `spread` gave the second no more of a day than are free.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from surveys.planning.calendar import MICROSECOND
from surveys.planning.openings import Lane
from surveys.planning.schedule import Batch

# `positioned` must be defined before it. Empty `scheduled_for`: no room.
_TIMETABLE = """
    timetable (queue, closes, firsts, starts, steps, mails) AS (VALUES {queues})
"""
_QUEUE = "(%s, %s::timestamptz, %s::bigint[], %s::timestamptz[], %s::bigint[], %s::bigint)"
_PLACED = """
    placed AS (
        SELECT queued.*, closes,
               CASE WHEN place < mails THEN
                   starts[batch]
                   + (place - firsts[batch]) * steps[batch] * interval '1 microsecond'
               END AS scheduled_for
          FROM {queued} AS queued {joined},
               LATERAL width_bucket(place, firsts) AS batch
    )
"""
_ONE_QUEUE = "(SELECT positioned.*, position AS place FROM positioned)"
_MANY_QUEUES = """(
    SELECT waiting.*,
           row_number() OVER (PARTITION BY queue ORDER BY release, position) - 1 AS place
      FROM (SELECT positioned.*, 2 * lane + (release > 0)::int AS queue FROM positioned) AS waiting
)"""


def place(
    lanes: Sequence[Lane], spreads: Sequence[Sequence[Batch]], *, has_resting: bool
) -> tuple[str, list[Any]]:
    """Return the relations that end in `placed`, with their parameters."""
    is_simple = len(lanes) == 1 and not has_resting
    if is_simple:
        statement = _PLACED.format(queued=_ONE_QUEUE, joined="CROSS JOIN timetable")
    else:
        joined = "JOIN timetable ON timetable.queue = queued.queue"
        statement = _PLACED.format(queued=_MANY_QUEUES, joined=joined)
    queues: list[Any] = []
    for number, (lane, batches) in enumerate(zip(lanes, spreads, strict=True)):
        closes = lane.slots[-1].end if lane.slots else None
        free = ((batch, 0, batch.mails - batch.late) for batch in batches)
        late = ((batch, batch.mails - batch.late, batch.late) for batch in batches)
        queues.append([2 * number, closes, *_list_times(free)])
        if not is_simple:
            queues.append([2 * number + 1, closes, *_list_times(late)])
    timetable = _TIMETABLE.format(queues=", ".join([_QUEUE] * len(queues)))
    return f"{timetable}, {statement}", [value for queue in queues for value in queue]


def _list_times(parts: Iterable[tuple[Batch, int, int]]) -> list[Any]:
    """Of each part of a batch (its first mail, how many): position, moment, distance; and all."""
    firsts: list[int] = []
    starts: list[dt.datetime] = []
    steps: list[int] = []
    position = 0
    for batch, first, mails in parts:
        if mails:
            firsts.append(position)
            starts.append(batch.slot.start + first * batch.step)
            steps.append(batch.step // MICROSECOND)
            position += mails
    return [firsts, starts, steps, position]
