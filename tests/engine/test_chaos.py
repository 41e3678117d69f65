"""Whatever breaks: nobody gets two mails, nobody is lost silently, and the ledger always adds up.

Real workers and beats, started by the Procfile's own command lines (see nursery.py), a mail server
that writes down whom it took mail for, and an observer that looks at both all the time.
"""

from __future__ import annotations

import os
import random
import signal
import time
from functools import partial

import psycopg
import pytest

from tests.engine.conftest import Postgres, RedisServer
from tests.engine.counting_sink import DOUBTFUL, LASTING, PASSING, TROUBLES
from tests.engine.scale import SCALE
from tests.engine.theatre import CALL, Act, Theatre, name_recipients, spread
from tests.engine.verdict import Verdict, judge

pytestmark = pytest.mark.engine

BROKERS = pytest.mark.parametrize("broker", ["files", "redis"])


def choose(theatre: Theatre, broker: str, redis_server: RedisServer) -> None:
    theatre.environment["REDIS_URL"] = f"{redis_server.url}/0" if broker == "redis" else ""


@BROKERS
def test_workers_killed_at_random(theatre: Theatre, redis_server: RedisServer, broker: str) -> None:
    choose(theatre, broker, redis_server)
    theatre.sink_options = {"seconds_per_mail": 0.005}
    with theatre.open(name_recipients(SCALE.messages)):
        theatre.start_workers(2)
        theatre.start_beat()
        theatre.play(spread(theatre.kill_one, SCALE.kills, SCALE.messages))
        theatre.end()

    found = judge(theatre, f"workers killed at random, {broker}")
    assert found.violations == []
    assert found.kills >= SCALE.kills // 2


@pytest.mark.parametrize("connections", [1, 4])
def test_bare_workers_killed_all_the_time(theatre: Theatre, connections: int) -> None:
    """Without broker and lane lease: all send at once, and only claims keep order."""
    theatre.worker_command = CALL
    theatre.environment["MAIL_CONNECTIONS"] = str(connections)
    kills = Pause(theatre)
    with theatre.open(name_recipients(SCALE.storm_messages)):
        theatre.start_workers(SCALE.storm_workers)
        theatre.play(each_round=kills.maybe)
        theatre.end()

    scenario = f"bare workers, {connections} connections, a kill every 50-250 ms"
    found = judge(theatre, scenario, in_hand=connections)
    assert found.violations == []
    # Several connections are done before so many workers have died.
    assert found.kills >= (5 if connections == 1 else 2)


class Pause:
    """A kill every 50-250 ms; the last part of the mails is left in peace.

    On a slow machine less often: a row that dies with five workers in a row is given up for good
    reason, and that must be no matter of speed.
    """

    MAILS = 20  # at least so many between two kills

    def __init__(self, theatre: Theatre) -> None:
        self.theatre = theatre
        self.next_at = 0.0
        self.next_mail = 1
        self.killed = 0

    def maybe(self) -> None:
        accepted = self.theatre.observer.diary.accepted.total()
        is_time = time.monotonic() >= self.next_at and self.killed < SCALE.storm_kills
        if is_time and self.next_mail <= accepted < SCALE.storm_messages * 0.95:
            self.theatre.kill_one()
            self.killed += 1
            self.next_mail = accepted + self.MAILS
            self.next_at = time.monotonic() + random.uniform(0.05, 0.25)


def kill_at_the_250(theatre: Theatre, scenario: str) -> Verdict:
    """The worst moment: the mail is taken, and whoever sent it dies before hearing so."""
    theatre.sink_options = {"kill_every": SCALE.every}
    with theatre.open(name_recipients(SCALE.directed)):
        theatre.start_workers(2)
        theatre.start_beat()
        theatre.play()
        theatre.end()
    return judge(theatre, scenario)


def test_worker_killed_right_after_the_250_leaves_a_doubt(theatre: Theatre) -> None:
    found = kill_at_the_250(theatre, "killed at the 250")

    assert found.violations == []
    assert found.kills >= 2
    assert found.unknown == found.accepted == found.kills


def test_the_same_finds_duplicates_when_the_intent_is_taken_away(theatre: Theatre) -> None:
    """The test of the tests: an engine of leases alone sends again, and the verdict says so."""
    theatre.environment["CHAOS_WITHOUT_INTENT"] = "1"

    found = kill_at_the_250(theatre, "killed at the 250, no intent (must fail)")

    assert found.kills >= 2
    assert found.duplicates >= 1
    assert any("got 2 mails" in words for words in found.violations)
    # The observer saw it coming: mail that was taken, on a row that may leave again.
    seen = [words for words in found.violations if "has its mail, and the ledger says" in words]
    assert seen


@pytest.mark.parametrize("moment", [354, 250])
def test_worker_frozen_past_its_leases(redis_theatre: Theatre, moment: int) -> None:
    """Before the body it sends nothing any more; after it, its late result ends the doubt."""
    theatre = redis_theatre
    theatre.sink_options = {"freeze_at": [[moment, SCALE.directed // 3]]}
    with theatre.open(name_recipients(SCALE.directed)) as observer:
        theatre.start_workers(2)
        theatre.start_beat()
        theatre.play()
        (frozen,) = observer.diary.named("freeze")
        in_doubt = observer.counts["unknown"]
        os.kill(int(frozen.removeprefix("pid-")), signal.SIGCONT)
        theatre.end()

    found = judge(theatre, f"frozen before its {moment}")
    assert found.violations == []
    assert found.unknown == 0
    assert in_doubt >= (1 if moment == 250 else 0)


@BROKERS
def test_postgresql_restarted(
    theatre: Theatre, redis_server: RedisServer, postgres: Postgres, broker: str
) -> None:
    choose(theatre, broker, redis_server)
    theatre.sink_options = {"seconds_per_mail": 0.005}
    restarts = [
        act
        for mode in ("fast", "immediate")
        for act in spread(partial(postgres.restart, mode, 0.5), SCALE.restarts, SCALE.messages)
    ]
    with theatre.open(name_recipients(SCALE.messages)):
        theatre.start_workers(2)
        theatre.start_beat()
        theatre.play(restarts)
        theatre.end()

    found = judge(theatre, f"PostgreSQL restarted {len(restarts)} times, {broker}")
    assert found.violations == []
    # No process ends because the database is away for a moment, and so there is no doubt either.
    assert (found.kills, found.unknown) == (0, 0)


def test_redis_flushed_and_restarted_while_answers_come_in(
    redis_theatre: Theatre, redis_server: RedisServer
) -> None:
    theatre = redis_theatre
    theatre.sink_options = {"seconds_per_mail": 0.005}
    acts = spread(redis_server.flush, SCALE.restarts * 2, SCALE.messages)
    acts += spread(partial(redis_server.restart, 1.0), SCALE.restarts, SCALE.messages)
    with theatre.open(name_recipients(SCALE.messages)):
        theatre.call("plan_answers", str(SCALE.answers))
        theatre.start_workers(2)
        theatre.start_beat()
        theatre.begin("answer_all")
        theatre.play(acts)
        theatre.play(until=lambda: count_follow_ups(theatre)[1] == SCALE.answers)
        theatre.end()

    found = judge(theatre, "Redis flushed and restarted")
    assert found.violations == []
    # A worker may end when its broker goes away (kombu stumbles over what it cannot acknowledge
    # any more); whoever keeps it running starts it again.
    assert count_follow_ups(theatre) == (SCALE.answers, SCALE.answers, SCALE.answers)


def count_follow_ups(theatre: Theatre) -> tuple[int, ...]:
    """Answers, follow-ups, and answers that have exactly one."""
    with psycopg.connect(theatre.database) as connection:
        found = connection.execute(
            "SELECT (SELECT count(*) FROM responses_response WHERE status = 'counted'), count(*),"
            "       count(DISTINCT response_id) FROM closeloop_followup"
        ).fetchone()
    assert found is not None
    return tuple(found)


@BROKERS
def test_two_of_everything(theatre: Theatre, redis_server: RedisServer, broker: str) -> None:
    """Two beats and two workers keep to the daily limit, as one would."""
    choose(theatre, broker, redis_server)
    # Nobody dies here, and a lane that changes hands because the machine is slow is no second beat.
    theatre.environment["CHAOS_KEEPS"] = "JOB_LEASE"
    limit = SCALE.directed
    ticks = Ticks(theatre)
    with theatre.open(name_recipients(limit * 2), daily_limit=limit):
        theatre.start_workers(2)
        theatre.start_beat()
        theatre.start_beat()
        theatre.play(until=lambda: theatre.observer.counts["sent"] >= limit and ticks.seen() > 5)
        theatre.end()
        accepted = theatre.observer.diary.accepted

    assert theatre.observer.violations == []
    assert (accepted.total(), max(accepted.values())) == (limit, 1)


class Ticks:
    """How often a worker said that it is alive, since somebody asked first."""

    def __init__(self, theatre: Theatre) -> None:
        self.theatre = theatre
        self.moments: set[object] = set()

    def seen(self) -> int:
        with psycopg.connect(self.theatre.database) as connection:
            query = "SELECT seen_at FROM surveys_heartbeat WHERE name = 'worker'"
            self.moments.add(connection.execute(query).fetchone())
        return len(self.moments)


def test_mail_server_with_every_fault_of_the_table(theatre: Theatre) -> None:
    """Each recipient's fate is what the table says, while connections fail for reasons of ours."""
    faults = [*PASSING, *LASTING, *DOUBTFUL]
    recipients = name_recipients(SCALE.directed, faults)
    random.shuffle(recipients)
    theatre.environment["CHAOS_SHORT_REPLIES"] = "1"
    theatre.sink_options = {"troubles": list(TROUBLES)}
    with theatre.open(recipients) as observer:
        theatre.start_workers(2)
        theatre.start_beat()
        theatre.play()
        theatre.end()

    states = observer.states
    by_fault = {a.partition("@")[0].partition("-")[2]: states[a] for a in recipients if "-" in a}
    expected = dict.fromkeys(PASSING, "sent") | dict.fromkeys(LASTING, "failed")
    assert by_fault == expected | dict.fromkeys(DOUBTFUL, "unknown")
    fails = [a for a in recipients if a.partition("@")[0].partition("-")[2] in LASTING]
    found = judge(theatre, "every SMTP fault", doubts=len(DOUBTFUL), fails=fails)
    assert found.violations == []
    assert set(observer.diary.named("trouble")) == set(TROUBLES)


def test_mail_server_that_goes_away(redis_theatre: Theatre) -> None:
    theatre = redis_theatre
    theatre.sink_options = {"seconds_per_mail": 0.005}

    def go_away() -> None:
        theatre.stop_sink()
        time.sleep(1)
        theatre.start_sink()

    with theatre.open(name_recipients(SCALE.messages)):
        theatre.start_workers(2)
        theatre.start_beat()
        theatre.play(spread(go_away, SCALE.restarts, SCALE.messages))
        theatre.end()

    # One mail of each worker may be between its body and the answer each time.
    found = judge(theatre, "mail server killed", doubts=2 * SCALE.restarts)
    assert found.violations == []
    assert found.kills == 0


def test_worker_killed_during_the_request_to_a_provider(redis_theatre: Theatre) -> None:
    theatre = redis_theatre
    theatre.sink_program = "counting_provider"
    theatre.sink_options = {"kill_every": SCALE.every}
    with theatre.open(name_recipients(SCALE.directed)):
        theatre.start_workers(2)
        theatre.start_beat()
        theatre.play([Act(0, lambda: None)])
        theatre.end()

    found = judge(theatre, "killed during the HTTP request")
    assert found.violations == []
    assert found.kills >= 2
    assert found.unknown == found.kills
    assert 0 < found.accepted < found.unknown
