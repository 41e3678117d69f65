"""Which cells there are, and how each of them ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from xml.etree import ElementTree


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


def list_options(cell: Cell) -> str:
    """Return what pytest is told besides: how pages look depends on none of the axes."""
    return "" if cell == CELLS[0] else "-m 'not looks'"


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


def choose_cells(names: Sequence[str]) -> list[Cell]:
    known = {cell.name: cell for cell in CELLS}
    if strange := [name for name in names if name not in known]:
        raise MatrixError(f"There is no cell {strange[0]!r}; there are {', '.join(known)}.")
    return [known[name] for name in names] or list(CELLS)


def make_table(outcomes: list[Outcome]) -> str:
    rows = [["cell", "passed", "failed", "skipped", "time", ""]]
    rows += [outcome.row() for outcome in outcomes]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for cell, *numbers, word in rows:
        padded = [text.rjust(width) for text, width in zip(numbers, widths[1:-1], strict=True)]
        lines.append("  ".join([cell.ljust(widths[0]), *padded, word]).rstrip())
    return "\n".join(lines)
