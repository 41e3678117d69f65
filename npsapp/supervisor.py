"""Run a few programs side by side in one terminal, and leave none of them behind.

Each program is the head of a process group of its own, so that Ctrl-C in the terminal reaches only
us: we ask each one to stop, wait, and kill what is left. A program that ends by itself is started
again, later each time. On Linux the kernel also ends the programs when we are killed.
"""

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

STOP_SECONDS = 10.0
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
# A program that lived this long was well: its next crash counts as its first.
WELL_SECONDS = 60.0
LOOK_SECONDS = 0.1
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass
class Program:
    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    pause: float = FIRST_PAUSE
    unfinished_line: bytes = b""

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """`run` returns after SIGINT, SIGTERM or SIGHUP, when every program is gone."""

    def __init__(self, programs: Sequence[Program], out: IO[str]) -> None:
        self.programs = programs
        self.out = out
        self.stopping = False
        self.width = max(len(program.name) for program in programs)
        self.selector = selectors.DefaultSelector()

    def run(self, *, is_ready: Callable[[], bool], when_ready: Callable[[], None]) -> None:
        """Start everything; once `is_ready` says so, call `when_ready` once."""
        before = {number: signal.signal(number, self._ask_to_stop) for number in STOP_SIGNALS}
        ready = False
        try:
            for program in self.programs:
                self._start(program)
            while not self.stopping:
                self._pass_on_output(LOOK_SECONDS)
                self._restart_ended()
                if not ready and not self.stopping and is_ready():
                    ready = True
                    when_ready()
        finally:
            self._stop_all()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _ask_to_stop(self, number: int, frame: object) -> None:
        self.stopping = True

    def _start(self, program: Program) -> None:
        program.process = subprocess.Popen(
            program.command,
            env={**os.environ, **program.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent if LIBC else None,
        )
        program.started_at = time.monotonic()
        if program.process.stdout is not None:
            os.set_blocking(program.process.stdout.fileno(), False)
            self.selector.register(program.process.stdout, selectors.EVENT_READ, program)

    def _restart_ended(self) -> None:
        now = time.monotonic()
        for program in self.programs:
            if program.is_alive:
                continue
            if program.process is not None:
                self._take_leave(program, program.process.returncode, now)
            elif now >= program.start_again_at:
                self._start(program)

    def _take_leave(self, program: Program, returncode: int, now: float) -> None:
        """Note the end of a program, end what it started itself, and plan its next start."""
        self._kill(program)
        if now - program.started_at > WELL_SECONDS:
            program.pause = FIRST_PAUSE
        program.start_again_at = now + program.pause
        self._say(
            program.name, f"{_describe(returncode)}; starting it again in {program.pause:.0f} s."
        )
        program.pause = min(program.pause * 2, LONGEST_PAUSE)

    def _pass_on_output(self, timeout: float) -> None:
        for key, _ in self.selector.select(timeout):
            program: Program = key.data
            try:
                piece = os.read(key.fd, 65536)
            except BlockingIOError:
                continue
            if not piece:
                self.selector.unregister(key.fileobj)
            *lines, program.unfinished_line = (program.unfinished_line + piece).split(b"\n")
            for line in lines:
                self._say(program.name, line.decode(errors="replace"))

    def _say(self, name: str, line: str) -> None:
        # The terminal may be gone while we still have programs to stop.
        with suppress(OSError, ValueError):
            self.out.write(f"{name:<{self.width}} | {line}\n")
            self.out.flush()

    def _stop_all(self) -> None:
        for program in self.programs:
            if program.is_alive and program.process is not None:
                program.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and any(program.is_alive for program in self.programs):
            self._pass_on_output(LOOK_SECONDS)
        for program in self.programs:
            if program.is_alive:
                self._say(program.name, f"did not stop within {STOP_SECONDS:.0f} s; killed.")
            self._kill(program)

    def _kill(self, program: Program) -> None:
        """End the whole process group: a program's own children must not outlive it."""
        if program.process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(program.process.pid, signal.SIGKILL)
        program.process.wait()
        if program.process.stdout is not None:
            with suppress(KeyError):
                self.selector.unregister(program.process.stdout)
            program.process.stdout.close()
        program.process = None


def _end_with_parent() -> None:
    if LIBC:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _describe(returncode: int) -> str:
    if returncode < 0:
        return f"was ended by {signal.Signals(-returncode).name}"
    return f"ended with exit status {returncode}"
