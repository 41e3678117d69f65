"""Which responses a page, list or command speaks of: survey, days, channel, properties, score.

One object for all of them, so that a number and the list behind it can never disagree.
Days are inclusive days of the organisation; only here do they become moments.
"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from surveys.filtering import Filters
    from surveys.models import Campaign, Survey


DAY = dt.timedelta(days=1)


class Period(models.TextChoices):
    LAST_30_DAYS = "30d", _("Last 30 days")
    WEEK = "week", _("This week")
    PREVIOUS_WEEK = "last-week", _("Last week")
    MONTH = "month", _("This month")
    PREVIOUS_MONTH = "last-month", _("Last month")
    QUARTER = "quarter", _("This quarter")
    PREVIOUS_QUARTER = "last-quarter", _("Last quarter")
    YEAR = "year", _("This year")
    PREVIOUS_YEAR = "last-year", _("Last year")
    LAST_12_MONTHS = "12m", _("Last 12 months")
    ALL = "all", _("All time")
    CUSTOM = "custom", _("Other dates")


def days_of(period: Period, today: dt.date) -> tuple[dt.date | None, dt.date | None]:
    """Return the first and the last day of a preset; None for what has no end on that side."""
    if period in (Period.ALL, Period.CUSTOM):
        return None, None
    if period == Period.LAST_30_DAYS:
        return today - 29 * DAY, today
    if period == Period.LAST_12_MONTHS:
        return _a_year_before(today + DAY), today
    if period in _RUNNING:
        return _first_of(_RUNNING[period], today), today
    unit = _COMPLETE[period]
    last = _first_of(unit, today) - DAY
    return _first_of(unit, last), last


class Unit(enum.Enum):
    """A stretch of the calendar. Weeks begin on Monday."""

    WEEK = enum.auto()
    MONTH = enum.auto()
    QUARTER = enum.auto()
    YEAR = enum.auto()


_RUNNING = {
    Period.WEEK: Unit.WEEK,
    Period.MONTH: Unit.MONTH,
    Period.QUARTER: Unit.QUARTER,
    Period.YEAR: Unit.YEAR,
}
_COMPLETE = {
    Period.PREVIOUS_WEEK: Unit.WEEK,
    Period.PREVIOUS_MONTH: Unit.MONTH,
    Period.PREVIOUS_QUARTER: Unit.QUARTER,
    Period.PREVIOUS_YEAR: Unit.YEAR,
}


def _first_of(unit: Unit, day: dt.date) -> dt.date:
    if unit == Unit.WEEK:
        return day - day.weekday() * DAY
    if unit == Unit.MONTH:
        return day.replace(day=1)
    if unit == Unit.QUARTER:
        return day.replace(month=day.month - (day.month - 1) % 3, day=1)
    return day.replace(month=1, day=1)


def _a_year_before(day: dt.date) -> dt.date:
    if (day.month, day.day) == (2, 29):
        day = day.replace(day=28)
    return day.replace(year=day.year - 1)


@dataclass(frozen=True, slots=True)
class Segment:
    """The responses whose snapshot of properties has `key` set to `value`."""

    key: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Segment:
        """Read key=value; raise ValueError for anything else. The value may hold further =."""
        key, separator, value = text.partition("=")
        if not (separator and key.strip() and value.strip()):
            raise ValueError(text)
        return cls(key.strip(), value.strip())

    def __str__(self) -> str:
        return f"{self.key}={self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    zone: ZoneInfo
    survey: Survey | None = None
    # Of every survey at this place in the customer's journey; a chosen survey says it already.
    touchpoint: str = ""
    campaign: Campaign | None = None
    channel: str = ""
    first: dt.date | None = None
    last: dt.date | None = None
    filters: Filters = ()
    category: str = ""
    score: int | None = None
    status: str = ""
    # False where the reader may see numbers only: every address of rows is then empty.
    is_linked: bool = True

    @property
    def start(self) -> dt.datetime | None:
        """The moment the first day begins on the organisation's clock."""
        return self._midnight(self.first) if self.first else None

    @property
    def end(self) -> dt.datetime | None:
        """The moment the day after the last begins: the selection ends just before it."""
        return self._midnight(self.last + dt.timedelta(days=1)) if self.last else None

    def _midnight(self, day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, dt.time.min, tzinfo=self.zone)

    def moments(self, field: str) -> models.Q:
        """Return the condition that the time in `field` falls on the selected days."""
        condition = models.Q()
        if self.start:
            condition &= models.Q(**{f"{field}__gte": self.start})
        if self.end:
            condition &= models.Q(**{f"{field}__lt": self.end})
        return condition

    def narrowed(
        self, *, category: str = "", score: int | None = None, status: str = ""
    ) -> Selection:
        """Return the same survey, days, channel and properties, within them only what is named."""
        return replace(self, category=category, score=score, status=status)

    @property
    def query(self) -> str:
        """The selection as a query string, its days spelled out: the same rows tomorrow."""
        return urlencode(self.pairs())

    def pairs(self, period: Period = Period.CUSTOM) -> list[tuple[str, str]]:
        """The parameters of an address; with a preset in place of the days, it moves along."""
        if period == Period.CUSTOM:
            days = [
                ("period", "" if self.first or self.last else Period.ALL.value),
                ("from", self.first.isoformat() if self.first else ""),
                ("to", self.last.isoformat() if self.last else ""),
            ]
        else:
            days = [("period", period.value)]
        values = [
            ("survey", self.survey.slug if self.survey else ""),
            ("touchpoint", self.touchpoint),
            ("campaign", str(self.campaign.pk) if self.campaign else ""),
            ("channel", self.channel),
            *days,
            *(pair for each in self.filters for pair in each.pairs()),
            ("category", self.category),
            ("score", "" if self.score is None else str(self.score)),
            ("status", self.status),
        ]
        return [(key, value) for key, value in values if value]

    @property
    def rows_url(self) -> str:
        """The list of the very responses selected."""
        return f"{reverse('responses')}?{self.query}" if self.is_linked else ""

    @property
    def invited_url(self) -> str:
        """The list of those who were asked on the selected days, whether they answered or not."""
        return f"{reverse('invited')}?{self.query}" if self.is_linked else ""
