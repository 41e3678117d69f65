"""From bytes to rows: encodings, separators, quotation marks, limits."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.importing import reading
from surveys.importing.faults import Fault, UnreadableFile
from surveys.importing.headers import count_known
from surveys.importing.reading import Row, Table, decode, read_table

TEXT = "email;naam\njosé@klanten.example;José Cañón\n"


def read(text: str | bytes) -> Table:
    return read_table(text.encode() if isinstance(text, str) else text, count_known)


def rows(text: str | bytes) -> list[Row]:
    return list(read(text).rows())


def fault_of(content: bytes) -> Fault:
    with pytest.raises(UnreadableFile) as caught:
        list(read(content).rows())
    return caught.value.fault


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "UTF-8"),
        (TEXT.encode("utf-8-sig"), "UTF-8"),
        (TEXT.encode("cp1252"), "Windows-1252"),
        (TEXT.encode("utf-16"), "UTF-16"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "UTF-16"),
    ],
)
def test_encoding_is_recognised(content: bytes, encoding: str) -> None:
    table = read(content)

    assert table.encoding == encoding
    assert table.header == ["email", "naam"]
    assert [row.cells for row in table.rows()] == [["josé@klanten.example", "José Cañón"]]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", Fault.EMPTY),
        (b" \r\n\n", Fault.EMPTY),
        (b";;\n;;\n", Fault.EMPTY),
        (b"email;naam\n", Fault.NO_ROWS),
        (b"PK\x03\x04 and the rest of a workbook", Fault.WORKBOOK),
        (b"\xd0\xcf\x11\xe0 an older one", Fault.WORKBOOK),
        (b"email\na\0b\n", Fault.NUL),
        (TEXT.encode("utf-16-le"), Fault.NUL),
        (b"email\n\x81\x8d\n", Fault.ENCODING),
        (b"\xff\xfea", Fault.ENCODING),
        (b";".join(b"c%d" % number for number in range(51)) + b"\nx\n", Fault.TOO_MANY_COLUMNS),
        (b"x" * (reading.MAX_BYTES + 1), Fault.TOO_LARGE),
    ],
)
def test_file_that_cannot_be_read_says_why(content: bytes, fault: Fault) -> None:
    assert fault_of(content) == fault


def test_rows_past_the_limit_refuse_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_ROWS", 2)

    assert len(rows("email\na\nb\n")) == 2
    assert fault_of(b"email\na\nb\nc\n") == Fault.TOO_MANY_ROWS


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_delimiter_is_the_one_that_yields_known_columns(delimiter: str) -> None:
    table = read(delimiter.join(["email", "naam"]) + f"\nx{delimiter}y\n")

    assert table.delimiter == delimiter
    assert table.header == ["email", "naam"]


def test_delimiter_is_not_taken_from_the_text_of_cells() -> None:
    table = read("email;naam, voorletters\na@klanten.example;Vries, Jan, de\n")

    assert table.delimiter == ";"
    assert next(table.rows()).cells == ["a@klanten.example", "Vries, Jan, de"]


def test_delimiter_of_a_sep_line_wins_and_lines_are_counted_from_it() -> None:
    table = read('sep=|\r\nemail|naam;achternaam\r\na@klanten.example|"B"\r\n')

    assert table.delimiter == "|"
    assert table.header == ["email", "naam;achternaam"]
    assert next(table.rows()) == Row(3, ["a@klanten.example", "B"])


def test_single_column_needs_no_delimiter() -> None:
    assert [row.cells for row in rows("e-mail\na@klanten.example\n")] == [["a@klanten.example"]]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\r\r\n"])
def test_line_endings_of_every_system_are_read(ending: str) -> None:
    found = rows(ending.join(["email;naam", "a;b", "c;d", ""]))

    assert found == [Row(2, ["a", "b"]), Row(3, ["c", "d"])]


def test_quoted_cells_may_hold_delimiters_quotes_and_line_breaks() -> None:
    found = rows('email;naam\n"a";"De ""Boer""; zoon"\nb;"twee\nregels"\nc;d\n')

    assert found == [
        Row(2, ["a", 'De "Boer"; zoon']),
        Row(3, ["b", "twee\nregels"]),
        Row(5, ["c", "d"]),
    ]


def test_unclosed_quote_costs_one_line() -> None:
    found = rows('email;naam\na;"Jan\nb;Piet\nc;"Klaas"\n')

    assert [(row.line, row.fault) for row in found] == [
        (2, Fault.UNCLOSED_QUOTE),
        (3, None),
        (4, None),
    ]


def test_unclosed_quote_that_meets_another_one_swallows_nothing() -> None:
    found = rows('email;naam\n"a";"Jan\n"b";"Piet"\n"c";"Klaas"\n')

    assert [(row.line, row.fault) for row in found] == [
        (2, Fault.UNCLOSED_QUOTE),
        (3, None),
        (4, None),
    ]


def test_unclosed_quote_in_the_last_line_is_reported() -> None:
    assert rows('email;naam\na;b\nc;"d')[-1].fault == Fault.UNCLOSED_QUOTE


def test_text_after_a_closing_quote_is_reported() -> None:
    assert rows('email;naam\na;"Jan" Jansen\n')[0].fault == Fault.STRAY_QUOTE


def test_quote_inside_a_plain_cell_is_text() -> None:
    assert rows('email;naam\na;scherm 24" zwart\n') == [Row(2, ["a", 'scherm 24" zwart'])]


def test_ragged_rows_are_reported_with_their_width() -> None:
    found = rows("email;naam;taal\na;b\nc;d;e;f\ng;h;i;;;\n")

    assert [(row.line, row.fault, row.detail) for row in found] == [
        (2, Fault.TOO_FEW_CELLS, "2/3"),
        (3, Fault.TOO_MANY_CELLS, "4/3"),
        (4, None, ""),
    ]


def test_blank_lines_are_passed_over_and_counted() -> None:
    assert [row.line for row in rows("email;naam\n\na;b\n;\n  ;\nc;d\n\n")] == [3, 6]


def test_long_cell_is_named_by_its_column() -> None:
    found = rows(f"email;naam\na;{'x' * 1000}\nb;{'x' * 1001}\n")

    assert [(row.fault, row.detail) for row in found] == [
        (None, ""),
        (Fault.CELL_TOO_LONG, "naam"),
    ]


@given(st.binary(max_size=400))
@settings(max_examples=500, deadline=None)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        found = rows(content)
    except UnreadableFile:
        return
    assert all(row.fault or len(row.cells) == len(read(content).header) for row in found)


@given(st.text(alphabet='ab";,\n\r\t ', max_size=200))
@settings(max_examples=1000, deadline=None)
def test_no_line_is_ever_swallowed(text: str) -> None:
    content = ("email;naam\n" + text + "\nlast;row").encode()

    found = rows(content)

    seen = "".join("".join(row.cells) for row in found)
    letters = sum(text.count(letter) for letter in "ab")
    assert sum(seen.count(letter) for letter in "ab") >= letters
    assert [row.line for row in found] == sorted({row.line for row in found})


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8), st.sampled_from(";,\t|"))
def test_quoted_cells_come_back_as_they_were(pairs: list[tuple[str, str]], delimiter: str) -> None:
    def quote(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"'

    lines = [delimiter.join(map(quote, pair)) for pair in [("email", "naam"), *pairs]]

    found = rows("\n".join(lines))

    assert [tuple(row.cells) for row in found] == [
        pair for pair in pairs if pair[0].strip() or pair[1].strip()
    ]


def test_decode_prefers_utf_8_over_windows() -> None:
    assert decode("é".encode()) == ("é", "UTF-8")
    assert decode("é".encode("cp1252")) == ("é", "Windows-1252")
