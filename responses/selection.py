"""Which responses a page, list or command speaks of: survey, campaign, days, properties, score.

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

if TYPE_CHECKING:
    from surveys.filtering import Filters
    from surveys.models import Campaign, Survey


class Period(models.TextChoices):
    LAST_30_DAYS = "30d", _("Last 30 days")
    MONTH = "month", _("This month")
    QUARTER = "quarter", _("This quarter")
    LAST_12_MONTHS = "12m", _("Last 12 months")
    ALL = "all", _("All time")
    CUSTOM = "custom", _("Other dates")


def first_day_of(period: Period, today: dt.date) -> dt.date | None:
    """Return the first day of a preset that runs until `today`; None for one without a start."""
    if period == Period.LAST_30_DAYS:
        return today - dt.timedelta(days=29)
    if period == Period.MONTH:
        return today.replace(day=1)
    if period == Period.QUARTER:
        return today.replace(month=today.month - (today.month - 1) % 3, day=1)
    if period == Period.LAST_12_MONTHS:
        tomorrow = today + dt.timedelta(days=1)
        if (tomorrow.month, tomorrow.day) == (2, 29):
            tomorrow = tomorrow.replace(day=28)
        return tomorrow.replace(year=tomorrow.year - 1)
    return None


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
    campaign: Campaign | None = None
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
        """Return the same survey, campaign, days and properties, within them only what is named."""
        return replace(self, category=category, score=score, status=status)

    @property
    def query(self) -> str:
        """The selection as a query string, its days spelled out: the same rows tomorrow."""
        values = [
            ("survey", self.survey.slug if self.survey else ""),
            ("campaign", str(self.campaign.pk) if self.campaign else ""),
            ("period", "" if self.first or self.last else Period.ALL.value),
            ("from", self.first.isoformat() if self.first else ""),
            ("to", self.last.isoformat() if self.last else ""),
            *(pair for each in self.filters for pair in each.pairs()),
            ("category", self.category),
            ("score", "" if self.score is None else str(self.score)),
            ("status", self.status),
        ]
        return urlencode([(key, value) for key, value in values if value])

    @property
    def rows_url(self) -> str:
        """The list of the very responses selected."""
        return f"{reverse('responses')}?{self.query}" if self.is_linked else ""

    @property
    def invited_url(self) -> str:
        """The list of those who were asked on the selected days, whether they answered or not."""
        return f"{reverse('invited')}?{self.query}" if self.is_linked else ""
