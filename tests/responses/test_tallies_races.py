"""Tallies while everybody writes at once, on real connections, and the job goes on meanwhile."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction

from npsapp.erasing.erase import CannotEraseNow, erase
from responses.importing import import_answers, undo_import
from responses.judging import accept_response, exclude_response, restore_response
from responses.models import DailyTally, Response
from responses.reading import Columns, Rules
from responses.recording import Closed, record_response
from responses.tallies import advance, keep_tallies
from responses.tally_check import find_differences
from responses.touching import Touched
from surveys.models import Contact, ImportBatch, Invitation, Survey
from tests.factories import (
    make_campaign,
    make_contact,
    make_invitation,
    make_organisation,
    make_property,
    make_response,
    make_survey,
    make_user,
)
from tests.races import PATIENCE_SECONDS, run_at_once

ZONE = ZoneInfo("Europe/Amsterdam")
BEGIN = dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
STORM_SECONDS = 8.0
# A day of the story goes by in so many seconds.
DAY_SECONDS = 0.2
LONGEST_COMMIT = 0.1
# Between two acts that lock whole surveys, so that others have their turns.
PAUSE = 0.1

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def ledger(tmp_path: Any, settings: Any) -> None:
    settings.DATA_DIR = tmp_path
    settings.OUTBOX_DIR = tmp_path / "outbox"
    make_organisation()
    make_property(key="region", is_segment=True)


class Hold:
    """A thread of its own that writes, says so, and commits only when it is let go."""

    def __init__(self, write: Callable[[], object]) -> None:
        self.has_written, self.may_commit = threading.Event(), threading.Event()
        self.write = write
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        try:
            with transaction.atomic():
                self.write()
                self.has_written.set()
                self.may_commit.wait(PATIENCE_SECONDS)
        finally:
            connection.close()

    def __enter__(self) -> Hold:
        self.thread.start()
        assert self.has_written.wait(PATIENCE_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self.may_commit.set()
        self.thread.join(PATIENCE_SECONDS)


def in_thread(call: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            call()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def write_answer(survey: Survey, at: dt.datetime) -> None:
    Response.objects.create(
        survey=survey, scale_min=0, score=9, channel="import", answered_at=at,
        properties={"region": "Noord"},
    )  # fmt: skip
    keep_tallies([Touched(survey.pk, at)])


def is_clean(survey: Survey) -> bool:
    return list(find_differences(survey)) == []


def test_job_waits_for_an_answer_that_is_being_written() -> None:
    """It read its clock long ago: by the job's clock its day has settled."""
    survey = make_survey()
    advance(now=BEGIN)

    with Hold(lambda: write_answer(survey, BEGIN)):
        job = in_thread(lambda: advance(now=BEGIN + 10 * DAY))
        job.join(0.5)
        assert job.is_alive()
    job.join(PATIENCE_SECONDS)

    assert DailyTally.objects.get(sheet__dimension="").n9 == 1
    assert is_clean(survey)


def test_answer_that_comes_after_its_day_was_tallied_is_added() -> None:
    survey = make_survey()
    advance(now=BEGIN + 10 * DAY)

    with transaction.atomic():
        write_answer(survey, BEGIN)

    assert DailyTally.objects.get(sheet__dimension="").n9 == 1


def test_two_who_touch_the_same_tallied_day_are_both_counted() -> None:
    survey = make_survey()
    advance(now=BEGIN + 10 * DAY)

    with Hold(lambda: write_answer(survey, BEGIN)):

        def write() -> None:
            with transaction.atomic():
                write_answer(survey, BEGIN)

        second = in_thread(write)
        second.join(0.3)
        assert second.is_alive()
    second.join(PATIENCE_SECONDS)

    assert DailyTally.objects.get(sheet__dimension="").n9 == 2
    assert is_clean(survey)


def test_answers_of_today_do_not_wait_for_each_other() -> None:
    survey = make_survey()
    advance(now=BEGIN)

    with Hold(lambda: write_answer(survey, BEGIN)):

        def write() -> None:
            with transaction.atomic():
                write_answer(survey, BEGIN)

        second = in_thread(write)
        second.join(PATIENCE_SECONDS)
        assert not second.is_alive()
        assert Response.objects.count() == 1


def test_many_who_find_their_day_tallied_do_not_wait_for_ever() -> None:
    """All hold the shared lock at first, and want the other one."""
    survey = make_survey()
    advance(now=BEGIN + 10 * DAY)

    def write() -> None:
        with transaction.atomic():
            write_answer(survey, BEGIN)

    assert run_at_once(*[write] * 8) == []
    assert DailyTally.objects.get(sheet__dimension="").n9 == 8


class Storm:
    """Everybody at once, in a time that goes by quickly; each knows only what it has written."""

    def __init__(self) -> None:
        self.surveys = [make_survey(change_window_hours=24) for _ in range(2)]
        Survey.objects.filter(pk=self.surveys[1].pk).update(pre_survey=self.surveys[0])
        self.campaigns = [make_campaign(survey=survey) for survey in self.surveys]
        self.user = make_user(role="manager")
        self.started_at = time.monotonic()
        self.raised: list[BaseException] = []
        self.found_wrong: list[str] = []
        self.done: dict[str, int] = {}
        self.lock = threading.Lock()

    def now(self) -> dt.datetime:
        return BEGIN + (time.monotonic() - self.started_at) / DAY_SECONDS * DAY

    def is_over(self) -> bool:
        return time.monotonic() - self.started_at > STORM_SECONDS or bool(self.raised)

    def repeat(self, act: Callable[[Random], object], seed: int) -> threading.Thread:
        random = Random(seed)

        def run() -> None:
            try:
                while not self.is_over():
                    act(random)
                    # The pool has fewer connections than there are threads.
                    connection.close()
                    with self.lock:
                        self.done[act.__name__] = self.done.get(act.__name__, 0) + 1
            except BaseException as error:
                self.raised.append(error)
            finally:
                connection.close()

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    @contextmanager
    def slow_commit(self, random: Random) -> Iterator[None]:
        """A database that is busy: between the last statement and the commit others go on."""
        with transaction.atomic():
            yield
            if random.random() < 0.5:
                time.sleep(random.random() * LONGEST_COMMIT)

    def answer(self, random: Random) -> None:
        """A customer; some hesitate on the way between the clock and the database."""
        now = self.now()
        person = self.pick(Contact.objects.all(), random) if random.random() < 0.5 else None
        properties = {"region": random.choice(["Noord", "Zuid", "Oost"])}
        person = person or make_contact(properties=properties)
        campaign = random.choice(self.campaigns)
        try:
            invitation = make_invitation(campaign=campaign, contact=person)
        except IntegrityError:
            return  # asked already, or erased meanwhile
        if random.random() < 0.3:
            time.sleep(random.random() * DAY_SECONDS * 3)
        sign = "too_fast" if random.random() < 0.2 else ""
        with self.slow_commit(random):
            record_response(
                invitation,
                score=random.randint(0, 10),
                comment="",
                language="nl",
                now=now,
                automatic_reason=sign,
            )

    def change(self, random: Random) -> None:
        invitation = self.pick(Invitation.objects.filter(response__isnull=False), random)
        if invitation is None:
            return
        with suppress(Closed):
            record_response(
                invitation,
                score=random.randint(0, 10),
                comment="",
                language="nl",
                now=self.now() - random.random() * DAY,
            )

    def judge(self, random: Random) -> None:
        time.sleep(PAUSE)
        response = self.pick(Response.objects.select_related("survey"), random)
        if response is None:
            return
        act = random.choice(["exclude", "restore", "accept"])
        now = self.now()
        try:
            with self.slow_commit(random):
                if act == "exclude":
                    exclude_response(response, user=self.user, reason="Double", now=now)
                elif act == "restore":
                    restore_response(response, user=self.user, now=now)
                else:
                    accept_response(response, user=self.user, now=now)
        except Response.DoesNotExist:
            pass  # its import was undone

    def bring_in(self, random: Random) -> None:
        time.sleep(PAUSE)
        survey, now = random.choice(self.surveys), self.now()
        rows = ["score;date;region;email"]
        emails = list(Contact.objects.values_list("email", flat=True)[:20])
        for _ in range(random.randint(1, 30)):
            day = (now - random.random() * 60 * DAY).date()
            whose = random.choice(emails) if emails else ""
            region = random.choice(["Noord", "West"])
            rows.append(f"{random.randint(0, 10)};{day};{region};{whose}")
        columns = Columns(score="score", date="date", email="email", properties=("region",))
        rules = Rules(columns=columns, scores=survey.scores, zone=ZONE, now=now)
        content = "\n".join([*rows, ""]).encode()
        # Who is erased meanwhile has no answers brought in.
        with suppress(IntegrityError), self.slow_commit(random):
            import_answers(content, f"{random.random()}.csv", rules, survey)

    def undo(self, random: Random) -> None:
        batch = self.pick(ImportBatch.objects.filter(state=ImportBatch.State.IMPORTED), random)
        time.sleep(PAUSE)
        if batch is None:
            return
        undo_import(batch, now=self.now())

    def forget(self, random: Random) -> None:
        time.sleep(PAUSE)
        person = self.pick(Contact.objects.filter(responses__isnull=False), random)
        if person is None:
            return
        with suppress(CannotEraseNow):
            erase(person.email, person, user=None, now=self.now())

    def add_up(self, random: Random) -> None:
        advance(now=self.now())

    def look(self, random: Random) -> None:
        """The promise holds at every moment, not only at the end."""
        for survey in self.surveys:
            self.found_wrong += [str(each) for each in find_differences(survey)]

    def pick(self, rows: Any, random: Random) -> Any:
        pks = list(rows.values_list("pk", flat=True)[:500])
        return rows.filter(pk=random.choice(pks)).first() if pks else None


def test_check_is_clean_all_through_a_storm_and_after_it() -> None:
    storm = Storm()
    for survey in storm.surveys:
        make_response(survey=survey, channel="import", answered_at=BEGIN - 50 * DAY)
    acts = [storm.answer] * 3 + [storm.change, storm.judge, storm.bring_in, storm.undo]
    acts += [storm.forget, storm.add_up, storm.look]

    threads = [storm.repeat(act, seed) for seed, act in enumerate(acts)]
    for thread in threads:
        thread.join(STORM_SECONDS + PATIENCE_SECONDS)

    assert not any(thread.is_alive() for thread in threads)
    assert storm.raised == []
    assert storm.found_wrong == []
    for later in (0, 5):
        advance(now=storm.now() + later * DAY)
        assert all(is_clean(survey) for survey in storm.surveys)
    assert set(storm.done) == {act.__name__ for act in acts}
    assert DailyTally.objects.count() > 50
    assert DailyTally.objects.filter(sheet__dimension="pairs:").exists()
