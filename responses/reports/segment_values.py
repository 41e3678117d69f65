"""Which values of each property occur, and how often: what a filter has to offer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from responses.dimensions import PROPERTY, compile_text, make_dimension
from responses.models.tally import COUNTS
from responses.reports.tallied import END
from surveys.models import Property, Survey
from surveys.properties import band_text

_SEGMENTS = """
    WITH wanted AS MATERIALIZED (
        SELECT named.dimension, sheet.id, coalesce(sheet.ends_at, '-infinity') AS since
          FROM unnest(%s::text[], %s::text[]) AS named (dimension, fingerprint)
          LEFT JOIN responses_tallysheet AS sheet
            ON sheet.survey_id = %s AND sheet.dimension = named.dimension
           AND sheet.fingerprint = named.fingerprint
    )
    SELECT wanted.dimension, tally.value, sum({n})
      FROM wanted JOIN responses_dailytally AS tally ON tally.sheet_id = wanted.id
     GROUP BY wanted.dimension, tally.value
"""
# Of each property by itself: that takes less than to join its name to every answer.
_NEWER = """
     UNION ALL
    SELECT %s::text, {value}, count(*)
      FROM responses_response
     WHERE responses_response.survey_id = %s AND responses_response.status = 'counted'
       AND responses_response.answered_at >= (SELECT since FROM wanted WHERE dimension = %s)
       AND responses_response.answered_at < {end}
     GROUP BY 2
"""


def count_segment_values(
    survey: Survey, declared: Sequence[Property], zone: ZoneInfo
) -> dict[str, dict[str, int]]:
    """Return how many counted answers have each value of each of these properties; '' for none."""
    found: dict[str, dict[str, int]] = {entry.key: defaultdict(int) for entry in declared}
    wanted = [make_dimension(f"{PROPERTY}{each.key}", zone, each) for each in declared]
    names = [each.name for each in wanted]
    params: list[Any] = [names, [each.fingerprint for each in wanted], survey.pk]
    counts = " + ".join(f"tally.{column}" for column in COUNTS)
    statement = _SEGMENTS.format(n=counts)
    for name, entry in zip(names, declared, strict=True):
        sql, its_params = compile_text(band_text(entry))
        statement += _NEWER.format(value=sql, end=END)
        params += [name, *its_params, survey.pk, name]
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        for dimension, value, n in cursor.fetchall():
            found[dimension.removeprefix(PROPERTY)][value] += n
    return found
