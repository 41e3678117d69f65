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
- The pairs of a survey stand on sheets of its own, but half of each is an answer to the survey
  before it. The job makes and lengthens such sheets only while it has the locks of both. So whoever
  holds that of the survey before, shared, knows which sheets of pairs there are and where they end,
  and that no day beyond gets onto them. Who touches a tallied day of theirs counts it anew with
  both locks exclusively.
- Several surveys are locked in the order of their keys, and rows before surveys, also those that
  foreign keys ask for: so nothing that others may hold is asked for after the lock.
- A sheet is always counted anew as it says of itself (time zone, bands, the survey before), never
  as the settings are now; readers and job compare the two.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.db import OperationalError, connection, transaction
from django.db.models import Min, QuerySet
from django.db.transaction import TransactionManagementError

from responses.dimensions import (
    PAIRS,
    SENT,
    Dimension,
    group_alike,
    list_answer_dimensions,
    list_pair_dimensions,
)
from responses.models import DailyTally, Response, SentTally, TallySheet
from responses.pair_rows import find_before
from responses.spans import DAY
from responses.tally_writing import day_of, find_end, lock_surveys, rebuild_days, write_days
from responses.touching import Touched, Touches
from surveys.models import Survey, get_organisation

# Between the end of the time for changes and the first tally of a day.
MARGIN = dt.timedelta(hours=1)
# While the job has the lock, customers who answer wait: so it takes as many days at a time as it
# can count in about this long.
CHUNK_SECONDS = 0.5
MOST_DAYS = 366
# How long the job stands in line for the lock, and others behind it.
PATIENCE = "3s"


class _GiveBack(Exception):
    """The locks are not those that are needed: these surveys have to be locked."""

    def __init__(self, surveys: set[int]) -> None:
        super().__init__(surveys)
        self.surveys = surveys


def keep_tallies(
    touched: Iterable[Touched],
    *,
    keys: Collection[str] | None = None,
    regrouped: Iterable[Touched] = (),
    moved: Iterable[Touched] = (),
) -> None:
    """Count the tallied days anew on which answers were touched.

    Call it once, inside the transaction that wrote, changed or removed the answers, at its end.
    For `keys`, `regrouped` and `moved` see `Touches`.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("Tallies are kept in the transaction of the answers.")
    touches = Touches(list(touched), keys, list(regrouped), list(moved))
    if not touches:
        return
    # Whether the customers of new answers are there is checked at the commit, unless it is asked
    # for: whoever erases one has that row, and comes for the lock.
    connection.check_constraints()
    try:
        _hold_newer_days(touches)
    except _GiveBack as settled:
        for alike in group_alike(_hold_all(touches, settled.surveys)):
            for through in {sheet.through for sheet in alike}:
                ending = [sheet for sheet in alike if sheet.through == through]
                rebuild_days(ending, touches.list_days(ending))


@transaction.atomic
def _hold_newer_days(touches: Touches) -> None:
    """Keep the job from tallying the days until we commit; raise when it has done so already."""
    lock_surveys(touches.surveys, shared=True)
    if settled := touches.find_settled():
        raise _GiveBack(touches.surveys | {sheet.survey_id for sheet in settled})


def _hold_all(touches: Touches, surveys: set[int]) -> list[TallySheet]:
    """Lock what was touched and what has pairs of it; return the sheets to be mended."""
    while True:
        try:
            with transaction.atomic():
                lock_surveys(surveys, shared=False)
                settled = touches.find_settled()
                if not surveys.issuperset(sheet.survey_id for sheet in settled):
                    # Pairs of them were tallied just before we had the locks.
                    raise _GiveBack(surveys | {sheet.survey_id for sheet in settled})
                return settled
        except _GiveBack as more:
            surveys = more.surveys


@dataclass(slots=True)
class ChangedAnswers:
    """Answers that count as before: what else of them was changed, until tallies are kept."""

    touched: list[Touched] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    regrouped: list[Touched] = field(default_factory=list)

    def note(self, answer: Response, after: Mapping[str, Any]) -> None:
        """Before the properties of the answer become `after`."""
        before = answer.properties
        changed = {key for key in {**before, **after} if before.get(key) != after.get(key)}
        if changed:
            self.keys |= changed
            self.touched.append(Touched.of(answer))

    def regroup(self, answer: Response) -> None:
        """Before, and after, an answer becomes that of another customer or occasion, or nobody."""
        self.regrouped.append(Touched.of(answer))

    def keep_tallies(self) -> None:
        """At the end of the transaction."""
        keep_tallies(self.touched, keys=self.keys, regrouped=self.regrouped)


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
    done = 0
    try:
        for book in (_book_of_answers(survey, now), _book_of_pairs(survey, now)):
            book.open_sheets()
            for through, days in book.advance():
                done += days
                tell(through, book.until)
    except OperationalError as error:
        # Somebody has the lock for longer than we are ready to make others wait behind us.
        if getattr(error.__cause__, "sqlstate", "") != "55P03":
            raise
    return done


def _book_of_answers(survey: Survey, now: dt.datetime) -> _Book:
    zone = get_organisation().zone
    mine = TallySheet.objects.filter(survey=survey)
    sheets = mine.exclude(dimension=SENT).exclude(dimension__startswith=PAIRS)
    until = find_last_settled(survey, zone, now=now)
    return _Book(survey, list_answer_dimensions(zone), sheets, sheets, {survey.pk}, until)


def _book_of_pairs(survey: Survey, now: dt.datetime) -> _Book:
    """Pairs settle with the later of their two answers."""
    zone = get_organisation().zone
    sheets = TallySheet.objects.filter(survey=survey, dimension__startswith=PAIRS)
    until = find_last_settled(survey, zone, now=now)
    before = find_before(survey)
    if before is None:
        return _Book(survey, [], sheets, sheets.none(), {survey.pk}, until)
    # Under their locks; should the survey have been set otherwise meanwhile, those have others.
    ours = sheets.filter(counted_as__before=before.pk)
    until = min(until, find_last_settled(before, zone, now=now))
    dimensions = list_pair_dimensions(survey, zone)
    return _Book(survey, dimensions, sheets, ours, {before.pk, survey.pk}, until)


@dataclass(frozen=True, slots=True)
class _Book:
    """Sheets of a survey that the job brings forward together, under the locks of `surveys`.

    `ours` are those of `sheets` that it may lengthen under these locks.
    """

    survey: Survey
    dimensions: Collection[Dimension]
    sheets: QuerySet[TallySheet]
    ours: QuerySet[TallySheet]
    surveys: Collection[int]
    until: dt.date

    def advance(self) -> Iterator[tuple[dt.date, int]]:
        """Add all days that have settled; yield after each transaction how far it came."""
        size = 1
        while counted := self._advance_some(size):
            through, days, took = counted
            yield through, days
            size = max(1, min(size * 2 if took < CHUNK_SECONDS / 2 else size, MOST_DAYS))
            if took > CHUNK_SECONDS:
                size = max(1, size // 2)

    def _lock(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
        lock_surveys(self.surveys, shared=False)

    @transaction.atomic
    def open_sheets(self) -> None:
        """Make the sheets that are missing, and throw away those that nobody reads any more."""
        wanted = {(each.name, each.fingerprint): each for each in self.dimensions}
        if set(self.sheets.values_list("dimension", "fingerprint")) == set(wanted):
            return
        self._lock()
        for sheet in self.sheets.all():
            if wanted.pop((sheet.dimension, sheet.fingerprint), None) is None:
                DailyTally.objects.filter(sheet=sheet)._raw_delete(connection.alias)
                sheet.delete()
        if not wanted:
            return
        answers = Response.objects.filter(survey=self.survey)
        first = answers.aggregate(first=Min("answered_at"))["first"]
        for each in wanted.values():
            zone = each.counted_as["zone"]
            # Before the first answer every day is complete. An older one that comes later is
            # touched.
            before = day_of(first, zone) - DAY if first else self.until
            TallySheet.objects.create(
                survey=self.survey,
                dimension=each.name,
                counted_as=each.counted_as,
                fingerprint=each.fingerprint,
                **find_end(min(before, self.until), zone),
            )

    @transaction.atomic
    def _advance_some(self, size: int) -> tuple[dt.date, int, float] | None:
        """Add the next days to the sheets that are furthest behind; None when there are no more.

        Returns their new end, how many days that were, and for how many seconds we had the lock.
        """
        sheets = self.ours.filter(through__lt=self.until)
        if not sheets.exists():
            return None
        self._lock()
        started_at = time.monotonic()
        behind = list(sheets.all())
        if not behind:
            return None
        zone = behind[0].counted_as["zone"]
        behind = [sheet for sheet in behind if sheet.counted_as["zone"] == zone]
        begin = min(sheet.through for sheet in behind)
        ends = [sheet.through for sheet in behind if sheet.through > begin]
        through = min(begin + size * DAY, self.until, *ends)
        days = [begin + number * DAY for number in range(1, (through - begin).days + 1)]
        last = [sheet for sheet in behind if sheet.through == begin]
        for alike in group_alike(last):
            write_days(alike, days)
        found = TallySheet.objects.filter(pk__in=[sheet.pk for sheet in last])
        found.update(**find_end(through, zone))
        return through, len(days), time.monotonic() - started_at


def forget(survey: Survey) -> None:
    """Throw away every tally of a survey: it is counted live until the job has been there."""
    with transaction.atomic():
        lock_surveys([survey.pk], shared=False)
        sheets = TallySheet.objects.filter(survey=survey)
        DailyTally.objects.filter(sheet__in=sheets)._raw_delete(connection.alias)
        SentTally.objects.filter(sheet__in=sheets)._raw_delete(connection.alias)
        sheets.delete()
