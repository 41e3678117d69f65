"""The whole suite on what differs between machines: `make test-matrix`. docs/testing.md tells why.

Runs on a bare Python, before there is a virtualenv. Each cell is `make test` in a clean clone under
a folder that is gone afterwards, and so is the account that the cells of a normal user run as.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.matrix.cells import (
    Cell,
    Counts,
    MatrixError,
    Outcome,
    choose_cells,
    list_options,
    make_table,
)
from tests.matrix.machine import Account, Python, find_pythons, give, temporary_account
from tests.matrix.processes import adopt_orphans, end_descendants, wait_for

ROOT = Path(__file__).parents[2]
NEEDS_ROOT = "The cells of root need root: sudo make test-matrix"


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
            status = process.returncode = wait_for(process.pid)
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
        clone = ["git", "clone", "--quiet", str(ROOT), "npsapp"]
        try:
            subprocess.run(clone, cwd=folder, check=True)
        except (OSError, subprocess.CalledProcessError):
            raise MatrixError(f"{ROOT} cannot be cloned with git.") from None
        if account:
            give(folder, account)

    def environment(self, cell: Cell, folder: Path, account: Account | None) -> dict[str, str]:
        # What make tells the makes below it, and a virtualenv or server of the caller's.
        strange = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "VIRTUAL_ENV", "PYTHONPATH", "DATABASE_URL"}
        environment = {name: word for name, word in os.environ.items() if name not in strange}
        environment |= {
            "CI": "1",  # a missing browser is a failure
            "EMBEDDED_POSTGRESQL": cell.postgres,
            "PYTEST_ADDOPTS": f"--junitxml={folder / 'report.xml'} {list_options(cell)}",
            "TMPDIR": str(folder / "tmp"),
        }
        if account:
            environment |= {"HOME": str(account.home), "USER": account.name}
            environment |= {"LOGNAME": account.name}
            for name in [name for name in environment if name.startswith("XDG_")]:
                del environment[name]
        return environment


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def run_matrix(cells: list[Cell]) -> list[Outcome]:
    with tempfile.TemporaryDirectory(prefix="npsapp-matrix-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        with temporary_account(folder) as account:
            runner = Runner(folder, find_pythons(account), account)
            return [runner.run(cell) for cell in cells]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
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
