"""Which mail of which day each person gets, as SQL: positions meet the timetable of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from surveys.planning.calendar import MICROSECOND
from surveys.planning.schedule import Batch

# `positioned` must be defined before it. Empty `scheduled_for`: no room.
_PLACED = """
    timetable AS (
        SELECT %s::bigint[] AS firsts, %s::timestamptz[] AS starts, %s::bigint[] AS steps,
               %s::bigint AS mails
    ),
    placed AS (
        SELECT positioned.*,
               CASE WHEN position < mails THEN
                   starts[batch]
                   + (position - firsts[batch]) * steps[batch] * interval '1 microsecond'
               END AS scheduled_for
          FROM positioned, timetable, LATERAL width_bucket(position, firsts) AS batch
    )
"""
# The same in two queues: who may be asked from the first slot on, and who rests until a later one,
# in the order in which they are free. `spread` gave the second no more of a day than are free.
_PLACED_IN_QUEUES = """
    queued AS (
        SELECT positioned.*, release > 0 AS rests,
               row_number() OVER (PARTITION BY release > 0 ORDER BY release, position) - 1 AS place
          FROM positioned
    ),
    timetable AS (
        SELECT FALSE AS rests, %s::bigint[] AS firsts, %s::timestamptz[] AS starts,
               %s::bigint[] AS steps, %s::bigint AS mails
        UNION ALL
        SELECT TRUE, %s::bigint[], %s::timestamptz[], %s::bigint[], %s::bigint
    ),
    placed AS (
        SELECT queued.*,
               CASE WHEN place < mails THEN
                   starts[batch]
                   + (place - firsts[batch]) * steps[batch] * interval '1 microsecond'
               END AS scheduled_for
          FROM queued JOIN timetable ON timetable.rests = queued.rests,
               LATERAL width_bucket(place, firsts) AS batch
    )
"""


def place(batches: Sequence[Batch]) -> tuple[str, list[Any]]:
    """Return the relations that end in `placed`, with their parameters."""
    free = _list_times((batch, 0, batch.mails - batch.late) for batch in batches)
    if not any(batch.late for batch in batches):
        return _PLACED, free
    late = _list_times((batch, batch.mails - batch.late, batch.late) for batch in batches)
    return _PLACED_IN_QUEUES, [*free, *late]


def _list_times(parts: Iterable[tuple[Batch, int, int]]) -> list[Any]:
    """Of each part of a batch (its first mail, how many): position, moment, distance; and all."""
    firsts, starts, steps, position = [], [], [], 0
    for batch, first, mails in parts:
        if mails:
            firsts.append(position)
            starts.append(batch.slot.start + first * batch.step)
            steps.append(batch.step // MICROSECOND)
            position += mails
    return [firsts, starts, steps, position]
