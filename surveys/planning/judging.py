"""Whom a campaign asks, whom it does not and why, and from when: relations that plans are made of.

All of it is SQL, so that a million people never pass through Python. In the order in which they
are judged: no address, suppressed or erased, the same address as somebody before, this survey
answered already, asked too recently.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Case,
    Exists,
    Expression,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Concat, Left

from surveys.audience import Condition, find_audience, read_segment
from surveys.models import Campaign, Contact, Invitation, Organisation, Suppression
from surveys.planning.openings import Lane
from surveys.planning.order import number_of
from surveys.resting import HANDED_OVER, PLANNED, rest_before

Reason = Invitation.Reason

# Settled mail may be a little later than the window says: the last of it, and clocks.
_MARGIN = dt.timedelta(days=2)

# Read `once` (id, contact_id, address_hash, reason, …); yield all its columns, with the reasons
# that only other campaigns know, `rests_until`, and `release`: the number of the first slot in
# which the person may be asked. Whoever rests beyond the last slot has a reason.
_ASKED = """
    asks AS MATERIALIZED (
        SELECT address_hash, contact_id,
               answered_at IS NOT NULL AND campaign_id = ANY(%s) AS has_answered,
               CASE WHEN campaign_id = ANY(%s) THEN
                    CASE WHEN state = ANY(%s) THEN GREATEST(scheduled_for, %s)
                         ELSE COALESCE(sent_at, intent_at, unknown_since, scheduled_for) END
               END AS asked_at
          FROM {invitations}
         WHERE campaign_id = ANY(%s) AND sequence = 0
           AND (state = ANY(%s) OR (state = ANY(%s) AND campaign_id = ANY(%s)
                                    AND (not_after IS NULL OR not_after > %s)))
    ),
    by_address AS (
        SELECT address_hash, bool_or(has_answered) AS has_answered,
               max(asked_at) FILTER (WHERE asked_at < %s) AS asked_at
          FROM asks WHERE address_hash <> '' GROUP BY address_hash
    ),
    by_contact AS (
        SELECT contact_id, bool_or(has_answered) AS has_answered,
               max(asked_at) FILTER (WHERE asked_at < %s) AS asked_at
          FROM asks WHERE contact_id IS NOT NULL GROUP BY contact_id
    ),
    asked AS (
        SELECT once.*, by_address.has_answered OR by_contact.has_answered AS has_answered,
               GREATEST(by_address.asked_at, by_contact.asked_at) + %s AS rested_at
          FROM once
          LEFT JOIN by_address ON by_address.address_hash = once.address_hash
          LEFT JOIN by_contact ON by_contact.contact_id = once.contact_id
    ),
    opening (lane, starts, slots) AS (VALUES {openings}),
    slotted AS (
        SELECT asked.*, opening.slots,
               COALESCE(width_bucket(rested_at - interval '1 microsecond', opening.starts), 0)
                   AS slot
          FROM asked JOIN opening ON opening.lane = asked.lane
    ),
    reasoned AS (
        SELECT slotted.*,
               CASE WHEN reason <> '' THEN reason
                    WHEN has_answered THEN 'answered'
                    WHEN slot > 0 AND slot >= slots THEN 'rested'
                    ELSE '' END AS verdict
          FROM slotted
    )
"""
_OPENING = "(%s, %s::timestamptz[], %s)"
_NOBODY_ASKED = """
    reasoned AS (
        SELECT once.*, reason AS verdict, 0 AS slot, NULL::timestamptz AS rested_at FROM once
    )
"""
_VERDICT = """
    judged AS (
        SELECT {columns}, verdict AS reason, slot AS release,
               CASE WHEN slot > 0 AND verdict IN ('', 'rested') THEN rested_at END AS rests_until
          FROM reasoned
    )
"""

_AUDIENCE = """
    found AS ({audience}),
    once AS (
        SELECT id, id AS contact_id, address_hash, stratum, {lane} AS lane,
               CASE WHEN reason = '' AND row_number() OVER (
                        PARTITION BY reason <> '', hashtextextended(address_hash, 0), address_hash
                            ORDER BY id) > 1
                    THEN 'duplicate' ELSE reason END AS reason
          FROM found {named}
    )
"""
# Which time zone has which calendar. Any other name counts as the organisation's.
_NAMED = "LEFT JOIN unnest(%s::text[], %s::int[]) AS named(name, number) ON named.name = {name}"
_LANE = "COALESCE(named.number, 0)"
# A reminder belongs to its first mail: the rule does not look at it, and its time is not ours.
_WAITING = """
    once AS (
        SELECT row.id, row.scheduled_for, row.order_key, '' AS reason, {lane} AS lane,
               row.contact_id,
               COALESCE(contact.address_hash, row.address_hash) AS address_hash
          FROM {invitations} AS row
          LEFT JOIN {contacts} AS contact ON contact.id = row.contact_id
          {named}
         WHERE row.campaign_id = %s AND row.state = 'scheduled' AND row.sequence = 0
    )
"""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The relation `judged` and what it is made of, for behind WITH; the parameters with it."""

    statement: str
    parameters: list[Any]
    seed: int = 0  # of the order in which they are asked
    is_alike: bool = False  # whether all are of one stratum
    is_kept: bool = False  # whether they stand in a table already


def judge_audience(
    campaign: Campaign,
    organisation: Organisation,
    lanes: Sequence[Lane],
    *,
    among: QuerySet[Contact] | None = None,
    now: dt.datetime,
) -> Judgement:
    """Yield `judged`: everybody in the audience, with id (of the contact), address_hash, stratum,
    lane, reason, release and rests_until. `among` are others to judge instead."""
    conditions = [Condition.from_json(stored) for stored in campaign.audience]
    contacts = find_audience(conditions) if among is None else among
    audience, found = _describe(campaign, contacts, with_zone=len(lanes) > 1)
    asked, known = _look_at_others(campaign, organisation, lanes, now)
    verdict = _VERDICT.format(columns="id, address_hash, stratum, lane")
    lane, named, names = _name_lanes(lanes, "found.time_zone")
    audience = _AUDIENCE.format(audience=audience, lane=lane, named=named)
    return Judgement(
        f"{audience}, {asked}, {verdict}",
        [*found, *names, *known],
        seed=number_of(campaign.seed),
        is_alike=not campaign.strata,
    )


def judge_waiting(
    campaign: Campaign, organisation: Organisation, lanes: Sequence[Lane], *, now: dt.datetime
) -> Judgement:
    """Yield `judged`: those who still wait, with id (of the invitation), scheduled_for, order_key,
    lane, reason, release and rests_until."""
    waiting = find_waiting(campaign, lanes)
    asked, known = _look_at_others(campaign, organisation, lanes, now)
    verdict = _VERDICT.format(columns="id, scheduled_for, order_key, lane")
    return Judgement(f"{waiting.statement}, {asked}, {verdict}", [*waiting.parameters, *known])


def find_waiting(campaign: Campaign, lanes: Sequence[Lane]) -> Judgement:
    """Yield `once`: those who still wait, with their lane."""
    lane, named, names = _name_lanes(lanes, "contact.time_zone")
    waiting = _WAITING.format(
        lane=lane,
        named=named,
        invitations=Invitation._meta.db_table,
        contacts=Contact._meta.db_table,
    )
    return Judgement(waiting, [*names, campaign.pk])


def list_openings_of(lanes: Sequence[Lane]) -> tuple[str, list[Any]]:
    """Return rows of a lane's number, when its slots open and how many they are."""
    openings: list[Any] = []
    for number, lane in enumerate(lanes):
        openings += [number, [slot.start for slot in lane.slots], len(lane.slots)]
    return ", ".join([_OPENING] * len(lanes)), openings


def _name_lanes(lanes: Sequence[Lane], name: str) -> tuple[str, str, list[Any]]:
    """Return the number of somebody's calendar, the join it needs, and its parameters."""
    if len(lanes) == 1:
        return "0", "", []
    named = [(name, number) for number, lane in enumerate(lanes) for name in lane.names]
    return (
        _LANE,
        _NAMED.format(name=name),
        [[name for name, _ in named], [number for _, number in named]],
    )


def _describe(
    campaign: Campaign, contacts: QuerySet[Contact], *, with_zone: bool
) -> tuple[str, tuple[Any, ...]]:
    """Return id, address_hash, stratum and the reason against them that stands on people."""
    blocked = Suppression.objects.filter(address_hash=OuterRef("address_hash"))
    erased = blocked.filter(reason=Suppression.Reason.ERASED)
    asked: list[When] = []
    if campaign.launched_at:
        rows = Invitation.objects.filter(campaign=campaign, address_hash=OuterRef("address_hash"))
        same = rows.exclude(state__in=[Invitation.State.SKIPPED, Invitation.State.FAILED])
        asked = [When(Exists(same), then=Value(Reason.DUPLICATE.value))]
    described = contacts.annotate(
        stratum=_stratum(campaign.strata),
        reason=Case(
            # Without its hash an address cannot be compared with those we must not write to.
            When(Q(email="") | Q(address_hash=""), then=Value(Reason.NO_ADDRESS.value)),
            When(Exists(erased), then=Value(Reason.ERASED.value)),
            When(Exists(blocked), then=Value(Reason.SUPPRESSED.value)),
            *asked,
            default=Value(Reason.NONE.value),
            output_field=TextField(),
        ),
    )
    columns = ["id", "address_hash", "stratum", "reason", *(["time_zone"] if with_zone else [])]
    found: tuple[str, tuple[Any, ...]] = (
        described.order_by().values(*columns).query.sql_with_params()
    )
    return found


def _stratum(keys: list[str]) -> Expression:
    if not keys:
        return Value("", output_field=TextField())
    values: list[Expression] = []
    for key in keys:
        values += [Value(" · "), read_segment(key)] if values else [read_segment(key)]
    # Cut to the column's length: strata that differ only beyond it are one.
    return Left(Concat(*values, output_field=TextField()) if values[1:] else values[0], 200)


def _look_at_others(
    campaign: Campaign, organisation: Organisation, lanes: Sequence[Lane], now: dt.datetime
) -> tuple[str, list[Any]]:
    """What other campaigns did or will do to the same people, as far as it matters to this one."""
    rest = rest_before(campaign.survey, organisation)
    opens = min((lane.slots[0].start for lane in lanes if lane.slots), default=now)
    closes = max((lane.slots[-1].end for lane in lanes if lane.slots), default=now)
    others = Campaign.objects.exclude(pk=campaign.pk).exclude(launched_at=None, state="draft")
    asking, ahead, answering = [], [], []
    for other in others.only("survey_id", "state", "first_day", "window_days", "launched_at"):
        if rest and other.last_day > (opens - rest - _MARGIN).date():
            asking.append(other.pk)
        # Whoever was launched first goes first: its planned mails come before ours.
        if campaign.launched_at is None or (other.launched_at or now) < campaign.launched_at:
            ahead.append(other.pk)
        under_way = other.state in {Campaign.State.RUNNING, Campaign.State.PAUSED}
        # Of the same round: the next one, planned early, asks them again.
        is_sibling = other.survey_id == campaign.survey_id and other.last_day >= opens.date()
        if under_way and is_sibling:
            answering.append(other.pk)
    if not (asking or answering):
        return _NOBODY_ASKED, []
    handed_over, planned = list(HANDED_OVER), list(PLANNED)
    rows, openings = list_openings_of(lanes)
    statement = _ASKED.format(invitations=Invitation._meta.db_table, openings=rows)
    return statement, [
        answering, asking, planned, now, sorted({*asking, *answering}),
        handed_over, planned, ahead, now, closes + rest, closes + rest, rest, *openings,
    ]  # fmt: skip
