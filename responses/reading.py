"""From a file of past answers to answers, row by row. Nothing is written here."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from surveys.importing.cells import clean_cell, clean_prose
from surveys.importing.dates import Order, decide_order, read_moment
from surveys.importing.faults import BadCell, Fault, Problem, UnreadableFile
from surveys.importing.headers import property_key, simplify
from surveys.importing.people import read_address
from surveys.importing.reading import Row, Table, read_table
from surveys.importing.values import Reader, find_kinds, make_readers

LONGEST_COMMENT = 4_000
# All answers of a file are held in memory at once.
MOST_ROWS = 100_000
MOST_BYTES = 10 * 1024 * 1024
LONGEST_TEXT = 120
_NUMBER = re.compile(r"([-+]?[0-9]{1,9})(?:[.,]0*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The names of the columns, as the file calls them; '' for one that the file does not have."""

    score: str
    date: str = ""
    comment: str = ""
    email: str = ""
    occasion: str = ""
    external_id: str = ""
    properties: tuple[str, ...] = ()

    @property
    def named(self) -> list[str]:
        single = [self.score, self.date, self.comment, self.email, self.occasion, self.external_id]
        return [name for name in [*single, *self.properties] if name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How the cells are to be understood. `moment` dates a file without dates of its own."""

    columns: Columns
    scores: range
    zone: ZoneInfo
    now: dt.datetime
    moment: dt.datetime | None = None
    order: Order = Order.UNDECIDED


@dataclass(slots=True)
class Answer:
    line: int
    answered_at: dt.datetime
    score: int = -1
    comment: str = ""
    email: str = ""
    occasion: str = ""
    external_id: str = ""
    properties: dict[str, str] = field(default_factory=dict)


def read_answers_table(content: bytes, columns: Columns) -> Table:
    """Return the table of a file with these columns; raises UnreadableFile."""
    wanted = {simplify(name) for name in columns.named}
    table = read_table(
        content,
        lambda header: len(wanted & {simplify(name) for name in header}),
        max_cell=LONGEST_COMMENT,
        max_rows=MOST_ROWS,
    )
    for name in columns.named:
        _find_column(table, name)
    return table


def read_answers(table: Table, rules: Rules) -> Iterator[tuple[Answer | None, list[Problem]]]:
    """Yield each row's answer, None when it cannot be counted, and what is wrong with it."""
    steps = _plan_steps(table, rules)
    for row in table.rows():
        if row.fault:
            column = row.detail if row.fault == Fault.CELL_TOO_LONG else ""
            yield None, [Problem(row.line, column, row.fault, row.detail)]
        else:
            yield _read_row(row, steps, rules)


Step = tuple[str, int, Callable[[Answer, str], None]]


def _read_row(row: Row, steps: list[Step], rules: Rules) -> tuple[Answer | None, list[Problem]]:
    answer = Answer(row.line, rules.moment or rules.now)
    problems: list[Problem] = []
    for column, place, take in steps:
        try:
            take(answer, row.cells[place])
        except BadCell as error:
            # Somebody without a readable address still gave an answer.
            refused = column != rules.columns.email
            problems.append(Problem(row.line, column, error.fault, error.detail, refused))
            if refused:
                return None, problems
    return answer, problems


def _plan_steps(table: Table, rules: Rules) -> list[Step]:
    """Return what to do with which column; the score first, because it decides most."""
    columns = rules.columns
    order = rules.order
    if columns.date and not order:
        place = _find_column(table, columns.date)
        order = decide_order(row.cells[place] for row in table.rows() if not row.fault)

    def take_score(answer: Answer, cell: str) -> None:
        answer.score = read_score(cell, rules.scores)

    def take_date(answer: Answer, cell: str) -> None:
        answer.answered_at = read_moment(cell, zone=rules.zone, order=order)
        if answer.answered_at > rules.now:
            raise BadCell(Fault.DATE_IN_FUTURE, cell.strip())

    def take_comment(answer: Answer, cell: str) -> None:
        answer.comment = clean_prose(cell)

    def take_id(answer: Answer, cell: str) -> None:
        answer.external_id = _read_short(cell)
        if not answer.external_id:
            raise BadCell(Fault.NO_ID)

    def take_occasion(answer: Answer, cell: str) -> None:
        answer.occasion = _read_short(cell)

    def take_email(answer: Answer, cell: str) -> None:
        text = clean_cell(cell)
        answer.email = read_address(text) if text else ""

    named = [
        (columns.score, take_score),
        (columns.date, take_date),
        (columns.external_id, take_id),
        (columns.occasion, take_occasion),
        (columns.comment, take_comment),
        (columns.email, take_email),
        *((name, take) for name, take in _take_properties(table, columns)),
    ]
    return [(name, _find_column(table, name), take) for name, take in named if name]


def _take_properties(
    table: Table, columns: Columns
) -> Iterator[tuple[str, Callable[[Answer, str], None]]]:
    places = {name: _find_column(table, name) for name in columns.properties}
    keys = [(place, property_key(name)) for name, place in places.items()]
    readers = make_readers(table, keys, find_kinds(key for _place, key in keys))
    for name, place in places.items():
        yield name, _take_property(property_key(name), readers.get(place))


def _take_property(key: str, reader: Reader | None) -> Callable[[Answer, str], None]:
    def take(answer: Answer, cell: str) -> None:
        if text := clean_cell(cell, single_line=False):
            answer.properties[key] = reader(text) if reader else text

    return take


def read_score(cell: str, scores: range) -> int:
    """Return the score in a cell ("8", "8.0"); raises BadCell for anything off the scale."""
    text = cell.strip()
    if not text:
        raise BadCell(Fault.NO_SCORE)
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise BadCell(Fault.NOT_A_SCORE, text[:40])
    score = int(match[1])
    if score not in scores:
        raise BadCell(Fault.SCORE_OFF_SCALE, str(score))
    return score


def _read_short(cell: str) -> str:
    text = clean_cell(cell)
    if len(text) > LONGEST_TEXT:
        raise BadCell(Fault.CELL_TOO_LONG)
    return text


def _find_column(table: Table, name: str) -> int:
    """Return where a column stands: by its exact name, else whatever its capitals and dashes."""
    found = [index for index, header in enumerate(table.header) if header == name]
    if not found:
        wanted = simplify(name)
        found = [i for i, header in enumerate(table.header) if simplify(header) == wanted]
    if not found:
        raise UnreadableFile(Fault.MISSING_COLUMN, f"{name} ({', '.join(table.header)})")
    if len(found) > 1:
        raise UnreadableFile(Fault.DOUBLE_COLUMN, name)
    return found[0]
