"""What the preview of a contacts file shows, as plain data."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import islice
from typing import Any

from surveys.importing.batches import find_earlier, read_batch
from surveys.importing.contacts import preview_contacts
from surveys.importing.explaining import DELIMITER_NAMES, explain
from surveys.importing.faults import Problem
from surveys.importing.headers import Field
from surveys.importing.people import Person, read_people
from surveys.importing.reading import Table
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


def show_preview(batch: ImportBatch, *, now: dt.datetime) -> dict[str, Any]:
    table, uses = read_batch(batch)
    report = preview_contacts(table, uses, now=now)
    return {
        "batch": batch,
        "report": report,
        "earlier": find_earlier(batch),
        "samples": list_samples(table),
        "people": first_people(table, uses),
        "problems": show_problems(report.refusals),
        "remarks": show_problems(report.remarks),
        "encoding": table.encoding,
        "delimiter": DELIMITER_NAMES.get(table.delimiter, table.delimiter),
        "accents": find_accents(table),
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
