from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.importing.cells import clean_cell, clean_prose, read_language, split_name
from surveys.importing.faults import BadCell, Fault
from surveys.importing.headers import count_known
from surveys.importing.reading import read_table
from surveys.importing.writing import protect, write_csv


def fault_of(text: str) -> Fault:
    with pytest.raises(BadCell) as caught:
        clean_cell(text)
    return caught.value.fault


def test_cell_is_trimmed_and_composed() -> None:
    assert clean_cell("\u00a0 Jose\u0301\u200b ") == "José"
    assert clean_cell("Jan\u00a0Jansen") == "Jan Jansen"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Jan\r\nBcc: ander@klanten.example", Fault.LINE_BREAK),
        ("Jan\u2028Jansen", Fault.LINE_BREAK),
        ("Jan\x07", Fault.CONTROL_CHARACTER),
        ("Jan\x7f", Fault.CONTROL_CHARACTER),
        ("Jan\u202egro.elpmaxe", Fault.DIRECTION_CHARACTER),
    ],
)
def test_cell_that_could_do_harm_in_a_mail_is_refused(text: str, fault: Fault) -> None:
    assert fault_of(text) == fault


def test_line_break_becomes_a_blank_where_it_does_no_harm() -> None:
    assert clean_cell("Straat 1\r\nStad", single_line=False) == "Straat 1 Stad"


def test_comment_keeps_its_lines_and_loses_the_invisible() -> None:
    assert clean_prose(" een\r\ntwee\u202e\x00 ") == "een\ntwee"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Jan de Vries", ("Jan", "de Vries")),
        ("Vries, Jan de", ("Jan", "de Vries")),
        ("de Vries, Jan", ("Jan", "de Vries")),
        ("Anna Maria van den Berg", ("Anna Maria", "van den Berg")),
        ("Mevr. A. van Dam", ("A.", "van Dam")),
        ("de heer Jansen", ("", "Jansen")),
        ("De Vries", ("", "De Vries")),
        ("Jan", ("Jan", "")),
        ("Jan Jansen", ("Jan", "Jansen")),
        ("", ("", "")),
    ],
)
def test_name_is_split_the_dutch_way(name: str, parts: tuple[str, str]) -> None:
    assert split_name(name) == parts


@given(st.text(max_size=60))
def test_splitting_a_name_loses_no_word_but_a_title(name: str) -> None:
    first, last = split_name(name)

    assert set(f"{first} {last}".split()) <= set(name.replace(",", " ", 1).split())


@pytest.mark.parametrize(
    ("text", "code"),
    [("NL", "nl"), ("nl-NL", "nl"), ("en_GB", "en"), ("Nederlands", "nl"), ("Engels", "en")],
)
def test_language_is_read_in_words_and_codes(text: str, code: str) -> None:
    assert read_language(text) == code


def test_language_that_is_none_is_refused() -> None:
    with pytest.raises(BadCell):
        read_language("klingonees")


@pytest.mark.parametrize(
    "text", ["=1+1", "+31 20", "-5", "@SUM(A1)", "  =1", "\t=1", "＝1", "\r=1"]
)
def test_formula_is_protected_on_its_way_out(text: str) -> None:
    assert protect(text) == f"'{text}"


def test_text_that_is_no_formula_leaves_as_it_is() -> None:
    assert protect("Jan - Jansen") == "Jan - Jansen"
    assert protect("") == ""


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30), min_size=1))
def test_download_reads_back_with_one_apostrophe_at_most(cells: list[str]) -> None:
    content = write_csv(["email", "naam"], [["x", cell] for cell in cells])

    found = [row.cells[1] for row in read_table(content, count_known).rows()]

    assert [
        text.removeprefix("'") if text != cell else text
        for text, cell in zip(found, cells, strict=True)
    ] == cells


def test_protected_cell_comes_back_without_its_apostrophe() -> None:
    assert clean_cell("'+31 20") == "+31 20"
    assert clean_cell("'t Hart") == "'t Hart"


def test_numbers_stay_numbers() -> None:
    assert write_csv(["a"], [[-5], [None]]).decode("utf-8-sig") == 'a\r\n-5\r\n""\r\n'
