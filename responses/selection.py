"""Which responses a page, list or command speaks of: survey, days, channel, properties, score.

One object for all of them, so that a number and the list behind it can never disagree.
Days are inclusive days of the organisation; only here do they become moments.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from responses.spans import (
    DAY,
    Grain,
    first_of,
    first_of_months,
    midnight,
    same_day_a_year_before,
)

if TYPE_CHECKING:
    from surveys.filtering import Filters
    from surveys.models import Campaign, Survey


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


# The periods that run, and those that are over; a week has no months.
MONTHS_OF = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}
_COMPLETE = {
    Period.PREVIOUS_WEEK: Period.WEEK,
    Period.PREVIOUS_MONTH: Period.MONTH,
    Period.PREVIOUS_QUARTER: Period.QUARTER,
    Period.PREVIOUS_YEAR: Period.YEAR,
}


def days_of(period: Period, today: dt.date) -> tuple[dt.date | None, dt.date | None]:
    """Return the first and the last day of a preset; None for what has no end on that side."""
    if period in (Period.ALL, Period.CUSTOM):
        return None, None
    if period == Period.LAST_30_DAYS:
        return today - 29 * DAY, today
    if period == Period.LAST_12_MONTHS:
        return same_day_a_year_before(today + DAY), today
    if period not in _COMPLETE:
        return _begin(period, today), today
    last = _begin(_COMPLETE[period], today) - DAY
    return _begin(_COMPLETE[period], last), last


def _begin(period: Period, day: dt.date) -> dt.date:
    if period in MONTHS_OF:
        return first_of_months(MONTHS_OF[period], day)
    return first_of(Grain.WEEK, day)


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
        return midnight(self.first, self.zone) if self.first else None

    @property
    def end(self) -> dt.datetime | None:
        """The moment the day after the last begins: the selection ends just before it."""
        return midnight(self.last + DAY, self.zone) if self.last else None

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
