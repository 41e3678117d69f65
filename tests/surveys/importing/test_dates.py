from __future__ import annotations

import contextlib
import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.importing.dates import Order, decide_order, read_moment
from surveys.importing.faults import BadCell, Fault

ZONE = ZoneInfo("Europe/Amsterdam")


def read(text: str, order: Order = Order.UNDECIDED) -> str:
    return read_moment(text, zone=ZONE, order=order).astimezone(ZONE).isoformat()


def fault_of(text: str, order: Order = Order.UNDECIDED) -> Fault:
    with pytest.raises(BadCell) as caught:
        read(text, order)
    return caught.value.fault


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2016-06-09 10:36", "2016-06-09T10:36:00+02:00"),
        ("2016-06-09T10:36:00Z", "2016-06-09T12:36:00+02:00"),
        ("2016-06-09T10:36:00 +05:00", "2016-06-09T07:36:00+02:00"),
        ("2016-06-09", "2016-06-09T12:00:00+02:00"),
        ("2016/6/9 9:05", "2016-06-09T09:05:00+02:00"),
        ("31-12-2024", "2024-12-31T12:00:00+01:00"),
        ("3-4-2017 9:05", "2017-04-03T09:05:00+02:00"),
        ("03.04.2017 23:59:59", "2017-04-03T23:59:59+02:00"),
        ("25/12/2017", "2017-12-25T12:00:00+01:00"),
        ("12/25/2017", "2017-12-25T12:00:00+01:00"),
        ("05/05/2017", "2017-05-05T12:00:00+02:00"),
        ("2025-10-26 02:30", "2025-10-26T02:30:00+02:00"),
    ],
)
def test_date_is_read_on_the_clock_of_the_organisation(text: str, moment: str) -> None:
    assert read(text) == moment


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", Fault.NO_DATE),
        ("03/04/2017", Fault.AMBIGUOUS_DATE),
        ("03-04-17", Fault.SHORT_YEAR),
        ("31-02-2017", Fault.NOT_A_DATE),
        ("2017-13-01", Fault.NOT_A_DATE),
        ("2017-01-01 25:00", Fault.NOT_A_DATE),
        ("42530,44", Fault.NOT_A_DATE),
        ("gisteren", Fault.NOT_A_DATE),
        ("0017-01-01", Fault.DATE_TOO_OLD),
    ],
)
def test_date_that_cannot_be_read_says_why(text: str, fault: Fault) -> None:
    assert fault_of(text) == fault


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["03/04/2017", "13/04/2017"], Order.DAY_FIRST),
        (["03/04/2017", "04/13/2017"], Order.MONTH_FIRST),
        (["13/04/2017", "04/13/2017"], Order.MIXED),
        (["03/04/2017", "2017-04-13", "geen"], Order.UNDECIDED),
    ],
)
def test_order_is_decided_by_the_whole_file(texts: list[str], order: Order) -> None:
    assert decide_order(texts) == order


def test_ambiguous_date_follows_the_order_of_the_file() -> None:
    assert read("03/04/2017", Order.DAY_FIRST).startswith("2017-04-03")
    assert read("03/04/2017", Order.MONTH_FIRST).startswith("2017-03-04")


def test_dashes_do_not_settle_a_file_that_contradicts_itself() -> None:
    assert fault_of("03-04-2017", Order.MIXED) == Fault.AMBIGUOUS_DATE
    assert read("03-25-2017", Order.MIXED).startswith("2017-03-25")


@given(st.dates(dt.date(1991, 1, 1), dt.date(2100, 1, 1)), st.times())
def test_every_moment_is_read_back(day: dt.date, clock: dt.time) -> None:
    moment = dt.datetime.combine(day, clock.replace(microsecond=0, fold=0))

    found = read_moment(moment.strftime("%d-%m-%Y %H:%M:%S"), zone=ZONE)

    assert found == moment.replace(tzinfo=ZONE).astimezone(dt.UTC)


@given(st.text(alphabet="0123456789-/.: TZ+", max_size=25))
def test_any_text_is_a_date_or_a_clear_error(text: str) -> None:
    with contextlib.suppress(BadCell):
        assert read_moment(text, zone=ZONE).tzinfo == dt.UTC
