"""Daily tallies: written once a day is settled, and put right again whenever it is touched.

A day is settled when nobody can change an answer of it any more, and an hour has passed. A periodic
job (`advance`) adds settled days; newer ones are counted from the answers themselves. Whatever
writes, changes or removes answers calls `keep_tallies` as the last thing of its transaction: days
that stand in tallies are counted anew there, so that answers and tallies are committed together.

Why this cannot go wrong between two transactions (READ COMMITTED, PostgreSQL's usual):

- Whoever touches only days after the tallied ones holds the survey's advisory lock *shared* until
  its commit. Customers who answer do not wait for each other.
- Whoever touches a tallied day, and the job, hold it *exclusively*, and only then start the
  statement that counts: its snapshot has everything that was committed by earlier holders. What
  another transaction has written and not yet committed is counted by that one: it comes for the
  lock later, and finds the day among the tallied ones.
- Which of the two is meant is decided under the shared lock, by how far the sheets go and not by
  any clock. If it has to be the exclusive one, the shared lock is given back first (a savepoint
  rolled back): two who both wanted more than they hold would wait for each other for ever.
- Several surveys are locked in the order of their keys, and rows before surveys: so nothing that
  others may hold is asked for after the lock.
- A sheet is always counted anew as it says of itself (time zone, bands), never as the settings
  are now; readers and job compare the two.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.db import OperationalError, connection, transaction
from django.db.models import Min, QuerySet
from django.db.transaction import TransactionManagementError

from responses.dimensions import PROPERTY, SENT, Dimension, add_up, list_dimensions
from responses.models import DailyTally, Response, SentTally, TallySheet
from responses.models.tally import COUNTS
from responses.spans import DAY, midnight
from surveys.models import Survey, get_organisation

# The first of the two numbers of our advisory locks; the second is the survey.
LOCKS = 0x7A11
# Between the end of the time for changes and the first tally of a day.
MARGIN = dt.timedelta(hours=1)
# While the job has the lock, customers who answer wait: so it takes as many days at a time as it
# can count in about this long.
CHUNK_SECONDS = 0.5
MOST_DAYS = 366
# How long the job stands in line for the lock, and others behind it.
PATIENCE = "3s"

_INSERT = """
    INSERT INTO responses_dailytally (sheet_id, day, value, {columns})
    SELECT sheet_id, day, value, {columns} FROM ({counted}) AS counted
     ORDER BY sheet_id, value, day
"""


class _Settled(Exception):
    """A day that was touched stands in tallies."""


def keep_tallies(
    touched: Iterable[tuple[int, dt.datetime]], *, keys: Collection[str] | None = None
) -> None:
    """Count the tallied days anew on which answers were touched: pairs of survey and moment.

    Call it once, inside the transaction that wrote, changed or removed the answers, at its end.
    With `keys` nothing but these properties has changed.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("Tallies are kept in the transaction of the answers.")
    moments: dict[int, set[dt.datetime]] = {}
    for survey_pk, moment in touched:
        moments.setdefault(survey_pk, set()).add(moment)
    for survey_pk in sorted(moments):
        if not _hold_newer_days(survey_pk, moments[survey_pk], keys):
            lock_survey(survey_pk, shared=False)
            _rebuild_moments(survey_pk, moments[survey_pk], keys)


def _hold_newer_days(
    survey_pk: int, moments: Collection[dt.datetime], keys: Collection[str] | None
) -> bool:
    """Keep the job from tallying the days until we commit; False when it has done so already."""
    earliest = min(moments)
    try:
        with transaction.atomic():
            lock_survey(survey_pk, shared=True)
            ends = _find_sheets(survey_pk, keys).values_list("through", "counted_as__zone")
            if any(_day_of(earliest, zone) <= through for through, zone in ends):
                raise _Settled
    except _Settled:
        return False
    return True


def _find_sheets(survey_pk: int, keys: Collection[str] | None) -> QuerySet[TallySheet]:
    sheets = _sheets_of_answers(survey_pk)
    if keys is not None:
        sheets = sheets.filter(dimension__in=[f"{PROPERTY}{key}" for key in keys])
    return sheets


def _sheets_of_answers(survey_pk: int) -> QuerySet[TallySheet]:
    return TallySheet.objects.filter(survey=survey_pk).exclude(dimension=SENT)


@dataclass(slots=True)
class ChangedProperties:
    """Answers of which nothing but properties was changed, until their tallies are kept."""

    touched: list[tuple[int, dt.datetime]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    def note(self, answer: Response, after: Mapping[str, Any]) -> None:
        """Before the properties of the answer become `after`."""
        before = answer.properties
        changed = {key for key in {**before, **after} if before.get(key) != after.get(key)}
        if changed:
            self.keys |= changed
            self.touched.append((answer.survey_id, answer.answered_at))

    def keep_tallies(self) -> None:
        """At the end of the transaction."""
        keep_tallies(self.touched, keys=self.keys)


def lock_survey(survey_pk: int, *, shared: bool) -> None:
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [LOCKS, survey_pk])


def _day_of(moment: dt.datetime, zone: str) -> dt.date:
    return moment.astimezone(ZoneInfo(zone)).date()


def _rebuild_moments(
    survey_pk: int, moments: Collection[dt.datetime], keys: Collection[str] | None
) -> None:
    sheets = list(_find_sheets(survey_pk, keys))
    for zone in sorted({sheet.counted_as["zone"] for sheet in sheets}):
        alike = [sheet for sheet in sheets if sheet.counted_as["zone"] == zone]
        rebuild_days(alike, {_day_of(moment, zone) for moment in moments})


def rebuild_days(sheets: Collection[TallySheet], days: Collection[dt.date]) -> None:
    """Count days anew, on each sheet those up to its end. Needs the survey's exclusive lock."""
    # Sheets that end on different days are counted apart: none may have days beyond its end.
    for through in {sheet.through for sheet in sheets}:
        alike = [sheet for sheet in sheets if sheet.through == through]
        its_days = [day for day in days if day <= through]
        if its_days:
            _write(alike, its_days)


def _write(sheets: list[TallySheet], days: list[dt.date]) -> None:
    DailyTally.objects.filter(sheet__in=sheets, day__in=days)._raw_delete(connection.alias)
    counted, params = add_up(sheets, days)
    columns = ", ".join(COUNTS)
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT.format(columns=columns, counted=counted),
            params,
        )


def find_last_settled(survey: Survey, zone: ZoneInfo, *, now: dt.datetime) -> dt.date:
    """Return the last day of which no answer can be changed by its person any more."""
    closed = now - dt.timedelta(hours=survey.change_window_hours) - MARGIN
    return closed.astimezone(zone).date() - DAY


def advance(*, now: dt.datetime, renew: Callable[[], None] = lambda: None) -> int:
    """Tally what has settled since, of every survey; return how many days that were.

    A survey that is busy (a large import) is left for the next time.
    """
    return sum(
        advance_survey(survey, now=now, tell=lambda _through, _until: renew())
        for survey in Survey.objects.order_by("pk")
    )


def advance_survey(
    survey: Survey,
    *,
    now: dt.datetime,
    tell: Callable[[dt.date, dt.date], None] = lambda _through, _until: None,
) -> int:
    """Bring the sheets of a survey to its last settled day, some days per transaction."""
    zone = get_organisation().zone
    dimensions = list_dimensions(zone)
    until = find_last_settled(survey, zone, now=now)
    done, size = 0, 1
    try:
        _open_sheets(survey, dimensions, until)
        while True:
            counted = _advance_some(survey, until, size)
            if counted is None:
                return done
            through, days, took = counted
            done += days
            tell(through, until)
            size = max(1, min(size * 2 if took < CHUNK_SECONDS / 2 else size, MOST_DAYS))
            if took > CHUNK_SECONDS:
                size = max(1, size // 2)
    except OperationalError as error:
        # Somebody has the lock for longer than we are ready to make others wait behind us.
        if getattr(error.__cause__, "sqlstate", "") != "55P03":
            raise
        return done


def _lock_for_job(survey: Survey) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
    lock_survey(survey.pk, shared=False)


@transaction.atomic
def _open_sheets(survey: Survey, dimensions: Collection[Dimension], until: dt.date) -> None:
    """Make the sheets that are missing, and throw away those that nobody reads any more."""
    wanted = {(each.name, each.fingerprint): each for each in dimensions}
    sheets = _sheets_of_answers(survey.pk)
    if set(sheets.values_list("dimension", "fingerprint")) == set(wanted):
        return
    _lock_for_job(survey)
    for sheet in sheets.all():
        if wanted.pop((sheet.dimension, sheet.fingerprint), None) is None:
            DailyTally.objects.filter(sheet=sheet)._raw_delete(connection.alias)
            sheet.delete()
    if not wanted:
        return
    first = Response.objects.filter(survey=survey).aggregate(first=Min("answered_at"))["first"]
    for each in wanted.values():
        # Before the first answer every day is complete. An older one that comes later is touched.
        before = _day_of(first, each.counted_as["zone"]) - DAY if first else until
        TallySheet.objects.create(
            survey=survey,
            dimension=each.name,
            counted_as=each.counted_as,
            fingerprint=each.fingerprint,
            **find_end(min(before, until), each.counted_as["zone"]),
        )


@transaction.atomic
def _advance_some(survey: Survey, until: dt.date, size: int) -> tuple[dt.date, int, float] | None:
    """Add the next days to the sheets that are furthest behind; None when there are no more.

    Returns their new end, how many days that were, and for how many seconds we had the lock.
    """
    sheets = _sheets_of_answers(survey.pk).filter(through__lt=until)
    if not sheets.exists():
        return None
    _lock_for_job(survey)
    started_at = time.monotonic()
    behind = list(sheets.all())
    if not behind:
        return None
    zone = behind[0].counted_as["zone"]
    behind = [sheet for sheet in behind if sheet.counted_as["zone"] == zone]
    begin = min(sheet.through for sheet in behind)
    ends = [sheet.through for sheet in behind if sheet.through > begin]
    through = min(begin + size * DAY, until, *ends)
    days = [begin + number * DAY for number in range(1, (through - begin).days + 1)]
    last = [sheet for sheet in behind if sheet.through == begin]
    _write(last, days)
    TallySheet.objects.filter(pk__in=[sheet.pk for sheet in last]).update(**find_end(through, zone))
    return through, len(days), time.monotonic() - started_at


def find_end(through: dt.date, zone: str) -> dict[str, Any]:
    return {"through": through, "ends_at": midnight(through + DAY, ZoneInfo(zone))}


def forget(survey: Survey) -> None:
    """Throw away every tally of a survey: it is counted live until the job has been there."""
    with transaction.atomic():
        lock_survey(survey.pk, shared=False)
        sheets = TallySheet.objects.filter(survey=survey)
        DailyTally.objects.filter(sheet__in=sheets)._raw_delete(connection.alias)
        SentTally.objects.filter(sheet__in=sheets)._raw_delete(connection.alias)
        sheets.delete()
