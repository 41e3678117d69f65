"""Numbers and amounts as files write them."""

from __future__ import annotations

import pytest

from surveys.importing.dates import Order, normalise_day
from surveys.importing.faults import BadCell, Fault
from surveys.importing.numbers import Mark, decide_mark, normalise_number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1250", "1250"),
        ("1250,50", "1250.5"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1.234.567", "1234567"),
        ("€ 1.250,-", "1250"),
        ("-12,5 EUR", "-12.5"),
        ("1 234 567,8", "1234567.8"),
        ("0.125", "0.125"),
        ("12.5", "12.5"),
        ("100", "100"),
        ("0", "0"),
    ],
)
def test_number_is_read(text: str, expected: str) -> None:
    assert normalise_number(text) == expected


@pytest.mark.parametrize(
    "text", ["veel", "12 stuks", "1.23.4", "1,23.456,7", "12..5", "--1", "9" * 21, "1e5", "", "٣"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(BadCell) as caught:
        normalise_number(text)
    assert caught.value.fault == Fault.NOT_A_NUMBER


def test_the_rest_of_the_column_settles_what_a_dot_means() -> None:
    dutch, english = decide_mark(["1.234", "12,50"]), decide_mark(["1.234", "12.50"])

    assert (dutch, normalise_number("1.234", dutch)) == (Mark.COMMA, "1234")
    assert (english, normalise_number("1.234", english)) == (Mark.DOT, "1.234")


@pytest.mark.parametrize("column", [["1.234"], ["1.234", "12,50", "12.50"]])
def test_a_number_that_nothing_settles_is_refused(column: list[str]) -> None:
    with pytest.raises(BadCell) as caught:
        normalise_number("1.234", decide_mark(column))
    assert caught.value.fault == Fault.AMBIGUOUS_NUMBER


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("31-12-2026", Order.UNDECIDED, "2026-12-31"),
        ("1-3-1950", Order.UNDECIDED, "1950-03-01"),
        ("2026/12/31", Order.UNDECIDED, "2026-12-31"),
        ("03/04/2026", Order.MONTH_FIRST, "2026-03-04"),
        ("31-12-2026 0:00", Order.UNDECIDED, "2026-12-31"),
        ("31-12-2026 9:05", Order.UNDECIDED, "2026-12-31 09:05"),
    ],
)
def test_day_is_kept_in_one_form(text: str, order: Order, expected: str) -> None:
    assert normalise_day(text, order) == expected


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("ooit", Fault.NOT_A_DATE),
        ("30-02-2026", Fault.NOT_A_DATE),
        ("31-12-26", Fault.SHORT_YEAR),
        ("03/04/2026", Fault.AMBIGUOUS_DAY),
    ],
)
def test_what_is_no_day_is_refused(text: str, fault: Fault) -> None:
    with pytest.raises(BadCell) as caught:
        normalise_day(text)
    assert caught.value.fault == fault
