"""The contact frequency rule at the last moment: who was asked meanwhile waits, or is let be.

The plan kept the rule already. What may have changed since: another campaign asked the same person
(both were planned at once, an address was changed, a doubtful mail turned out sent), or the rule.
Only mail that left, or is leaving, counts here: if plans counted too, two campaigns that both mean
to ask somebody would each wait for the other.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Greatest
from psycopg.sql import SQL, Composed, Identifier

from surveys.models import Campaign, Contact, Invitation, Organisation, Survey, get_organisation
from surveys.planning.openings import list_openings, zone_for
from surveys.sending.ledger import RESULT_LEASE, Reason, State

# What is leaving right now may come to nothing: nobody is let be because of it.
_UNTIL_SETTLED = RESULT_LEASE + dt.timedelta(minutes=3)

# Of an invitation `row` to {address}: what was sent to the same person and stands in its way.
# Reminders neither count nor are looked at: they belong to their first mail. Asked in two halves,
# each with an index of its own: an OR reads all that ever left. "|| ''" keeps the second half from
# the index of the first.
_BLOCKING = SQL("""
      FROM (
           SELECT same.* FROM {table} AS same
            WHERE same.address_hash = {address} AND same.state IN ('sending', 'sent', 'unknown')
            UNION ALL
           SELECT same.* FROM {table} AS same
            WHERE same.contact_id = row.contact_id
              AND same.state || '' IN ('sending', 'sent', 'unknown')
           ) AS other
      JOIN {campaign} AS theirs ON theirs.id = other.campaign_id
      JOIN {campaign} AS mine ON mine.id = row.campaign_id
      JOIN {survey} AS survey ON survey.id = mine.survey_id
     CROSS JOIN LATERAL (
           SELECT CASE survey.rest_rule
                  WHEN 'ignore' THEN 0
                  WHEN 'own' THEN survey.rest_days
                  ELSE COALESCE((SELECT rest_days FROM {organisation}), %(default_days)s::integer)
                  END AS days,
                  COALESCE(other.sent_at, other.intent_at, other.unknown_since, other.scheduled_for)
                  AS asked_at,
                  other.campaign_id = row.campaign_id AND other.occasion = row.occasion
                  AS is_same,
                  other.campaign_id <> row.campaign_id AND theirs.survey_id = mine.survey_id
                  AND theirs.state IN ('running', 'paused') AND other.answered_at IS NOT NULL
                  AS is_answered
           ) AS fact
     WHERE row.sequence = 0 AND other.sequence = 0 AND other.id <> row.id
       AND (fact.is_same OR fact.is_answered
            OR fact.days > 0
               AND fact.asked_at > %(now)s::timestamptz - make_interval(days => fact.days))
""")
_FIND = SQL("""
    SELECT row.id,
           bool_or(found.is_same AND found.state <> 'sending'),
           bool_or(found.is_answered),
           max(found.free_at) FILTER (WHERE found.state <> 'sending')
      FROM {table} AS row
      LEFT JOIN {contact} AS contact ON contact.id = row.contact_id
     CROSS JOIN LATERAL (
           SELECT fact.is_same, fact.is_answered, other.state,
                  fact.asked_at + make_interval(days => fact.days) AS free_at
           {blocking}
           ) AS found
     WHERE row.claim_token = %(token)s AND row.state = 'claimed'
       AND (%(pk)s::bigint IS NULL OR row.id = %(pk)s)
  GROUP BY row.id
""")
_TABLES = {
    "table": Invitation,
    "campaign": Campaign,
    "contact": Contact,
    "organisation": Organisation,
    "survey": Survey,
}
DEFAULT_DAYS: int = Organisation._meta.get_field("rest_days").get_default()


@dataclass(frozen=True, slots=True)
class _Verdict:
    pk: int
    is_duplicate: bool
    is_answered: bool
    free_at: dt.datetime | None


def not_resting() -> Composed:
    """The condition for the intent statement, on `row` and its parameter `address_hash`."""
    return SQL("NOT EXISTS (SELECT {blocking})").format(blocking=_blocking(SQL("%(address_hash)s")))


def settle_resting(
    token: uuid.UUID, *, now: dt.datetime, pk: int | None = None, address_hash: str = ""
) -> int:
    """Postpone the claimed rows whose people rest, or skip them when the window ends before.

    `address_hash` is of the address that the mail would go to, where that is known already.
    """
    values: dict[str, Any] = {
        "token": token,
        "pk": pk,
        "address_hash": address_hash,
        "now": now,
        "default_days": DEFAULT_DAYS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_statement(), values)
        verdicts = [_Verdict(*row) for row in cursor.fetchall()]
    return sum(_settle(verdict, token, now) for verdict in verdicts)


def _settle(verdict: _Verdict, token: uuid.UUID, now: dt.datetime) -> int:
    rows = Invitation.objects.filter(pk=verdict.pk, claim_token=token, state=State.CLAIMED)
    row = rows.select_related("campaign", "contact").first()
    if row is None:
        return 0
    reason, opening = Reason.RESTED, None
    if verdict.is_duplicate:
        reason = Reason.DUPLICATE
    elif verdict.is_answered:
        reason = Reason.ANSWERED
    else:
        opening = _find_opening(row, verdict.free_at or now + _UNTIL_SETTLED)
    changes: dict[str, Any] = {"lease_until": None}
    if reason == Reason.RESTED and verdict.free_at:
        changes["rests_until"] = verdict.free_at
    if opening:
        claims = Greatest(F("claims") - 1, Value(0))
        changes |= {"state": State.SCHEDULED, "scheduled_for": opening, "claims": claims}
    else:
        changes |= {"state": State.SKIPPED, "reason": reason, "skipped_at": now, "claims": 0}
    return rows.update(**changes)


def _find_opening(row: Invitation, free_at: dt.datetime) -> dt.datetime | None:
    """The first moment from then on at which the campaign may still mail; None when it is over."""
    organisation = get_organisation()
    zone = zone_for(row.campaign, organisation, row.contact)
    for slot in list_openings(row.campaign, organisation, not_before=free_at, zone=zone):
        if row.not_after is None or slot.start < row.not_after:
            return slot.start
        break
    return None


def _blocking(address: SQL) -> Composed:
    return _BLOCKING.format(address=address, **_names())


@cache
def _statement() -> str:
    address = SQL("COALESCE(NULLIF(%(address_hash)s, ''), contact.address_hash, row.address_hash)")
    return _FIND.format(blocking=_blocking(address), **_names()).as_string()


def _names() -> dict[str, Identifier]:
    return {name: Identifier(model._meta.db_table) for name, model in _TABLES.items()}
