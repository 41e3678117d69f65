"""The whole suite on what differs between machines: `make test-matrix`. docs/testing.md tells why.

Runs on a bare Python, before there is a virtualenv. Each cell is `make test` in a clean clone under
a folder that is gone afterwards, and so is the account that the cells of a normal user run as.
"""

import argparse
import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
OLDEST_PYTHON = (3, 11)
NEXT_PYTHON = (3, 13)
PR_SET_CHILD_SUBREAPER = 36
GET_PYTHON = (
    "Python 3.13 was not found: Debian 13 has it (apt-get install python3.13 python3.13-venv);"
    " elsewhere `make dev` and then `.venv/bin/uv python install 3.13`"
    " (it says where), and name it with: make test-matrix PYTHON313=/path/of/python3.13"
)
NEEDS_ROOT = "The cells of root need root: sudo make test-matrix"


class MatrixError(Exception):
    """One sentence for a person."""


@dataclass(frozen=True)
class Cell:
    postgres: str
    python: str  # "own" or "next"
    user: str  # "root" or "user"

    @property
    def name(self) -> str:
        return f"pg{self.postgres}-{self.python}-{self.user}"


# Every pair of values meets once. Both brokers are inside every cell: the tests of real workers
# play on one after the other.
CELLS = (
    Cell("18", "own", "user"),
    Cell("18", "next", "root"),
    Cell("16", "own", "root"),
    Cell("16", "next", "user"),
)


@dataclass(frozen=True)
class Python:
    program: str
    version: tuple[int, int]

    def __str__(self) -> str:
        return f"{self.version[0]}.{self.version[1]}"


@dataclass(frozen=True)
class Account:
    """Whom a cell runs as; None is whoever called us."""

    name: str
    uid: int
    gid: int
    home: Path


@dataclass(frozen=True)
class Counts:
    passed: int
    failed: int
    skipped: int

    @classmethod
    def read(cls, report: Path) -> Self | None:
        """From pytest's XML; None when pytest never came to its end."""
        try:
            suites = ElementTree.parse(report).iter("testsuite")  # noqa: S314 - our own file
        except (OSError, ElementTree.ParseError):
            return None
        keys = ("tests", "failures", "errors", "skipped")
        sums = [0] * len(keys)
        for suite in suites:
            sums = [have + int(suite.get(key, 0)) for have, key in zip(sums, keys, strict=True)]
        tests, failures, errors, skipped = sums
        return cls(tests - failures - errors - skipped, failures + errors, skipped)


@dataclass(frozen=True)
class Outcome:
    cell: str
    counts: Counts | None
    status: int | None  # of make; None: never run
    seconds: float = 0
    left: int = 0  # processes that the suite left behind

    @property
    def failed(self) -> bool:
        if self.status is None:
            return False
        return bool(self.status or self.left or self.counts is None or self.counts.failed)

    def row(self) -> list[str]:
        if self.status is None:
            return [self.cell, "-", "-", "-", "-", "not run: needs root"]
        counts = self.counts
        numbers = [counts.passed, counts.failed, counts.skipped] if counts else ["-"] * 3
        word = "failed" if self.failed else "well"
        if counts is None:
            word += ": no test was run"
        elif self.left:
            word += f": {self.left} processes left behind"
        minutes, seconds = divmod(round(self.seconds), 60)
        return [self.cell, *map(str, numbers), f"{minutes}:{seconds:02}", word]


def find_python(name: str) -> Python | None:
    """The interpreter itself: a shim on the PATH may belong to this user alone."""
    told = "import sys; print(sys.executable, *sys.version_info[:2])"
    try:
        done = subprocess.run([name, "-c", told], capture_output=True, text=True, check=False)
    except OSError:
        return None
    if done.returncode != 0:
        return None
    program, major, minor = done.stdout.rsplit(maxsplit=2)
    return Python(program, (int(major), int(minor)))


def find_pythons() -> dict[str, Python]:
    own = find_python(os.environ.get("PYTHON3") or "python3")
    if own is None or own.version < OLDEST_PYTHON:
        raise MatrixError(
            "Python 3.11 or newer is needed; name it with: make test-matrix PYTHON3=…"
        )
    following = find_python(os.environ.get("PYTHON313") or "python3.13")
    if following is None or following.version != NEXT_PYTHON:
        raise MatrixError(GET_PYTHON)
    return {"own": own, "next": following}


def choose_cells(names: Sequence[str]) -> list[Cell]:
    known = {cell.name: cell for cell in CELLS}
    if strange := [name for name in names if name not in known]:
        raise MatrixError(f"There is no cell {strange[0]!r}; there are {', '.join(known)}.")
    return [known[name] for name in names] or list(CELLS)


@contextlib.contextmanager
def temporary_account(folder: Path) -> Iterator[Account | None]:
    """An ordinary account for this run; None when we are no root and so one ourselves.

    PostgreSQL and pip want to find theirs in /etc/passwd, so a bare number would not do.
    """
    if os.geteuid() != 0:
        yield None
        return
    name, home = f"npsapp-{os.getpid()}", folder / "home"
    search = f"{os.environ.get('PATH', '')}:/usr/sbin"
    add, remove = (shutil.which(program, path=search) for program in ("useradd", "userdel"))
    if add is None or remove is None:
        raise MatrixError("useradd and userdel are needed (on Debian: apt-get install passwd).")
    home.mkdir(mode=0o700)
    try:
        subprocess.run(
            [add, "--system", "--user-group", "--no-create-home", "--home-dir", str(home)]
            + ["--shell", "/usr/sbin/nologin", name],
            check=True,
        )
        entry = pwd.getpwnam(name)
        copy_pip_settings(home)
        account = Account(name, entry.pw_uid, entry.pw_gid, home)
        give(home, account)
        yield account
    finally:
        subprocess.run([remove, name], check=False, stderr=subprocess.DEVNULL)


def copy_pip_settings(home: Path) -> None:
    """Where this machine gets its packages from may stand in its owner's home."""
    for name in (".config/pip/pip.conf", ".pip/pip.conf"):
        if (Path.home() / name).exists():
            (home / name).parent.mkdir(parents=True)
            shutil.copy(Path.home() / name, home / name)


def give(folder: Path, account: Account) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def check_reach(account: Account, pythons: dict[str, Python]) -> None:
    for python in pythons.values():
        with contextlib.suppress(OSError):
            command = [python.program, "-c", ""]
            if not subprocess.call(command, user=account.uid, group=account.gid, extra_groups=[]):
                continue
        raise MatrixError(
            f"An ordinary account cannot run {python.program}: name another one with"
            " PYTHON3=… or PYTHON313=…, outside of root's own folder."
        )


class Runner:
    """Runs one cell after the other under `folder`."""

    def __init__(self, folder: Path, pythons: dict[str, Python], account: Account | None) -> None:
        self.folder = folder
        self.pythons = pythons
        self.account = account

    def describe(self, cell: Cell) -> str:
        return f"{cell.name} (Python {self.pythons[cell.python]})"

    def run(self, cell: Cell) -> Outcome:
        if cell.user == "root" and os.geteuid() != 0:
            return Outcome(self.describe(cell), None, None)
        account = self.account if cell.user == "user" else None
        folder = self.folder / cell.name
        say(f"\n== {self.describe(cell)}")
        self.prepare(folder, account)
        started = time.monotonic()
        process = subprocess.Popen(
            ["make", f"PYTHON3={self.pythons[cell.python].program}", "test"],
            cwd=folder / "npsapp",
            env=self.environment(cell, folder, account),
            stdin=subprocess.DEVNULL,
            # Ctrl-C reaches us alone, and we pass it on as TERM.
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        try:
            status = process.wait()
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            say("Stopping …")
            os.killpg(process.pid, signal.SIGTERM)
            end_descendants(patience=60)
            raise
        seconds = time.monotonic() - started
        left = end_descendants(patience=10)
        counts = Counts.read(folder / "report.xml")
        shutil.rmtree(folder)
        return Outcome(self.describe(cell), counts, status, seconds, left)

    def prepare(self, folder: Path, account: Account | None) -> None:
        # As root PostgreSQL runs as nobody, who must be able to pass through.
        folder.mkdir(mode=0o711)
        (folder / "tmp").mkdir(mode=0o711)
        # Not the work tree: what is not committed is not tested.
        subprocess.run(["git", "clone", "--quiet", str(ROOT), "npsapp"], cwd=folder, check=True)
        if account:
            give(folder, account)

    def environment(self, cell: Cell, folder: Path, account: Account | None) -> dict[str, str]:
        # What make tells the makes below it, and a virtualenv or server of the caller's.
        strange = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "VIRTUAL_ENV", "PYTHONPATH", "DATABASE_URL"}
        environment = {name: word for name, word in os.environ.items() if name not in strange}
        environment |= {
            "CI": "1",  # a missing browser is a failure
            "EMBEDDED_POSTGRESQL": cell.postgres,
            "PYTEST_ADDOPTS": f"--junitxml={folder / 'report.xml'}",
            "TMPDIR": str(folder / "tmp"),
        }
        if account:
            environment |= {"HOME": str(account.home), "USER": account.name}
            environment |= {"LOGNAME": account.name}
            for name in [name for name in environment if name.startswith("XDG_")]:
                del environment[name]
        return environment


def adopt_orphans() -> None:
    """Whoever loses its parent becomes our child: nothing that a cell starts gets away."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def list_descendants() -> list[int]:
    found, parents = [], [os.getpid()]
    while parents:
        parent = parents.pop()
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                parents += (new := [int(child) for child in children.read_text().split()])
                found += new
    return found


def end_descendants(*, patience: float) -> int:
    """Let them end by themselves; after `patience` seconds kill who is left, and count those."""
    wait_for_descendants(patience)
    left = list_descendants()
    for process in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    wait_for_descendants(10)
    return len(left)


def wait_for_descendants(seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:  # bury the dead
                pass
        if not list_descendants() or time.monotonic() > deadline:
            return
        time.sleep(0.1)


def make_table(outcomes: list[Outcome]) -> str:
    rows = [["cell", "passed", "failed", "skipped", "time", ""]]
    rows += [outcome.row() for outcome in outcomes]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for cell, *numbers, word in rows:
        padded = [text.rjust(width) for text, width in zip(numbers, widths[1:-1], strict=True)]
        lines.append("  ".join([cell.ljust(widths[0]), *padded, word]).rstrip())
    return "\n".join(lines)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def run_matrix(cells: list[Cell]) -> list[Outcome]:
    pythons = find_pythons()
    with tempfile.TemporaryDirectory(prefix="npsapp-matrix-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        with temporary_account(folder) as account:
            if account:
                check_reach(account, pythons)
            runner = Runner(folder, pythons, account)
            return [runner.run(cell) for cell in cells]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cells", nargs="*", help="only these; without any, all")
    try:
        cells = choose_cells(parser.parse_args().cells)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, interrupt)
        adopt_orphans()
        outcomes = run_matrix(cells)
    except MatrixError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    say(f"\n{make_table(outcomes)}")
    if any(outcome.status is None for outcome in outcomes):
        say(NEEDS_ROOT)
    return int(any(outcome.failed for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
