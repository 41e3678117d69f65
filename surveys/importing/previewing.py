"""What the preview of a contacts file shows, as plain data."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from surveys.importing.batches import find_earlier, read_batch, write_problems
from surveys.importing.contacts import preview_contacts
from surveys.importing.explaining import DELIMITER_NAMES, explain
from surveys.importing.faults import Fault, Problem, Problems, UnreadableFile
from surveys.importing.headers import Field
from surveys.importing.people import Person, read_people
from surveys.importing.reading import Table
from surveys.importing.running import Tell
from surveys.models import ImportBatch

FIRST_ROWS = 5
SHOWN_PROBLEMS = 50
SAMPLES = 3


@dataclass(frozen=True, slots=True)
class ShownProblem:
    line: int
    column: str
    reason: str
    refused: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """What an import would do, as a worker found it."""

    rows: int
    new: int
    changed: int
    unchanged: int
    refused: int

    @property
    def usable(self) -> int:
        return self.rows - self.refused


def make_preview(
    batch: ImportBatch, *, now: dt.datetime, tell: Tell
) -> tuple[dict[str, Any], bytes | None]:
    """Return what is to be shown of a file, and its refused rows as a file."""
    table, uses = read_batch(batch)
    preview: dict[str, Any] = {"header": table.header, "looked_at": now.isoformat()}
    try:
        report = preview_contacts(table, uses, now=now, tell=tell)
    except UnreadableFile as error:
        return preview | {"unreadable": [error.fault.value, error.detail]}, None
    preview |= {
        "counts": {name: getattr(report, name) for name in Counts.__slots__},
        "samples": list_samples(table),
        "people": [asdict(person) for person in first_people(table, uses)],
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        "accents": find_accents(table),
        **pack_problems(report),
    }
    return preview, write_problems(table, report.refusals) if report.refused else None


def pack_problems(report: Problems) -> dict[str, Any]:
    """Return the first problems to be kept: their sentences depend on the reader."""
    refusals, remarks = report.refusals, report.remarks
    return {
        "problems": [_pack(problem) for problem in refusals[:SHOWN_PROBLEMS]],
        "problem_count": len(refusals),
        "remarks": [_pack(problem) for problem in remarks[:SHOWN_PROBLEMS]],
        "remark_count": len(remarks),
    }


def _pack(problem: Problem) -> list[Any]:
    return [problem.line, problem.column, problem.fault.value, problem.detail, problem.refused]


def unpack_problems(preview: dict[str, Any]) -> dict[str, Any]:
    """Return the problems of a kept preview, explained in the reader's language."""

    def explained(packed: list[list[Any]]) -> list[ShownProblem]:
        problems = [
            Problem(line, column, Fault(f), detail, r) for line, column, f, detail, r in packed
        ]
        return show_problems(problems)

    return {
        "problems": explained(preview.get("problems", [])),
        "problem_count": preview.get("problem_count", 0),
        "remarks": explained(preview.get("remarks", [])),
        "remark_count": preview.get("remark_count", 0),
    }


def explain_unreadable(preview: dict[str, Any]) -> str:
    """Return why nothing of a file can be used, '' when something can."""
    if "unreadable" not in preview:
        return ""
    fault, detail = preview["unreadable"]
    return explain(UnreadableFile(Fault(fault), detail))


def show_preview(batch: ImportBatch) -> dict[str, Any]:
    """Return what the worker found, for a page."""
    preview = batch.preview or {}
    delimiter = preview.get("delimiter", "")
    nothing = dict.fromkeys(Counts.__slots__, 0)
    return {
        "batch": batch,
        "report": Counts(**preview.get("counts", nothing)),
        "earlier": find_earlier(batch),
        "samples": preview.get("samples") or [[] for _ in preview.get("header", [])],
        "people": [Person(**person) for person in preview.get("people", [])],
        "encoding": preview.get("encoding", ""),
        "delimiter": DELIMITER_NAMES.get(delimiter, delimiter),
        "accents": preview.get("accents", ""),
        "unreadable": explain_unreadable(preview),
        **unpack_problems(preview),
    }


def list_samples(table: Table) -> list[list[str]]:
    """Return some different values of each column, in the order of the file."""
    samples: list[list[str]] = [[] for _ in table.header]
    for row in islice(table.rows(), 50):
        for column, cell in zip(samples, row.cells if not row.fault else [], strict=False):
            text = cell.strip()[:60]
            if text and text not in column and len(column) < SAMPLES:
                column.append(text)
    return samples


def first_people(table: Table, uses: list[Field]) -> list[Person]:
    people = (reading.person for reading in read_people(table, uses) if reading.person)
    return list(islice(people, FIRST_ROWS))


def show_problems(problems: list[Problem]) -> list[ShownProblem]:
    return [
        ShownProblem(problem.line, problem.column, explain(problem), problem.refused)
        for problem in problems[:SHOWN_PROBLEMS]
    ]


def find_accents(table: Table) -> str:
    """Return a line with letters beyond ASCII: only there a wrong encoding can be seen."""
    for row in table.rows():
        for cell in row.cells:
            if not cell.isascii():
                return " · ".join(cell for cell in row.cells if cell)[:160]
    return ""
