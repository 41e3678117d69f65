"""Along what answers are tallied, and the statement that adds raw answers up along it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Expression, F, Func, TextField
from django.db.models.functions import Cast, TruncDate

from responses.models import Response, TallySheet
from responses.models.tally import Sheet
from responses.spans import DAY, midnight
from surveys.models import Property
from surveys.properties import PATTERNS, band_text

ALL, CAMPAIGN, CHANNEL, PROPERTY = "", "campaign", "channel", "property:"
# The campaign and the day on which somebody was asked, as "12:2026-03-31".
ASKED = "asked"
# Not of answers: see responses.sent_tallies.
SENT = "sent"

# One pass over the answers of some days for all sheets. An index gives each day its own answers.
_FOUND = """
    SELECT counted.sheet_id, touched.day, counted.value, responses_response.score, count(*) AS n
      FROM unnest(%s::date[], %s::timestamptz[], %s::timestamptz[]) AS touched (day, starts, ends)
      JOIN responses_response
        ON responses_response.survey_id = %s AND responses_response.status = 'counted'
       AND responses_response.answered_at >= touched.starts
       AND responses_response.answered_at < touched.ends
      LEFT JOIN surveys_invitation ON surveys_invitation.id = responses_response.invitation_id
     CROSS JOIN LATERAL (VALUES {values}) AS counted (sheet_id, value)
     GROUP BY counted.sheet_id, touched.day, counted.value, responses_response.score
"""
_PIVOTED = """
    SELECT sheet_id, day, value, {counts} FROM ({found}) AS found GROUP BY sheet_id, day, value
"""
_COUNTS = ", ".join(
    f"coalesce(sum(n) FILTER (WHERE score = {score}), 0)::integer AS n{score}"
    for score in range(11)
)


@dataclass(frozen=True, slots=True)
class Dimension:
    """`counted_as` says how, in the words of a sheet."""

    name: str
    counted_as: dict[str, Any]

    @property
    def fingerprint(self) -> str:
        text = json.dumps(self.counted_as, sort_keys=True, ensure_ascii=False)
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def make_dimension(name: str, zone: ZoneInfo, declared: Property | None = None) -> Dimension:
    counted_as: dict[str, Any] = {"zone": zone.key}
    if declared and declared.bands and declared.kind in PATTERNS:
        counted_as |= {"kind": declared.kind, "bands": declared.bands}
    return Dimension(name, counted_as)


def list_dimensions(zone: ZoneInfo) -> list[Dimension]:
    """Return everything that answers are to be tallied by now."""
    segments = Property.objects.segments().order_by("key")
    return [
        *(make_dimension(name, zone) for name in (ALL, CAMPAIGN, CHANNEL, ASKED)),
        *(make_dimension(f"{PROPERTY}{entry.key}", zone, entry) for entry in segments),
    ]


def add_up(sheets: Sequence[TallySheet], days: Iterable[dt.date]) -> tuple[str, list[Any]]:
    """Return the statement that counts the raw answers of the days as the sheets would have them.

    All sheets are of one survey and one time zone. Its columns are sheet_id, day, value, n0 … n10.
    """
    zone = ZoneInfo(sheets[0].counted_as["zone"])
    ordered = sorted(days)
    values, value_params = list_values(sheets)
    params = [
        ordered,
        [midnight(day, zone) for day in ordered],
        [midnight(day + DAY, zone) for day in ordered],
        sheets[0].survey_id,
        *value_params,
    ]
    found = _FOUND.format(values=values)
    return _PIVOTED.format(counts=_COUNTS, found=found), params


def list_values(sheets: Sequence[Sheet]) -> tuple[str, list[Any]]:
    """Return a row of a sheet and the value of an answer for each of them, to join to answers."""
    rows, params = [], []
    for sheet in sheets:
        sql, its_params = compile_text(_value_of(sheet))
        rows.append(f"(%s::bigint, {sql})")
        params += [sheet.pk, *its_params]
    return ", ".join(rows), params


def _value_of(sheet: Sheet) -> Expression | F | None:
    match sheet.dimension:
        case "":
            return None
        case "campaign":
            return Cast("invitation__campaign_id", TextField())
        case "channel":
            return F("channel")
        case "asked":
            return _asked(sheet.counted_as["zone"])
    # As the sheet has it, whatever has become of the property meanwhile.
    declared = Property(
        key=sheet.dimension.removeprefix(PROPERTY),
        kind=sheet.counted_as.get("kind", Property.Kind.TEXT),
        bands=sheet.counted_as.get("bands", []),
    )
    return band_text(declared)


def _asked(zone: str) -> Expression:
    """NULL for who was not asked, or whose mail is not known to have left."""
    day = Cast(TruncDate("invitation__sent_at", tzinfo=ZoneInfo(zone)), TextField())
    campaign = Cast("invitation__campaign_id", TextField())
    # Concat of Django would make '' of a NULL.
    return Func(
        campaign,
        day,
        template="(%(expressions)s)",
        arg_joiner=" || ':' || ",
        output_field=TextField(),
    )


def compile_text(expression: Expression | F | None) -> tuple[str, list[Any]]:
    """Return an expression as SQL beside the tables of answers and invitations; '' for NULL."""
    if expression is None:
        return "''::text", []
    query = Response.everything.annotate(_tallied=expression).query
    compiler = query.get_compiler(connection=connection)
    sql, params = compiler.compile(query.annotations["_tallied"])
    return f"coalesce(({sql})::text, '')", list(params)
