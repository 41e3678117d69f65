"""Daily tallies of follow-ups: how many heard from us, were closed without, or wait.

Unlike an answer, a follow-up is never settled: it may be reopened, or a contact come back, after
years. So no day is waited for and nobody waits for a lock. A trigger notes, in the transaction of
the change, the moment of the answer whose follow-up now counts as something else (`LoopTouch`).
A reader takes every day with such a note, and every day after the sheet's last, from the follow-ups
themselves, and all others from tallies (`closeloop.reports.loop_tallied`): never behind, never
ahead. Every five minutes the job counts those days anew and takes the notes away.

Why this cannot go wrong between two transactions (READ COMMITTED): the job takes away the notes
that it saw before it counted, so each of them is of a change that was committed before, and is in
the count. A change that was not committed then brings its own note when it is.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection, Iterable
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Min

from closeloop.models import LoopSheet, LoopTally, LoopTouch
from responses.dimensions import ALL, CAMPAIGN, PROPERTY, Dimension, list_dimensions, list_values
from responses.models import Response
from responses.spans import DAY, midnight
from responses.tally_check import FROM_HOUR, MOST_LOGGED
from responses.tally_writing import find_end
from surveys.models import Survey, get_organisation
from surveys.sending.watch import last_seen, note_alive

logger = logging.getLogger(__name__)

CHECKED = "loop tallies checked"
COUNTS = ("contacted", "without", "waiting")
# What each is, of a row with the columns `reached` and `state`; as closeloop.reports.cohort has it.
SUMS = """
    count(*) FILTER (WHERE reached IS NOT NULL),
    count(*) FILTER (WHERE reached IS NULL AND state = 'closed'),
    count(*) FILTER (WHERE reached IS NULL AND state <> 'closed')
"""
# An index holds the answers of a day that were collected, among imported history.
_COUNTED = """
    SELECT sheet_id, day, value, {sums} FROM (
        SELECT counted.sheet_id, touched.day, counted.value,
               followup.first_contacted_at AS reached, followup.state
          FROM unnest(%s::date[], %s::timestamptz[], %s::timestamptz[])
               AS touched (day, starts, ends)
          JOIN responses_response
            ON responses_response.survey_id = %s AND NOT responses_response.channel = 'import'
           AND responses_response.answered_at >= touched.starts
           AND responses_response.answered_at < touched.ends
          JOIN closeloop_followup AS followup
            ON followup.response_id = responses_response.id AND NOT followup.is_test
          LEFT JOIN surveys_invitation
            ON surveys_invitation.id = responses_response.invitation_id
         CROSS JOIN LATERAL (VALUES {values}) AS counted (sheet_id, value)
    ) AS found
     GROUP BY sheet_id, day, value
"""
_KEPT = """
    SELECT sheet_id, day, value, contacted, without, waiting FROM closeloop_looptally
     WHERE sheet_id = ANY (%s)
"""


def advance_all(*, now: dt.datetime) -> int:
    return sum(advance_loop(survey, now=now) for survey in Survey.objects.order_by("pk"))


@transaction.atomic
def advance_loop(survey: Survey, *, now: dt.datetime) -> int:
    """Bring the sheets of a survey to yesterday, and count anew what was touched.

    Returns how many days that were.
    """
    # Before anything is counted: see above.
    touches = list(LoopTouch.objects.filter(survey=survey).values_list("pk", "at"))
    zone = get_organisation().zone
    until = now.astimezone(zone).date() - DAY
    sheets = _open_sheets(survey, zone, until)
    days = {at.astimezone(zone).date() for _, at in touches}
    done = set[dt.date]()
    for through in {sheet.through for sheet in sheets}:
        alike = [sheet for sheet in sheets if sheet.through == through]
        wanted = {day for day in days if day <= until}
        wanted |= {through + n * DAY for n in range(1, (until - through).days + 1)}
        _write(alike, wanted)
        done |= wanted
    LoopSheet.objects.filter(pk__in=[each.pk for each in sheets], through__lt=until).update(
        **find_end(until, zone.key)
    )
    LoopTouch.objects.filter(pk__in=[pk for pk, _ in touches])._raw_delete(connection.alias)
    return len(done)


def list_loop_dimensions(zone: ZoneInfo) -> list[Dimension]:
    return [
        each
        for each in list_dimensions(zone)
        if each.name in (ALL, CAMPAIGN) or each.name.startswith(PROPERTY)
    ]


def _open_sheets(survey: Survey, zone: ZoneInfo, until: dt.date) -> list[LoopSheet]:
    """Return the sheets that are read now, and throw away those that nobody reads any more."""
    wanted = {(each.name, each.fingerprint): each for each in list_loop_dimensions(zone)}
    sheets = []
    for sheet in LoopSheet.objects.select_for_update().filter(survey=survey):
        if wanted.pop((sheet.dimension, sheet.fingerprint), None):
            sheets.append(sheet)
        else:
            sheet.delete()
    answers = Response.objects.collected().filter(survey=survey)
    first = answers.aggregate(first=Min("answered_at"))["first"] if wanted else None
    if first is None:
        return sheets
    # An older follow-up that comes later is touched.
    before = min(first.astimezone(zone).date() - DAY, until)
    return sheets + [
        LoopSheet.objects.create(
            survey=survey,
            dimension=each.name,
            counted_as=each.counted_as,
            fingerprint=each.fingerprint,
            **find_end(before, zone.key),
        )
        for each in wanted.values()
    ]


def _write(sheets: Collection[LoopSheet], days: Collection[dt.date]) -> None:
    if not days:
        return
    LoopTally.objects.filter(sheet__in=sheets, day__in=days)._raw_delete(connection.alias)
    counted, params = _count(sheets, days)
    columns = ", ".join(COUNTS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO closeloop_looptally (sheet_id, day, value, {columns}) {counted}",
            params,
        )


def _count(sheets: Collection[LoopSheet], days: Iterable[dt.date]) -> tuple[str, list[Any]]:
    """Return the statement that counts the days of one survey and time zone, as a tally has it."""
    sheets, ordered = list(sheets), sorted(days)
    zone = ZoneInfo(sheets[0].counted_as["zone"])
    values, value_params = list_values(sheets)
    params = [
        ordered,
        [midnight(day, zone) for day in ordered],
        [midnight(day + DAY, zone) for day in ordered],
        sheets[0].survey_id,
        *value_params,
    ]
    return _COUNTED.format(sums=SUMS, values=values), params


def check_nightly(*, now: dt.datetime) -> int | None:
    """Once a night: compare everything, and count anew what differs, which no change explains.

    Returns how many days differed; None when there was nothing to do (yet).
    """
    here = now.astimezone(get_organisation().zone)
    seen = last_seen(CHECKED)
    if here.hour < FROM_HOUR or (seen and seen.astimezone(here.tzinfo).date() >= here.date()):
        return None
    total = 0
    for survey in Survey.objects.order_by("pk"):
        if days := find_differing(survey):
            total += len(days)
            logger.error(
                "Tallies of follow-ups of %s differ: %s", survey, sorted(days)[:MOST_LOGGED]
            )
            with transaction.atomic():
                sheets = LoopSheet.objects.select_for_update().filter(survey=survey)
                for sheet in sheets:
                    _write([sheet], {day for day in days if day <= sheet.through})
    note_alive(CHECKED, now=now)
    return total


def find_differing(survey: Survey) -> set[dt.date]:
    """Return the days whose tallies are not what the follow-ups say; none of those touched."""
    differing = set[dt.date]()
    sheets = list(LoopSheet.objects.filter(survey=survey))
    for zone in {sheet.counted_as["zone"] for sheet in sheets}:
        alike = [sheet for sheet in sheets if sheet.counted_as["zone"] == zone]
        differing |= _compare(alike, survey)
    return differing


def _compare(sheets: list[LoopSheet], survey: Survey) -> set[dt.date]:
    zone, through = sheets[0].counted_as["zone"], {sheet.pk: sheet.through for sheet in sheets}
    first = LoopTally.objects.filter(sheet__in=sheets).aggregate(first=Min("day"))["first"]
    if first is None:
        return set()
    days = [first + n * DAY for n in range((max(through.values()) - first).days + 1)]
    counted, params = _count(sheets, days)
    # One statement is one snapshot.
    statement = f"""
        WITH counted AS MATERIALIZED ({counted}), kept AS MATERIALIZED ({_KEPT})
        SELECT sheet_id, day FROM (
            (SELECT * FROM counted EXCEPT SELECT * FROM kept)
             UNION ALL (SELECT * FROM kept EXCEPT SELECT * FROM counted)) AS found
         WHERE day NOT IN (SELECT (at AT TIME ZONE %s)::date FROM closeloop_looptouch
                            WHERE survey_id = %s)
    """  # noqa: S608  (no input in it)
    with connection.cursor() as cursor:
        cursor.execute(statement, [*params, list(through), zone, survey.pk])
        return {day for sheet_pk, day in cursor.fetchall() if day <= through[sheet_pk]}
