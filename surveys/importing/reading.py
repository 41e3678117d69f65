"""From the bytes of a CSV file to its rows. Pure: nothing here knows what the columns mean.

Python's csv module is not used on purpose: it lets an unclosed quotation mark swallow the rest of
the file. Here such a line is reported by its number and reading goes on at the next one.
"""

from __future__ import annotations

import codecs
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import overload

from surveys.importing.faults import Fault, UnreadableFile

MAX_BYTES = 40 * 1024 * 1024
MAX_ROWS = 300_000
MAX_COLUMNS = 50
MAX_CELL = 1_000
DELIMITERS = (";", ",", "\t", "|")

# A quoted cell may run over this many lines before its quotation mark counts as forgotten.
_MAX_LINES_IN_RECORD = 100
_SAMPLE = 20
_PIECE = 1024 * 1024
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8", "UTF-8"),
    (b"\xff\xfe", "utf-16", "UTF-16"),
    (b"\xfe\xff", "utf-16", "UTF-16"),
)
_WITHOUT_BOM = ((b"", "utf-8", "UTF-8"), (b"", "cp1252", "Windows-1252"))
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_SEPARATOR_LINE = re.compile(r'"?sep=([;,|\t^~:])"?\1*', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Row:
    """One record. With a fault `cells` holds what could be made of it, at worst the raw line."""

    line: int
    cells: list[str]
    fault: Fault | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A decoded file, cut into lines. `rows` walks through them anew each time, to save memory."""

    encoding: str
    delimiter: str
    header: list[str]
    lines: Sequence[str] = field(repr=False)
    first: int  # index in `lines` of the first line after the header
    max_cell: int = MAX_CELL
    max_rows: int | None = None  # MAX_ROWS, unless what is made of the rows takes more memory

    def rows(self) -> Iterator[Row]:
        """Yield every record that is not blank. Raises UnreadableFile past the most of them."""
        most = MAX_ROWS if self.max_rows is None else self.max_rows
        records = _read_records(self.lines, self.first, self.delimiter, len(self.header))
        for count, row in enumerate(records, 1):
            if count > most:
                raise UnreadableFile(Fault.TOO_MANY_ROWS, str(most))
            yield self._checked(row)

    def _checked(self, row: Row) -> Row:
        width = len(self.header)
        if row.fault:
            return row
        if len(row.cells) != width:
            fault = Fault.TOO_FEW_CELLS if len(row.cells) < width else Fault.TOO_MANY_CELLS
            return Row(row.line, row.cells, fault, f"{len(row.cells)}/{width}")
        for name, cell in zip(self.header, row.cells, strict=True):
            if len(cell) > self.max_cell:
                return Row(row.line, row.cells, Fault.CELL_TOO_LONG, name)
        return row


def read_table(
    content: bytes,
    count_known: Callable[[Sequence[str]], int],
    *,
    max_cell: int = MAX_CELL,
    max_rows: int | None = None,
) -> Table:
    """Decode a file and find its header. Raises UnreadableFile.

    `count_known` says how many names of a header it recognises: the delimiter that yields the most
    of them wins, so that a comma in a name never decides.
    """
    encoded = detect_encoding(content)
    lines = Lines(encoded)
    delimiter = ""
    start = 0
    if match := _SEPARATOR_LINE.fullmatch(lines[0]):
        delimiter = match[1]
        start = 1
    while start < len(lines) and not lines[start].strip("".join(DELIMITERS) + ' "'):
        start += 1
    if start == len(lines):
        raise UnreadableFile(Fault.EMPTY)
    delimiter = delimiter or _choose_delimiter(lines, start, count_known)
    header, after = _read_header(lines, start, delimiter)
    if len(header) > MAX_COLUMNS:
        raise UnreadableFile(Fault.TOO_MANY_COLUMNS, f"{len(header)}/{MAX_COLUMNS}")
    if not any(lines[index].strip() for index in range(after, len(lines))):
        raise UnreadableFile(Fault.NO_ROWS)
    return Table(encoded.name, delimiter, header, lines, after, max_cell, max_rows)


def decode(content: bytes) -> tuple[str, str]:
    """Return the text and the name of its encoding. Raises UnreadableFile."""
    encoded = detect_encoding(content)
    return str(memoryview(encoded.content)[encoded.start :], encoded.codec), encoded.name


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text that begins at `start` of the bytes, behind what names its encoding."""

    content: bytes
    start: int
    codec: str
    name: str


def detect_encoding(content: bytes) -> Encoded:
    """Find out the encoding of a file: by BOM, else UTF-8, else Windows-1252.

    Raises UnreadableFile, also on NUL: PostgreSQL cannot store it and no CSV has a use for it.
    """
    if not content or content.isspace():
        raise UnreadableFile(Fault.EMPTY)
    if len(content) > MAX_BYTES:
        raise UnreadableFile(Fault.TOO_LARGE, str(MAX_BYTES // 1024 // 1024))
    if content.startswith(_WORKBOOKS):
        raise UnreadableFile(Fault.WORKBOOK)
    candidates = [(bom, codec, name) for bom, codec, name in _BOMS if content.startswith(bom)]
    for bom, codec, name in candidates or _WITHOUT_BOM:
        try:
            if codec == "utf-16":
                encoded = Encoded(content.decode(codec).encode(), 0, "utf-8", name)
            else:
                encoded = Encoded(content, len(bom), codec, name)
                _check_text(content, len(bom), codec)
        except UnicodeError:
            continue
        place = encoded.content.find(b"\0")
        if place >= 0:
            line = encoded.content.count(b"\n", 0, place) + 1
            raise UnreadableFile(Fault.NUL, str(line))
        return encoded
    raise UnreadableFile(Fault.ENCODING)


def _check_text(content: bytes, start: int, codec: str) -> None:
    """Decode piece by piece, which takes no memory; raises UnicodeError."""
    decoder = codecs.getincrementaldecoder(codec)()
    for place in range(start, len(content), _PIECE):
        decoder.decode(content[place : place + _PIECE])
    decoder.decode(b"", final=True)


class Lines(Sequence[str]):
    """The lines of a text that stays encoded: a list of strings would be several times as large.

    Cut at one kind of line ending only, unlike str.splitlines(), which also cuts at form feeds and
    at U+2028 inside a cell.
    """

    def __init__(self, encoded: Encoded) -> None:
        self._content = encoded.content
        self._codec = encoded.codec
        ending = b"\n" if b"\n" in self._content else b"\r"
        if self._content.count(ending) > 10 * MAX_ROWS:
            raise UnreadableFile(Fault.TOO_MANY_ROWS, str(MAX_ROWS))
        # Where each line begins, and where one more would.
        self._starts = array("Q", [encoded.start])
        place = self._content.find(ending, encoded.start)
        while place >= 0:
            self._starts.append(place + 1)
            place = self._content.find(ending, place + 1)
        self._starts.append(len(self._content) + 1)

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        line = self._content[self._starts[index] : self._starts[index + 1] - 1]
        return line.decode(self._codec).rstrip("\r")


def _choose_delimiter(
    lines: Sequence[str], start: int, count_known: Callable[[Sequence[str]], int]
) -> str:
    def promise(delimiter: str) -> tuple[int, int, int]:
        header, after = _read_header(lines, start, delimiter)
        sample = lines[after : after + _SAMPLE]
        fitting = sum(line.count(delimiter) == len(header) - 1 for line in sample)
        return count_known(header), fitting if len(header) > 1 else 0, len(header)

    return max(DELIMITERS, key=promise)  # the first of equals


def _read_header(lines: Sequence[str], start: int, delimiter: str) -> tuple[list[str], int]:
    """Return the names of the columns and the index of the line after them."""
    cells, after, fault = _read_record(lines, start, delimiter)
    if fault:
        cells, after = lines[start].split(delimiter), start + 1
    names = [" ".join(cell.split()) for cell in cells]
    while len(names) > 1 and not names[-1]:
        names.pop()
    return names, after


def _read_records(lines: Sequence[str], start: int, delimiter: str, width: int) -> Iterator[Row]:
    index = start
    while index < len(lines):
        cells, after, fault = _read_record(lines, index, delimiter)
        while len(cells) > width and not cells[-1].strip():
            cells.pop()
        if after > index + 1 and len(cells) != width:
            # Lines that were joined by mistake must not take good rows with them.
            cells, after, fault = [lines[index]], index + 1, Fault.UNCLOSED_QUOTE
        if fault or any(cell.strip() for cell in cells):
            yield Row(index + 1, cells, fault)
        index = after


def _read_record(
    lines: Sequence[str], index: int, delimiter: str
) -> tuple[list[str], int, Fault | None]:
    """Return the cells of the record at `index`, the index after it, and what is wrong with it."""
    line = lines[index]
    if '"' not in line:
        return line.split(delimiter), index + 1, None
    cells, end = _split_quoted(line, delimiter)
    if end == len(line):
        return cells, index + 1, None
    block = "\n".join(lines[index : index + _MAX_LINES_IN_RECORD])
    cells, end_in_block = _split_quoted(block, delimiter)
    if end_in_block is not None:
        return cells, index + 1 + block.count("\n", 0, end_in_block), None
    rest = line[_opening(line, delimiter) + 1 :].replace('""', "")
    fault = Fault.STRAY_QUOTE if '"' in rest else Fault.UNCLOSED_QUOTE
    return [line], index + 1, fault


def _cell_pattern(delimiter: str) -> re.Pattern[str]:
    end = re.escape(delimiter)
    return re.compile(rf' *"([^"]*(?:""[^"]*)*)" *(?=[{end}\n]|\Z)|((?! *")[^{end}\n]*)')


_CELLS = {delimiter: _cell_pattern(delimiter) for delimiter in (*DELIMITERS, "^", "~", ":")}


def _split_quoted(text: str, delimiter: str) -> tuple[list[str], int | None]:
    """Cut one record from the start of `text`; return its cells and where it ends.

    The end is None when a quotation mark is not closed, or is closed in the middle of a cell.
    """
    pattern = _CELLS[delimiter]
    cells: list[str] = []
    position = 0
    while match := pattern.match(text, position):
        quoted = match[1]
        cells.append(match[2] if quoted is None else quoted.replace('""', '"'))
        position = match.end()
        if position == len(text) or text[position] == "\n":
            return cells, position
        position += 1  # over the delimiter
    return cells, None


def _opening(line: str, delimiter: str) -> int:
    """Return where the quotation mark stands that could not be matched."""
    pattern = _CELLS[delimiter]
    position = 0
    while match := pattern.match(line, position):
        position = match.end() + 1
    return line.index('"', position)
