"""The processes of a chaos test: a nursery with workers and beats in it, a sink, an observer."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from npsapp.procfile import read_commands
from tests.engine.observer import Observer

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent.parent
# Nothing at all happens for so long: something hangs. No test waits for less, and none for more.
STUCK_SECONDS = 180.0
STOP_SECONDS = 120.0
CALL = ["call", "tests.engine.stage.send_forever"]


@dataclass(frozen=True)
class Act:
    """Something to do when so many mails were accepted."""

    at: int
    do: Callable[[], None]


@dataclass
class Theatre:
    """`workers` are replaced when they die, and counted in `kills`."""

    folder: Path
    database: str
    environment: dict[str, str] = field(default_factory=dict)
    sink_program: str = "counting_sink"
    sink_options: dict[str, Any] = field(default_factory=dict)
    workers: list[int] = field(default_factory=list)
    beats: list[int] = field(default_factory=list)
    others: list[int] = field(default_factory=list)
    kills: int = 0
    worker_command: list[str] = field(default_factory=lambda: read_commands()["worker"])
    port: int = 0

    @property
    def diary_path(self) -> Path:
        return self.folder / "diary"

    @contextmanager
    def open(self, recipients: Sequence[str], **plan: Any) -> Iterator[Observer]:
        """Plan the mails, then start the sink and the observer; nobody works yet."""
        self.observer = Observer(self.database, self.diary_path, len(recipients))
        self.start_sink()
        (self.folder / "broker").mkdir(exist_ok=True)
        self.log = (self.folder / "log").open("ab")
        self.nursery = start([FOLDER / "nursery.py"], self.settings(), self.log)
        try:
            self.call("plan", json.dumps(list(recipients)), *map(str, plan.values()))
            self.observer.start()
            yield self.observer
        finally:
            self.observer.stop()
            for process in (self.nursery, self.sink):
                kill_all(process)
            self.log.close()

    def settings(self) -> dict[str, str]:
        kind = "anymail://postmark" if self.sink_program == "counting_provider" else ""
        return {
            "DJANGO_SETTINGS_MODULE": "tests.engine.settings",
            "DATABASE_URL": self.database,
            "DATA_DIR": str(self.folder),
            "REDIS_URL": "",
            "EMAIL_URL": kind or f"smtp://someone:secret@127.0.0.1:{self.port}?tls=off",
            "ANYMAIL_POSTMARK_API_URL": f"http://127.0.0.1:{self.port}/",
            "ANYMAIL_POSTMARK_SERVER_TOKEN": "token",
            **self.environment,
        }

    def start_sink(self) -> None:
        """Also again, where it was."""
        options = self.sink_options | {"port": self.port}
        words = [FOLDER / f"{self.sink_program}.py", self.diary_path, json.dumps(options)]
        self.sink = start(words, {})
        self.port = read_number(self.sink)

    def stop_sink(self) -> None:
        kill_all(self.sink)

    def fork(self, words: Sequence[str]) -> int:
        assert self.nursery.stdin is not None
        self.nursery.stdin.write(json.dumps(list(words)).encode() + b"\n")
        self.nursery.stdin.flush()
        return read_number(self.nursery)

    def begin(self, name: str, *arguments: str) -> int:
        self.others.append(self.fork(["call", f"tests.engine.stage.{name}", *arguments]))
        return self.others[-1]

    def call(self, name: str, *arguments: str) -> None:
        wait_for_end([self.begin(name, *arguments)], 600)

    def start_workers(self, count: int) -> None:
        self.workers += [self.fork(self.worker_command) for _ in range(count)]

    def start_beat(self) -> None:
        # Two beats are on two machines: each has its own file.
        schedule = self.folder / f"beat-{len(self.beats)}"
        self.beats.append(self.fork([*read_commands()["beat"], "--schedule", str(schedule)]))

    def kill_one(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(random.choice(self.workers), signal.SIGKILL)

    def replace_dead(self) -> None:
        for index, worker in enumerate(self.workers):
            if not is_alive(worker):
                self.kills += 1
                self.workers[index] = self.fork(self.worker_command)

    def play(
        self, acts: Sequence[Act] = (), *, until: Callable[[], bool] | None = None,
        each_round: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """Do what is to be done, replace who dies, until all is sent and done."""
        waiting = sorted(acts, key=lambda act: act.at)
        is_done = until or (lambda: not self.observer.is_open)
        last: object = None
        moved_at = time.monotonic()
        while waiting or not is_done():
            # Acts that nobody reaches any more, because too much is in doubt, are due at the end.
            accepted = self.observer.diary.accepted.total()
            while waiting and (waiting[0].at <= accepted or not self.observer.is_open):
                waiting.pop(0).do()
            self.replace_dead()
            each_round()
            now = (accepted, self.observer.counts, self.kills, len(waiting))
            if now != last:
                last, moved_at = now, time.monotonic()
            if time.monotonic() - moved_at > STUCK_SECONDS:
                raise AssertionError(f"Nothing moves: {now}\n{self.said()}")
            time.sleep(0.02)

    def end(self) -> None:
        """TERM: whoever has a mail in hand finishes it and writes the result."""
        for pid in (*self.beats, *self.workers):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        wait_for_end([*self.beats, *self.workers], STOP_SECONDS)
        self.workers, self.beats = [], []
        self.observer.look_once_more()

    def said(self) -> str:
        for pid in (*self.workers, *self.beats, *self.others):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGUSR2)
        time.sleep(1)
        return (self.folder / "log").read_text(errors="replace")[-20_000:]


def start(
    words: list[Any], environment: dict[str, str], log: Any = None
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, *map(str, words)],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        start_new_session=True,
    )


def kill_all(process: subprocess.Popen[bytes]) -> None:
    """Kill it and whatever it forked: an orphan would keep its connection to our database."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def read_number(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for_end(pids: list[int], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < deadline, f"{pids} do not end"
        time.sleep(0.02)


def spread(do: Callable[[], None], times: int, messages: int) -> list[Act]:
    """So often, at random moments of the first four fifths."""
    return [Act(random.randrange(1, max(2, messages * 4 // 5)), do) for _ in range(times)]


def name_recipients(count: int, faults: Sequence[str] = ()) -> list[str]:
    """The first few with a fault each."""
    marks = [f"-{fault}" for fault in faults] + [""] * (count - len(faults))
    return [f"r{number}{mark}@klanten.example" for number, mark in enumerate(marks)]
