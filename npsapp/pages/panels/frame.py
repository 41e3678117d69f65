"""What every panel of the dashboard is told: the selection, who reads it, and how much there is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from npsapp.models import User
from npsapp.roles import Role
from responses.chips import list_selection_chips
from responses.models import Event
from responses.naming import Naming
from responses.presets import make_url
from responses.reports.against import Standing
from responses.reports.counting import DaysCounted, Tally, count_scores
from responses.reports.headline import Headline
from responses.reports.running import RunningTotal
from responses.reports.segments import SegmentGroup
from responses.scoring import Thresholds, Tier
from responses.selection import Period, Selection
from surveys.filtering import Chip, Filters
from surveys.models import Campaign, Organisation, Property, Survey

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One reading of the dashboard. `user` is None on a page that is shared without a login.

    `days` holds the counted answers of every day, also those before and after the selected ones,
    with the selection's other filters: what a period is held against is in it already.
    `options` are further parameters of the address that change how a panel is shown.
    `properties` are all that are declared, by their keys, and `surveys` all there are; looked up
    once for all panels. `campaigns` are those of the survey that were launched, the newest first;
    `events` what managers wrote down about it.
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
    thresholds: Thresholds
    properties: Mapping[str, Property] = field(default_factory=dict)
    surveys: list[Survey] = field(default_factory=list)
    campaigns: list[Campaign] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    options: Mapping[str, str] = field(default_factory=dict)
    # Of a shared page only: who shares it chooses.
    shows_comments: bool = True

    @property
    def query(self) -> str:
        """This very reading as the parameters of an address, its days spelled out."""
        return urlencode([*self.selection.pairs(), *self.options.items()])

    @property
    def running_pairs(self) -> list[tuple[str, str]]:
        """The same with a preset as it was chosen: tomorrow it holds tomorrow too."""
        return [*self.selection.pairs(self.period), *self.options.items()]

    @property
    def running_query(self) -> str:
        return urlencode(self.running_pairs)

    @property
    def chips(self) -> list[Chip]:
        """What the answers are narrowed to, without a way out of it: for a file or a print."""
        return list_selection_chips(self.selection, lambda _: "", naming=self.naming)

    @property
    def naming(self) -> Naming:
        """What this reader may be told by name; every label of a value goes through it."""
        return naming_for(self.user, self.thresholds)

    @property
    def today(self) -> dt.date:
        return self.now.astimezone(self.selection.zone).date()

    @cached_property
    def searched(self) -> int:
        """Among how many answers those of the page are looked for, where rows are counted.

        No index knows the values of a property; the answers to a campaign hang on its invitations.
        """
        if not self.selection.filters:
            return self.headline.n
        return count_scores(replace(self.selection, filters=())).n

    @cached_property
    def running(self) -> RunningTotal:
        return RunningTotal(self.days)

    @property
    def standing(self) -> Standing:
        return Standing(
            selection=self.selection,
            period=self.period,
            today=self.today,
            counts=self.headline.counts,
            days=self.running,
            campaigns=self.campaigns,
            events=self.events,
            thresholds=self.thresholds,
        )

    def address(self, *, filters: Filters | None = None, **options: str) -> str:
        """This page with other options, an empty one left out; "" on a page that is shared.

        A preset of days stays a preset, so that tomorrow the address shows tomorrow's days.
        """
        if self.is_shared:
            return ""
        selection = self.selection if filters is None else replace(self.selection, filters=filters)
        chosen = {**self.options, **options}
        kept = {name: value for name, value in chosen.items() if value}
        return make_url(selection, self.period, kept)

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


def naming_for(user: User | None, thresholds: Thresholds) -> Naming:
    """Addresses are for those who write to people, small groups for those with a login."""
    if user is None:
        return Naming(with_addresses=False, least=thresholds.show)
    return Naming(with_addresses=user.may(Role.AGENT))


def hide_addresses(
    naming: Naming,
    *,
    events: list[Event],
    campaigns: list[Campaign],
    groups: list[SegmentGroup],
) -> list[SegmentGroup]:
    """Let what the panels draw say nothing that the reader may not see; return the groups so.

    The rows are of this reading alone, and a reading is never saved.
    """
    for event in events:
        event.label = naming.say(event.label)
        if not naming.may_say(event.segment):
            event.segment = ""
    for campaign in campaigns:
        campaign.name = naming.say(campaign.name)
    return [
        replace(group, values=[each for each in group.values if naming.may_say(each.segment.value)])
        for group in groups
    ]
