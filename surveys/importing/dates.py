"""Dates as files write them. Pure.

ISO and dd-mm-yyyy are read; 03/04/2017 means the third of April to some and the fourth of March to
others, and is read only when the rest of the file, or a person, settles which.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from enum import StrEnum
from zoneinfo import ZoneInfo

from surveys.importing.faults import BadCell, Fault

EARLIEST_YEAR = 1990
_NUMBERED = re.compile(
    r"(?P<first>\d{1,2})(?P<mark>[-./])(?P<second>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})"
    r"(?:,?[ T]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second_of>\d{2})(?:[.,]\d+)?)?)?"
)
_YEAR_FIRST = re.compile(r"\d{4}([/.])\d{1,2}\1\d{1,2}")


class Order(StrEnum):
    """Which of the two leading numbers of a date is the day."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"
    UNDECIDED = ""
    MIXED = "mixed"


def decide_order(texts: Iterable[str]) -> Order:
    """Return what the dates of a whole column give away: a number above 12 cannot be a month."""
    day_first = month_first = False
    for text in texts:
        if match := _NUMBERED.fullmatch(text.strip()):
            day_first = day_first or int(match["first"]) > 12
            month_first = month_first or int(match["second"]) > 12
    if day_first and month_first:
        return Order.MIXED
    if day_first or month_first:
        return Order.DAY_FIRST if day_first else Order.MONTH_FIRST
    return Order.UNDECIDED


def read_moment(text: str, *, zone: ZoneInfo, order: Order = Order.UNDECIDED) -> dt.datetime:
    """Return the moment that `text` means on a clock in `zone`, in UTC; raises BadCell.

    A date without a time is the middle of that day, so that it stays on its day in every report.
    In the hour that a clock change repeats, the first one is taken.
    """
    text = text.strip()
    if not text:
        raise BadCell(Fault.NO_DATE)
    try:
        moment = _read_iso(text) or _read_numbered(text, order)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        if moment.year < EARLIEST_YEAR:
            raise BadCell(Fault.DATE_TOO_OLD, text)
        return moment.astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        if isinstance(error, BadCell):
            raise
        raise BadCell(Fault.NOT_A_DATE, text) from None


def normalise_day(text: str, order: Order = Order.UNDECIDED) -> str:
    """Return a day as it is kept: 2026-12-31, with its time behind it when it has one.

    Raises BadCell.
    """
    text = text.strip()
    try:
        moment = _read_iso(text) or _read_numbered(text, order)
    except ValueError as error:
        if not isinstance(error, BadCell):
            raise BadCell(Fault.NOT_A_DATE, text[:80]) from None
        is_open = error.fault == Fault.AMBIGUOUS_DATE
        raise BadCell(Fault.AMBIGUOUS_DAY if is_open else error.fault, text[:80]) from None
    if ":" not in text or moment.time() == dt.time():
        return moment.date().isoformat()
    return f"{moment:%Y-%m-%d %H:%M}"


def _read_iso(text: str) -> dt.datetime | None:
    if not re.match(r"\d{4}[-/.]\d{1,2}[-/.]", text):
        return None
    text = _YEAR_FIRST.sub(lambda match: match[0].replace(match[1], "-"), text, count=1)
    day, _, time = text.partition("T" if "T" in text else " ")
    year, month, number = day.split("-")
    date = dt.date(int(year), int(month), int(number))
    time = time.strip()
    if not time:
        return dt.datetime.combine(date, dt.time(12))
    if re.match(r"\d:", time):
        time = f"0{time}"
    return dt.datetime.combine(date, dt.time.fromisoformat(time.replace(" ", "")))


def _read_numbered(text: str, order: Order) -> dt.datetime:
    match = _NUMBERED.fullmatch(text)
    if match is None:
        raise BadCell(Fault.NOT_A_DATE, text)
    if len(match["year"]) == 2:
        raise BadCell(Fault.SHORT_YEAR, text)
    first, second, year = int(match["first"]), int(match["second"]), int(match["year"])
    month_first = second > 12 or order == Order.MONTH_FIRST
    if first <= 12 and second <= 12 and first != second and not _settled(match["mark"], order):
        raise BadCell(Fault.AMBIGUOUS_DATE, text)
    if first > 12:
        month_first = False
    day, month = (second, first) if month_first else (first, second)
    date = dt.date(year, month, day)
    if match["hour"] is None:
        return dt.datetime.combine(date, dt.time(12))
    clock = dt.time(int(match["hour"]), int(match["minute"]), int(match["second_of"] or 0))
    return dt.datetime.combine(date, clock)


def _settled(mark: str, order: Order) -> bool:
    """With dashes or dots people write the day first, unless the file gives something else away."""
    if order == Order.MIXED:
        return False
    return order in {Order.DAY_FIRST, Order.MONTH_FIRST} or mark in "-."
