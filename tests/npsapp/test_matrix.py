"""`make test-matrix`: its cells, what it makes of how they end, and that nothing stays behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import time
from itertools import combinations, product
from pathlib import Path

import pytest

from npsapp.embedded.programs import PROGRAMS
from tests.matrix import machine
from tests.matrix.cells import CELLS, Counts, MatrixError, Outcome, choose_cells, make_table

ROOT = Path(__file__).parents[2]


def write_program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_every_pair_of_values_meets_in_a_cell() -> None:
    axes = [tuple(PROGRAMS), ("own", "next"), ("root", "user")]
    cells = [(cell.postgres, cell.python, cell.user) for cell in CELLS]

    for one, other in combinations(range(3), 2):
        met = {(cell[one], cell[other]) for cell in cells}
        assert met == set(product(axes[one], axes[other]))


def test_cells_are_chosen_by_name_and_a_typo_is_one_sentence() -> None:
    assert choose_cells([]) == list(CELLS)
    assert choose_cells(["pg16-own-root"]) == [CELLS[2]]
    with pytest.raises(MatrixError, match="There is no cell 'pg15'; there are pg18-own-user"):
        choose_cells(["pg15"])


def test_counts_come_from_the_report_of_pytest(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite tests="10" failures="2" errors="1" skipped="3"/></testsuites>'
    )

    assert Counts.read(report) == Counts(passed=4, failed=3, skipped=3)
    assert Counts.read(tmp_path / "missing.xml") is None


@pytest.mark.parametrize(
    ("outcome", "failed", "word"),
    [
        (Outcome("c", Counts(5, 0, 1), 0), False, "well"),
        (Outcome("c", Counts(4, 1, 1), 2), True, "failed"),
        (Outcome("c", None, 2), True, "failed: no test was run"),
        (Outcome("c", None, 0), True, "failed: no test was run"),
        (Outcome("c", Counts(5, 0, 0), 0, left=2), True, "failed: 2 processes left behind"),
        (Outcome("c", None, None), False, "not run: needs root"),
    ],
)
def test_cell_fails_unless_everything_in_it_was_well(
    outcome: Outcome, failed: bool, word: str
) -> None:
    assert outcome.failed == failed
    assert outcome.row()[-1] == word


def test_table_has_a_line_per_cell() -> None:
    lines = make_table(
        [
            Outcome("one", Counts(1200, 0, 3), 0, seconds=425),
            Outcome("another", Counts(7, 1, 0), 2, seconds=61),
        ]
    ).splitlines()

    assert [line.split() for line in lines] == [
        ["cell", "passed", "failed", "skipped", "time"],
        ["one", "1200", "0", "3", "7:05", "well"],
        ["another", "7", "1", "0", "1:01", "failed"],
    ]
    assert lines[1].index("1200") + 4 == lines[0].index("passed") + 6


def test_missing_python_is_a_sentence_that_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYTHON313", str(tmp_path / "nowhere"))

    with pytest.raises(MatrixError, match=r"^Python 3\.13 was not found: .*uv python install"):
        machine.find_pythons(None)


def test_python_of_another_version_does_not_count(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wrong = tmp_path / "python3.13"
    write_program(wrong, "echo /opt/python3.12; echo 3; echo 12")
    monkeypatch.setenv("PYTHON313", str(wrong))

    with pytest.raises(MatrixError, match=r"^Python 3\.13 was not found"):
        machine.find_pythons(None)


def test_python_behind_a_broken_one_on_the_path_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for folder in ("shims", "bin"):
        (tmp_path / folder).mkdir()
    write_program(tmp_path / "shims" / "python3.13", "echo 'not chosen' >&2; exit 127")
    write_program(tmp_path / "bin" / "python3.13", "echo /opt/3.13; echo 3; echo 13")
    monkeypatch.setenv("PATH", f"{tmp_path / 'shims'}:{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.delenv("PYTHON313", raising=False)

    found = machine.find_pythons(None)["next"]

    assert found == machine.Python("/opt/3.13", (3, 13))


def test_python_in_a_closed_folder_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(machine, "can_run", lambda account, program: False)
    account = machine.Account("somebody", 12345, 12345, tmp_path)
    python = machine.Python("/closed/bin/python3.13", (3, 13))

    with pytest.raises(MatrixError, match=r"cannot run /closed/bin/python3.13: .* PYTHON313="):
        machine.first_in_reach([python], account, "PYTHON313")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes accounts")
def test_account_lives_as_long_as_the_run_and_reaches_what_is_open(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    write_program(closed / "program", "exit 0")

    with machine.temporary_account(tmp_path) as account:
        assert account is not None
        names = Path("/etc/passwd").read_text()
        reached = (
            machine.can_run(account, "/bin/sh"),
            machine.can_run(account, str(closed / "program")),
        )
        owner = account.home.stat().st_uid

    assert f"{account.name}:x:{account.uid}:" in names
    assert account.name not in Path("/etc/passwd").read_text()
    assert account.name not in Path("/etc/group").read_text()
    assert (owner, reached) == (account.uid, (True, False))


def test_process_that_a_cell_left_behind_is_found_and_ended() -> None:
    """Even one in a session of its own whose parent is gone."""
    program = """
        import subprocess, sys
        from tests.matrix.processes import adopt_orphans, end_descendants
        adopt_orphans()
        child = [sys.executable, "-c", "import subprocess as s; print(s.Popen(['sleep', '60'],"
                 " start_new_session=True, stdout=s.DEVNULL, stderr=s.DEVNULL).pid)"]
        print(subprocess.run(child, capture_output=True, text=True).stdout.strip())
        print(end_descendants(patience=0.3), end_descendants(patience=0))
    """

    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    orphan, counted = done.stdout.splitlines()

    assert counted == "1 0"
    assert not Path(f"/proc/{orphan}").exists()


def test_dead_orphan_is_buried_while_the_cell_runs() -> None:
    program = """
        import subprocess
        from pathlib import Path
        from tests.matrix.processes import adopt_orphans, wait_for
        adopt_orphans()
        cell = subprocess.Popen(["sh", "-c", "(sh -c 'sleep 0.2 & echo $!'); sleep 1; exit 3"],
                                stdout=subprocess.PIPE, text=True)
        orphan = cell.stdout.readline().strip()
        cell.returncode = wait_for(cell.pid)
        print(cell.returncode, Path(f"/proc/{orphan}").exists())
    """

    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "3 False\n"


def test_process_that_ends_by_itself_in_time_is_no_matter() -> None:
    program = """
        import subprocess
        from tests.matrix.processes import adopt_orphans, end_descendants
        adopt_orphans()
        subprocess.run(["sh", "-c", "sleep 0.5 &"])
        print(end_descendants(patience=10))
    """
    started = time.monotonic()

    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "0\n"
    assert time.monotonic() - started < 8


def test_matrix_runs_on_a_bare_python() -> None:
    """Without our packages, as before there is a virtualenv."""
    done = subprocess.run(
        [sys.executable, "-S", "-B", "-m", "tests.matrix", "no-such-cell"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert re.fullmatch(r"There is no cell 'no-such-cell'; [^\n]*\n", done.stderr)
