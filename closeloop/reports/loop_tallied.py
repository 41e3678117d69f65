"""How many heard from us over many days: from tallies, and from what is newer than they are."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace
from typing import Any

from django.db import connection
from django.db.models import DateTimeField
from django.db.models.expressions import RawSQL

from closeloop.loop_tallies import SUMS
from closeloop.models.followup import FollowUpQuerySet
from responses.models import Response
from responses.reports.tallied import Slice, find_slice
from responses.selection import Selection

# All in one snapshot, and no day in both halves: one that was touched is taken from no tally.
# Without the offset it would read all follow-ups to join those of a few days.
_STATEMENT = """
    WITH sheet AS MATERIALIZED (
        SELECT id, ends_at FROM closeloop_loopsheet
         WHERE survey_id = %(survey)s AND dimension = %(dimension)s
           AND fingerprint = %(fingerprint)s
    ), touched AS MATERIALIZED (
        SELECT DISTINCT (at AT TIME ZONE %(zone)s)::date AS day
          FROM closeloop_looptouch AS touch JOIN sheet ON touch.at < sheet.ends_at
         WHERE touch.survey_id = %(survey)s
    ), span AS (
        SELECT day::timestamp AT TIME ZONE %(zone)s AS starts,
               (day + 1)::timestamp AT TIME ZONE %(zone)s AS ends FROM touched
         UNION ALL
        SELECT coalesce(max(ends_at), '-infinity'), 'infinity' FROM sheet
    ), added AS (
        SELECT sum(contacted) AS contacted, sum(without) AS without, sum(waiting) AS waiting,
               min(day)::timestamp AT TIME ZONE %(zone)s AS oldest
          FROM sheet JOIN closeloop_looptally AS tally ON tally.sheet_id = sheet.id
         WHERE tally.day BETWEEN %(first)s AND %(last)s
           AND (%(values)s::text[] IS NULL OR md5(tally.value) = ANY (%(values)s))
           AND tally.day NOT IN (SELECT day FROM touched)
         UNION ALL
        SELECT {sums}, min(at)
          FROM span CROSS JOIN LATERAL ({live} OFFSET 0) AS live (reached, state, at)
    )
    SELECT coalesce(sum(contacted), 0)::bigint, coalesce(sum(without), 0)::bigint,
           coalesce(sum(waiting), 0)::bigint, min(oldest)
      FROM added
"""


def find_loop_slice(selection: Selection) -> Slice | None:
    """Return where the follow-ups of a selection are tallied; None where they are not."""
    if selection.survey is None or selection.category or selection.score is not None:
        return None
    if selection.status:
        return None
    if selection.channel == Response.Channel.MAIL:
        # Nobody else has a follow-up.
        selection = replace(selection, channel="")
    return None if selection.channel else find_slice(selection)


def count_tallied(
    answered: FollowUpQuerySet, selection: Selection, part: Slice
) -> tuple[int, int, int, dt.datetime | None]:
    """Return contacted, closed without, waiting, and when the first of them answered.

    `answered` are the follow-ups of the selection. Of those in tallies only the day is known: its
    first moment stands for the first answer.
    """
    at = "response__answered_at"
    newer = answered.filter(**{f"{at}__gte": _edge("starts"), f"{at}__lt": _edge("ends")})
    live, live_params = newer.values_list("first_contacted_at", "state", at).query.sql_with_params()
    params: dict[str, Any] = {f"live{place}": each for place, each in enumerate(live_params)}
    live %= tuple(f"%({name})s" for name in params)
    digests = [hashlib.md5(v.encode(), usedforsecurity=False).hexdigest() for v in part.values]
    params |= {
        "survey": selection.survey.pk if selection.survey else None,
        "dimension": part.dimension.name,
        "fingerprint": part.dimension.fingerprint,
        "zone": selection.zone.key,
        "first": selection.first or dt.date.min,
        "last": selection.last or dt.date.max,
        "values": digests or None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT.format(sums=SUMS, live=live), params)
        contacted, without, waiting, oldest = cursor.fetchone()
    return contacted, without, waiting, oldest


def _edge(name: str) -> RawSQL:
    """Of the span that the statement is at."""
    return RawSQL(f"span.{name}", [], output_field=DateTimeField())  # noqa: S611 (ours)
