"""How many were asked and what became of it, over many days: from tallies, and newer rows beside.

For a survey or one of its campaigns. What is narrowed by a property is counted from the invitations
themselves: a segment of people who were asked follows the contacts as they are now, and changes
with every one of them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from django.db import connection

from responses.dimensions import SENT, make_dimension
from responses.selection import Selection

# Ranges have two ends for the planner's sake; see responses.reports.tallied.
_STATEMENT = """
    WITH ends AS MATERIALIZED (
        SELECT coalesce(max(ends_at) FILTER (WHERE dimension = 'sent'), '-infinity') AS sent,
               coalesce(max(ends_at) FILTER (WHERE dimension = 'asked'), '-infinity') AS asked,
               coalesce(max(ends_at) FILTER (WHERE dimension = 'left_out:asked'), '-infinity')
                 AS left_out
          FROM responses_tallysheet
         WHERE survey_id = %(survey)s AND dimension IN ('sent', 'asked', 'left_out:asked')
           AND fingerprint = %(fingerprint)s
    ), kept AS (
        SELECT sum(tally.n) AS sent
          FROM responses_tallysheet AS sheet
          JOIN responses_senttally AS tally ON tally.sheet_id = sheet.id
         WHERE sheet.survey_id = %(survey)s AND sheet.dimension = 'sent'
           AND sheet.fingerprint = %(fingerprint)s
           AND tally.day BETWEEN %(first)s AND %(last)s
           AND (%(campaign)s::bigint IS NULL OR tally.campaign_id = %(campaign)s)
    ), newer AS (
        SELECT count(*) AS sent
          FROM surveys_campaign AS campaign
          JOIN surveys_invitation AS asked ON asked.campaign_id = campaign.id
         WHERE campaign.survey_id = %(survey)s
           AND (%(campaign)s::bigint IS NULL OR campaign.id = %(campaign)s)
           AND asked.sequence = 0 AND (asked.state = 'sent' OR asked.answered_at IS NOT NULL)
           AND asked.sent_at >= (SELECT sent FROM ends) AND asked.sent_at < 'infinity'
           AND asked.sent_at >= %(start)s AND asked.sent_at < %(end)s
    ), bounced AS (
        SELECT count(*) AS n
          FROM surveys_campaign AS campaign
          JOIN surveys_invitation AS asked ON asked.campaign_id = campaign.id
         WHERE campaign.survey_id = %(survey)s
           AND (%(campaign)s::bigint IS NULL OR campaign.id = %(campaign)s)
           AND asked.sequence = 0 AND asked.state = 'sent' AND asked.answered_at IS NULL
           AND asked.delivery_status = 'bounced'
           AND asked.sent_at >= %(start)s AND asked.sent_at < %(end)s
    ), answered_kept AS (
        SELECT sum(n0 + n1 + n2 + n3 + n4 + n5 + n6 + n7 + n8 + n9 + n10) AS n
          FROM responses_tallysheet AS sheet
          JOIN responses_dailytally AS tally ON tally.sheet_id = sheet.id
         WHERE sheet.survey_id = %(survey)s AND sheet.dimension = 'asked'
           AND sheet.fingerprint = %(fingerprint)s
           AND nullif(split_part(tally.value, ':', 2), '')::date BETWEEN %(first)s AND %(last)s
           AND (%(campaign)s::bigint IS NULL
                OR split_part(tally.value, ':', 1) = %(campaign)s::text)
    ), answered_newer AS (
        SELECT count(*) AS n
          FROM responses_response AS answer
          -- Without the offset it may read all invitations to join a few.
          JOIN LATERAL (
            SELECT * FROM surveys_invitation AS asked
             WHERE asked.id = answer.invitation_id OFFSET 0
          ) AS asked ON true
         WHERE answer.survey_id = %(survey)s AND answer.status = 'counted'
           AND answer.answered_at >= (SELECT asked FROM ends)
           AND answer.answered_at < 'infinity'
           AND NOT answer.channel = 'import'
           AND (%(campaign)s::bigint IS NULL OR asked.campaign_id = %(campaign)s)
           AND asked.sent_at >= %(start)s AND asked.sent_at < %(end)s
    ), aside_kept AS (
        SELECT sum(n0 + n1 + n2 + n3 + n4 + n5 + n6 + n7 + n8 + n9 + n10) AS n
          FROM responses_tallysheet AS sheet
          JOIN responses_dailytally AS tally ON tally.sheet_id = sheet.id
         WHERE sheet.survey_id = %(survey)s AND sheet.dimension = 'left_out:asked'
           AND sheet.fingerprint = %(fingerprint)s
           AND nullif(split_part(tally.value, ':', 3), '')::date BETWEEN %(first)s AND %(last)s
           AND (%(campaign)s::bigint IS NULL
                OR split_part(tally.value, ':', 2) = %(campaign)s::text)
    ), aside_newer AS (
        SELECT count(*) AS n
          FROM responses_response AS answer
          JOIN surveys_invitation AS asked ON asked.id = answer.invitation_id
         WHERE answer.survey_id = %(survey)s AND answer.status IN ('provisional', 'excluded')
           AND answer.answered_at >= (SELECT left_out FROM ends)
           AND answer.answered_at < 'infinity'
           AND answer.invitation_id IS NOT NULL AND asked.answered_at IS NOT NULL
           AND (%(campaign)s::bigint IS NULL OR asked.campaign_id = %(campaign)s)
           AND asked.sent_at >= %(start)s AND asked.sent_at < %(end)s
    )
    SELECT coalesce(kept.sent, 0) + newer.sent, bounced.n,
           coalesce(answered_kept.n, 0) + answered_newer.n,
           coalesce(aside_kept.n, 0) + aside_newer.n
      FROM kept, newer, bounced, answered_kept, answered_newer, aside_kept, aside_newer
"""


def is_tallied(selection: Selection) -> bool:
    """Whether nothing but survey, campaign and days narrows what is asked for."""
    plain = Selection(
        zone=selection.zone,
        survey=selection.survey,
        campaign=selection.campaign,
        first=selection.first,
        last=selection.last,
    )
    # Whom we asked does not depend on what they answered.
    asked = replace(selection, category="", score=None, status="", is_linked=True)
    return selection.survey is not None and asked == plain


def count_asked(selection: Selection) -> dict[str, int]:
    """Return sent, bounced, answered and set_aside of a selection that is tallied."""
    if selection.survey is None:
        raise ValueError("Tallies belong to one survey; the selection names none.")
    params: dict[str, Any] = {
        "survey": selection.survey.pk,
        "campaign": selection.campaign.pk if selection.campaign else None,
        "fingerprint": make_dimension(SENT, selection.zone).fingerprint,
        "first": selection.first or dt.date.min,
        "last": selection.last or dt.date.max,
        "start": selection.start or "-infinity",
        "end": selection.end or "infinity",
    }
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, params)
        sent, bounced, answered, set_aside = cursor.fetchone()
    return {
        "sent": int(sent),
        "bounced": bounced,
        "answered": int(answered),
        "set_aside": int(set_aside),
    }
