"""What every panel of the dashboard is told: the selection, who reads it, and how much there is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from npsapp.models import User
from npsapp.roles import Role
from responses.models import Event
from responses.reports.counting import DaysCounted, Tally
from responses.reports.headline import Headline
from responses.reports.running import RunningTotal
from responses.reports.segments import SegmentGroup
from responses.scoring import DEFAULT_THRESHOLDS, Thresholds, Tier
from responses.selection import Period, Selection
from surveys.models import Campaign, Organisation, Property, Survey

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One reading of the dashboard. `user` is None on a page that is shared without a login.

    `days` holds the counted answers of every day, also those before and after the selected ones,
    with the selection's other filters: what a period is held against is in it already.
    `options` are further parameters of the address that change how a panel is shown.
    `campaigns` are those of the survey that were launched, the newest first; `events` what
    managers wrote down about it.
    """

    user: User | None
    organisation: Organisation
    now: dt.datetime
    survey: Survey
    period: Period
    selection: Selection
    days: DaysCounted
    tally: Tally
    headline: Headline
    answered_at: dt.datetime | None
    groups: list[SegmentGroup]
    campaigns: list[Campaign] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    options: Mapping[str, str] = field(default_factory=dict)
    thresholds: Thresholds = DEFAULT_THRESHOLDS

    @cached_property
    def properties(self) -> dict[str, Property]:
        """Every property that is declared, by its key, looked up once for all panels."""
        return {declared.key: declared for declared in Property.objects.all()}

    @property
    def today(self) -> dt.date:
        return self.now.astimezone(self.selection.zone).date()

    @cached_property
    def running(self) -> RunningTotal:
        return RunningTotal(self.days)

    def address(self, **options: str) -> str:
        """This page with other options; an empty one is left out.

        A preset of days stays a preset, so that tomorrow the address shows tomorrow's days.
        """
        if self.period == Period.CUSTOM:
            kept = parse_qsl(self.selection.query)
        else:
            whenever = replace(self.selection, first=None, last=None)
            days = ("period", self.period.value)
            kept = [days if pair[0] == "period" else pair for pair in parse_qsl(whenever.query)]
        chosen = {**self.options, **options}
        return f"?{urlencode([*kept, *((key, value) for key, value in chosen.items() if value)])}"

    def may(self, role: Role) -> bool:
        return self.user is not None and self.user.may(role)

    @property
    def may_follow_up(self) -> bool:
        return self.may(Role.AGENT)

    @property
    def may_manage(self) -> bool:
        return self.may(Role.MANAGER)

    @property
    def is_shared(self) -> bool:
        return self.user is None

    @property
    def has_score(self) -> bool:
        """Whether enough people answered for a score and its drawings."""
        return self.headline.tier not in (Tier.EMPTY, Tier.COUNT_ONLY)
