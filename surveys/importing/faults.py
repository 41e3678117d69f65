"""What can be wrong with a file or with one row of it. The sentences stand in explaining.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    # The file as a whole
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    WORKBOOK = "workbook"
    ENCODING = "encoding"
    NUL = "nul"
    NO_HEADER = "no_header"
    NO_ROWS = "no_rows"
    TOO_MANY_ROWS = "too_many_rows"
    TOO_MANY_COLUMNS = "too_many_columns"
    MISSING_COLUMN = "missing_column"
    DOUBLE_COLUMN = "double_column"
    # A row
    UNCLOSED_QUOTE = "unclosed_quote"
    STRAY_QUOTE = "stray_quote"
    TOO_FEW_CELLS = "too_few_cells"
    TOO_MANY_CELLS = "too_many_cells"
    CELL_TOO_LONG = "cell_too_long"
    LINE_BREAK = "line_break"
    CONTROL_CHARACTER = "control_character"
    DIRECTION_CHARACTER = "direction_character"
    DOUBLE_ROW = "double_row"
    # A contact
    NO_IDENTITY = "no_identity"
    BAD_ADDRESS = "bad_address"
    CONFLICT = "conflict"
    OTHER_EXTERNAL_ID = "other_external_id"
    UNKNOWN_LANGUAGE = "unknown_language"
    UNKNOWN_TIME_ZONE = "unknown_time_zone"
    NAME_CUT = "name_cut"
    NOT_A_NUMBER = "not_a_number"
    AMBIGUOUS_NUMBER = "ambiguous_number"
    AMBIGUOUS_DAY = "ambiguous_day"
    # A response
    NO_SCORE = "no_score"
    NOT_A_SCORE = "not_a_score"
    SCORE_OFF_SCALE = "score_off_scale"
    NO_DATE = "no_date"
    NOT_A_DATE = "not_a_date"
    SHORT_YEAR = "short_year"
    AMBIGUOUS_DATE = "ambiguous_date"
    DATE_IN_FUTURE = "date_in_future"
    DATE_TOO_OLD = "date_too_old"
    NO_ID = "no_id"
    DIFFERS = "differs"


class UnreadableFile(ValueError):
    """Nothing of the file can be used. `detail` fills the sentence of `fault`."""

    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(fault, detail)
        self.fault = fault
        self.detail = detail


class BadCell(ValueError):
    """One cell cannot be used."""

    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(fault, detail)
        self.fault = fault
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a line. A row that is not `refused` is used, apart from that cell."""

    line: int
    column: str  # as the file calls it; '' when the row as a whole is meant
    fault: Fault
    detail: str = ""
    refused: bool = True


@dataclass(slots=True)
class Problems:
    """What was found wrong in a file: rows that were refused, and remarks on rows that are used."""

    problems: list[Problem] = field(default_factory=list)

    @property
    def refusals(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.refused]

    @property
    def remarks(self) -> list[Problem]:
        return [problem for problem in self.problems if not problem.refused]
