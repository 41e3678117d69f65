"""Whether the tallies say what the answers say; every night, and whenever somebody asks."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import F, Min

from responses.dimensions import SENT, add_up, group_alike
from responses.models import DailyTally, Response, TallySheet
from responses.models.tally import COUNTS
from responses.sent_tallies import mend_sent
from responses.spans import DAY
from responses.tally_writing import lock_surveys, rebuild_days
from surveys.models import Alarm, Survey, get_organisation
from surveys.sending.alarms import Facts, raise_alarms
from surveys.sending.watch import last_seen, note_alive

logger = logging.getLogger(__name__)

CHECKED = "tallies checked"
# The hour of the organisation's night from which on it is done.
FROM_HOUR = 3
# Of so many days at a time both sides are held in memory.
DAYS = 31
MOST_LOGGED = 20

# One statement is one snapshot: whatever is being written meanwhile is in both or in neither.
_DIFFERING = """
    WITH counted AS MATERIALIZED ({counted}),
         kept AS MATERIALIZED (
            SELECT sheet_id, day, value, {columns} FROM responses_dailytally
             WHERE sheet_id = ANY (%s) AND day = ANY (%s::date[])
         )
    SELECT DISTINCT sheet.id, sheet.dimension, found.day, found.value
      FROM ((SELECT * FROM counted EXCEPT SELECT * FROM kept)
             UNION ALL (SELECT * FROM kept EXCEPT SELECT * FROM counted)) AS found
      JOIN responses_tallysheet AS sheet ON sheet.id = found.sheet_id
     WHERE found.day <= sheet.through
     ORDER BY sheet.dimension, found.day, found.value
"""


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    survey: str
    dimension: str
    day: dt.date
    value: str
    sheet_pk: int

    def __str__(self) -> str:
        named = [self.survey, self.dimension or "all", f"{self.day}", *filter(None, [self.value])]
        return " · ".join(named)


def find_differences(
    survey: Survey, *, renew: Callable[[], None] = lambda: None
) -> Iterator[Difference]:
    """Yield every tally of a survey that is not what its answers add up to. Writes nothing."""
    answers = TallySheet.objects.filter(survey=survey).exclude(dimension=SENT)
    sheets = list(answers.order_by("pk"))
    beyond = DailyTally.objects.filter(sheet__in=sheets).select_related("sheet")
    for tally in beyond.filter(day__gt=_through()):
        yield Difference(survey.slug, tally.sheet.dimension, tally.day, tally.value, tally.sheet_id)
    for alike in group_alike(sheets):
        for days in _list_days(survey, alike, ZoneInfo(alike[0].counted_as["zone"])):
            yield from _compare(survey, alike, days)
            renew()


def _through() -> F:
    return F("sheet__through")


def _list_days(survey: Survey, sheets: list[TallySheet], zone: ZoneInfo) -> Iterator[list[dt.date]]:
    """Yield all days of answers and tallies, some at a time."""
    first = Response.objects.filter(survey=survey).aggregate(first=Min("answered_at"))["first"]
    tallied = DailyTally.objects.filter(sheet__in=sheets).aggregate(first=Min("day"))["first"]
    starts = [first.astimezone(zone).date()] if first else []
    starts += [tallied] if tallied else []
    if not starts:
        return
    day, last = min(starts), max(sheet.through for sheet in sheets)
    while day <= last:
        yield [day + number * DAY for number in range(min(DAYS, (last - day).days + 1))]
        day += DAYS * DAY


def _compare(survey: Survey, sheets: list[TallySheet], days: list[dt.date]) -> Iterator[Difference]:
    counted, params = add_up(sheets, days)
    statement = _DIFFERING.format(counted=counted, columns=", ".join(COUNTS))
    with connection.cursor() as cursor:
        cursor.execute(statement, [*params, [sheet.pk for sheet in sheets], days])
        for sheet_pk, dimension, day, value in cursor.fetchall():
            yield Difference(survey.slug, dimension, day, value, sheet_pk)


def check_nightly(*, now: dt.datetime, renew: Callable[[], None] = lambda: None) -> int | None:
    """Once a night: compare everything, raise an alarm on any difference, and mend it.

    Returns how many tallies differed; None when there was nothing to do (yet).
    """
    here = now.astimezone(get_organisation().zone)
    seen = last_seen(CHECKED)
    if here.hour < FROM_HOUR or (seen and seen.astimezone(here.tzinfo).date() >= here.date()):
        return None
    wrong: dict[str, Facts] = {}
    total = 0
    for survey in Survey.objects.order_by("pk"):
        found = list(find_differences(survey, renew=renew))
        if found:
            total += len(found)
            days = len({each.day for each in found})
            wrong[str(survey.pk)] = {"name": survey.name, "count": days}
            logger.error("Tallies differ: %s", "; ".join(map(str, found[:MOST_LOGGED])))
            mend(survey, found)
        if late := mend_sent(survey):
            logger.warning("What was sent on %s changed long after", ", ".join(map(str, late)))
    raise_alarms(Alarm.Kind.TALLIES, wrong, now=now)
    note_alive(CHECKED, now=now)
    return total


def mend(survey: Survey, found: Collection[Difference]) -> None:
    """Count the days anew that differ: wrong figures must not stand until somebody reads a mail."""
    with transaction.atomic():
        lock_surveys([survey.pk], shared=False)
        sheets = TallySheet.objects.filter(survey=survey, pk__in={each.sheet_pk for each in found})
        for sheet in sheets:
            rebuild_days([sheet], {each.day for each in found if each.sheet_pk == sheet.pk})
        DailyTally.objects.filter(sheet__survey=survey, day__gt=_through()).delete()
