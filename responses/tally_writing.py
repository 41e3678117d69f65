"""Writing tallies: the lock of a survey, and days counted anew. See responses.tallies for why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from responses.dimensions import add_up, group_alike, twosome_of
from responses.models import DailyTally, TallySheet
from responses.models.tally import COUNTS
from responses.spans import DAY, midnight

# The first of the two numbers of our advisory locks; the second is the survey.
LOCKS = 0x7A11

_INSERT = """
    INSERT INTO responses_dailytally (sheet_id, day, value, {columns})
    SELECT sheet_id, day, value, {columns} FROM ({counted}) AS counted
     ORDER BY sheet_id, value, day
"""


def lock_surveys(survey_pks: Iterable[int], *, shared: bool) -> None:
    """Wait for the locks in the order of their keys, so that nobody waits for each other."""
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        for survey_pk in sorted(survey_pks):
            cursor.execute(f"SELECT {function}(%s, %s)", [LOCKS, survey_pk])


def rebuild_days(sheets: Collection[TallySheet], days: Collection[dt.date]) -> None:
    """Count days anew, on each sheet those up to its end. Needs the survey's exclusive lock."""
    for alike in group_alike(sheets):
        # Sheets that end on different days are counted apart: none may have days beyond its end.
        for through in {sheet.through for sheet in alike}:
            ending = [sheet for sheet in alike if sheet.through == through]
            for its_days in _cut(alike[0], [day for day in days if day <= through]):
                write_days(ending, its_days)


def _cut(sheet: TallySheet, days: Collection[dt.date]) -> Iterator[list[dt.date]]:
    """Yield the days that are best counted together.

    An index finds the answers of each day. Pairs are looked for between the first day and the last
    one, and before: so days apart go apart, unless that reads the same answers again.
    """
    twosome = twosome_of(sheet)
    together: list[dt.date] = []
    for day in sorted(days):
        if twosome and together and day - together[-1] > twosome.within:
            yield together
            together = []
        together.append(day)
    if together:
        yield together


def write_days(sheets: list[TallySheet], days: list[dt.date]) -> None:
    DailyTally.objects.filter(sheet__in=sheets, day__in=days)._raw_delete(connection.alias)
    counted, params = add_up(sheets, days)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT.format(columns=", ".join(COUNTS), counted=counted), params)


def day_of(moment: dt.datetime, zone: str) -> dt.date:
    return moment.astimezone(ZoneInfo(zone)).date()


def find_end(through: dt.date, zone: str) -> dict[str, Any]:
    return {"through": through, "ends_at": midnight(through + DAY, ZoneInfo(zone))}
