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

from django.db.models import Case, Exists, Expression, OuterRef, Q, TextField, Value, When
from django.db.models.functions import Concat, Left

from surveys.audience import Condition, find_audience, read_segment
from surveys.models import Campaign, Contact, Invitation, Organisation, Suppression
from surveys.planning.calendar import Slot
from surveys.resting import HANDED_OVER, PLANNED, rest_before

Reason = Invitation.Reason

# Settled mail may be a little later than the window says: the last of it, and clocks.
_MARGIN = dt.timedelta(days=2)

# Read `once` (id, contact_id, address_hash, reason, …); yield all its columns, with the reasons
# that only other campaigns know, `rests_until`, and `release`: the number of the first slot in
# which the person may be asked. Whoever rests beyond the last slot has a reason.
_ASKED = f"""
    asks AS MATERIALIZED (
        SELECT address_hash, contact_id,
               answered_at IS NOT NULL AND campaign_id = ANY(%s) AS has_answered,
               CASE WHEN campaign_id = ANY(%s) THEN
                    CASE WHEN state = ANY(%s) THEN GREATEST(scheduled_for, %s)
                         ELSE COALESCE(sent_at, intent_at, unknown_since, scheduled_for) END
               END AS asked_at
          FROM {Invitation._meta.db_table}
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
    slotted AS (
        SELECT asked.*,
               COALESCE(width_bucket(rested_at - interval '1 microsecond', %s::timestamptz[]), 0)
                   AS slot
          FROM asked
    ),
    reasoned AS (
        SELECT slotted.*,
               CASE WHEN reason <> '' THEN reason
                    WHEN has_answered THEN 'answered'
                    WHEN slot > 0 AND slot >= %s THEN 'rested'
                    ELSE '' END AS verdict
          FROM slotted
    )
"""  # noqa: S608 - a table of ours
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
    draw AS (SELECT %s::text AS seed),
    found AS ({audience}),
    once AS (
        SELECT id, id AS contact_id, address_hash, stratum,
               CASE WHEN reason = '' AND row_number() OVER (
                        PARTITION BY reason, address_hash ORDER BY id) > 1
                    THEN 'duplicate' ELSE reason END AS reason
          FROM found
    )
"""
_PEOPLE = """
    people AS (
        SELECT id, address_hash, stratum, release, rests_until FROM judged WHERE reason = ''
    )
"""
# A reminder belongs to its first mail: the rule does not look at it.
_WAITING = f"""
    once AS (
        SELECT row.id, row.order_key, '' AS reason,
               CASE WHEN row.sequence = 0 THEN row.contact_id END AS contact_id,
               CASE WHEN row.sequence = 0
                    THEN COALESCE(contact.address_hash, row.address_hash) ELSE '' END
                   AS address_hash
          FROM {Invitation._meta.db_table} AS row
          LEFT JOIN {Contact._meta.db_table} AS contact ON contact.id = row.contact_id
         WHERE row.campaign_id = %s AND row.state = 'scheduled'
    )
"""  # noqa: S608 - tables of ours


@dataclass(frozen=True, slots=True)
class Judgement:
    """Common table expressions, to be put behind WITH, and their parameters."""

    statement: str
    parameters: list[Any]


def judge_audience(
    campaign: Campaign, organisation: Organisation, slots: Sequence[Slot], *, now: dt.datetime
) -> Judgement:
    """Yield `judged` (everybody in the audience) and `people` (who are asked), and `draw`.

    Both have id (of the contact), address_hash, stratum, release and rests_until.
    """
    audience, found = _find(campaign)
    asked, known = _look_at_others(campaign, organisation, slots, now)
    verdict = _VERDICT.format(columns="id, address_hash, stratum")
    statement = ", ".join([_AUDIENCE.format(audience=audience), asked, verdict, _PEOPLE])
    return Judgement(statement, [campaign.seed, *found, *known])


def judge_waiting(
    campaign: Campaign, organisation: Organisation, slots: Sequence[Slot], *, now: dt.datetime
) -> Judgement:
    """Yield `judged`: id (of the invitation), order_key, reason, release, rests_until of those who
    still wait."""
    asked, known = _look_at_others(campaign, organisation, slots, now)
    verdict = _VERDICT.format(columns="id, order_key")
    return Judgement(f"{_WAITING}, {asked}, {verdict}", [campaign.pk, *known])


def _find(campaign: Campaign) -> tuple[str, tuple[Any, ...]]:
    conditions = [Condition.from_json(stored) for stored in campaign.audience]
    blocked = Suppression.objects.filter(address_hash=OuterRef("address_hash"))
    erased = blocked.filter(reason=Suppression.Reason.ERASED)
    contacts = find_audience(conditions).annotate(
        stratum=_stratum(campaign.strata),
        reason=Case(
            # Without its hash an address cannot be compared with those we must not write to.
            When(Q(email="") | Q(address_hash=""), then=Value(Reason.NO_ADDRESS.value)),
            When(Exists(erased), then=Value(Reason.ERASED.value)),
            When(Exists(blocked), then=Value(Reason.SUPPRESSED.value)),
            default=Value(Reason.NONE.value),
            output_field=TextField(),
        ),
    )
    found = contacts.order_by().values("id", "address_hash", "stratum", "reason")
    return found.query.sql_with_params()


def _stratum(keys: list[str]) -> Expression:
    if not keys:
        return Value("", output_field=TextField())
    values: list[Expression] = []
    for key in keys:
        values += [Value(" · "), read_segment(key)] if values else [read_segment(key)]
    # Cut to the column's length: strata that differ only beyond it are one.
    return Left(Concat(*values, output_field=TextField()) if values[1:] else values[0], 200)


def _look_at_others(
    campaign: Campaign, organisation: Organisation, slots: Sequence[Slot], now: dt.datetime
) -> tuple[str, list[Any]]:
    """What other campaigns did or will do to the same people, as far as it matters to this one."""
    rest = rest_before(campaign.survey, organisation)
    opens = slots[0].start if slots else now
    closes = slots[-1].end if slots else now
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
    starts = [slot.start for slot in slots]
    handed_over, planned = list(HANDED_OVER), list(PLANNED)
    return _ASKED, [
        answering, asking, planned, now, sorted({*asking, *answering}),
        handed_over, planned, ahead, now, closes + rest, closes + rest, rest, starts, len(slots),
    ]  # fmt: skip
