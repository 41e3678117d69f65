"""Along what answers and pairs are tallied, and the statements that add raw ones up along it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Case, Expression, F, Func, TextField, When
from django.db.models.functions import Cast, TruncDate

from responses.models import Response, TallySheet
from responses.models.tally import Sheet
from responses.pair_rows import CELL_COUNTS, Twosome, find_pairs, find_twosome
from responses.spans import DAY, midnight
from surveys.models import Property, Survey
from surveys.properties import PATTERNS, band_text

ALL, CAMPAIGN, CHANNEL, PROPERTY = "", "campaign", "channel", "property:"
# The campaign and the day on which somebody was asked, as "12:2026-03-31".
ASKED = "asked"
# Not of answers: see responses.sent_tallies.
SENT = "sent"
# Before the name of a dimension: the pairs of the survey along it, by their second answers.
PAIRS = "pairs:"
# Before it: the answers that are not counted. Their values begin with the status and a colon.
LEFT_OUT = "left_out:"
LEFT_OUT_STATUSES = (Response.Status.PROVISIONAL, Response.Status.EXCLUDED)

# One pass over the answers of some days for all sheets. An index gives each day its own answers.
_FOUND = """
    SELECT counted.sheet_id, touched.day, counted.value, responses_response.score, count(*) AS n
      FROM unnest(%s::date[], %s::timestamptz[], %s::timestamptz[]) AS touched (day, starts, ends)
      JOIN responses_response
        ON responses_response.survey_id = %s AND responses_response.status IN ({statuses})
       AND responses_response.answered_at >= touched.starts
       AND responses_response.answered_at < touched.ends
      LEFT JOIN surveys_invitation ON surveys_invitation.id = responses_response.invitation_id
     CROSS JOIN LATERAL (VALUES {values}) AS counted (sheet_id, value)
     GROUP BY counted.sheet_id, touched.day, counted.value, responses_response.score
"""
# Written out, so that the planner finds the index of those that are left out.
_STATUSES = {
    False: f"'{Response.Status.COUNTED}'",
    True: ", ".join(f"'{status}'" for status in LEFT_OUT_STATUSES),
}
_PIVOTED = """
    SELECT sheet_id, day, value, {counts} FROM ({found}) AS found GROUP BY sheet_id, day, value
"""
_COUNTS = ", ".join(
    f"coalesce(sum(n) FILTER (WHERE score = {score}), 0)::integer AS n{score}"
    for score in range(11)
)
# One pass over the pairs of some days; `starts` is in order, and `touched` has its places.
_PAIRS_FOUND = """
    WITH {pairs}
    SELECT counted.sheet_id, touched.day, counted.value, {cells}, 0 AS n9, 0 AS n10
      FROM pairs
      JOIN unnest(%(days)s::date[], %(ends)s::timestamptz[])
           WITH ORDINALITY AS touched (day, ends, place)
        ON touched.place = width_bucket(pairs.after_at, %(starts)s::timestamptz[])
       AND pairs.after_at < touched.ends
      JOIN responses_response ON responses_response.id = pairs.after_id
      LEFT JOIN surveys_invitation ON surveys_invitation.id = responses_response.invitation_id
     CROSS JOIN LATERAL (VALUES {values}) AS counted (sheet_id, value)
     GROUP BY counted.sheet_id, touched.day, counted.value
"""


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


def list_answer_dimensions(zone: ZoneInfo) -> list[Dimension]:
    """Return everything that answers are to be tallied by now, counted ones and others."""
    counted = list_dimensions(zone)
    return counted + [leave_out(each) for each in counted]


def leave_out(dimension: Dimension) -> Dimension:
    """Return the dimension of the answers that are not counted along the same values."""
    return Dimension(f"{LEFT_OUT}{dimension.name}", dimension.counted_as)


def is_left_out(sheet: Sheet) -> bool:
    return sheet.dimension.startswith(LEFT_OUT)


def list_dimensions(zone: ZoneInfo) -> list[Dimension]:
    """Return everything that counted answers are to be tallied by now."""
    segments = Property.objects.segments().order_by("key")
    return [
        *(make_dimension(name, zone) for name in (ALL, CAMPAIGN, CHANNEL, ASKED)),
        *(make_dimension(f"{PROPERTY}{entry.key}", zone, entry) for entry in segments),
    ]


def pair_up(dimension: Dimension, twosome: Twosome) -> Dimension:
    """Return the dimension of pairs that goes by the same values as one of answers."""
    settings = {"before": twosome.before, "pair_days": twosome.days}
    return Dimension(f"{PAIRS}{dimension.name}", dimension.counted_as | settings)


def list_pair_dimensions(survey: Survey, zone: ZoneInfo) -> list[Dimension]:
    """Return everything that the pairs of a survey are to be tallied by now."""
    twosome = find_twosome(survey)
    if twosome is None:
        return []
    return [pair_up(each, twosome) for each in list_dimensions(zone) if each.name != ASKED]


def twosome_of(sheet: TallySheet) -> Twosome | None:
    """Return whose pairs a sheet has; None for one of answers."""
    if not sheet.dimension.startswith(PAIRS):
        return None
    return Twosome(sheet.counted_as["before"], sheet.survey_id, sheet.counted_as["pair_days"])


def group_alike(sheets: Iterable[TallySheet]) -> list[list[TallySheet]]:
    """Return the sheets that one statement can count: the same days of the same rows."""
    groups: dict[tuple[str, bool, Twosome | None], list[TallySheet]] = {}
    for sheet in sheets:
        kind = (sheet.counted_as["zone"], is_left_out(sheet), twosome_of(sheet))
        groups.setdefault(kind, []).append(sheet)
    return list(groups.values())


def add_up(sheets: Sequence[TallySheet], days: Iterable[dt.date]) -> tuple[str, list[Any]]:
    """Return the statement that counts the raw rows of the days as the sheets would have them.

    All sheets are of one survey and alike. Its columns are sheet_id, day, value, n0 … n10.
    """
    zone = ZoneInfo(sheets[0].counted_as["zone"])
    ordered = sorted(days)
    starts = [midnight(day, zone) for day in ordered]
    ends = [midnight(day + DAY, zone) for day in ordered]
    values, value_params = list_values(sheets)
    twosome = twosome_of(sheets[0])
    if twosome is None:
        found = _FOUND.format(statuses=_STATUSES[is_left_out(sheets[0])], values=values)
        params = [ordered, starts, ends, sheets[0].survey_id, *value_params]
        return _PIVOTED.format(counts=_COUNTS, found=found), params
    pairs, named = find_pairs(twosome, starts[0], ends[-1])
    named |= {"days": ordered, "starts": starts, "ends": ends}
    before, after = _PAIRS_FOUND.split("{values}")
    first, first_params = by_position(before.format(pairs=pairs, cells=CELL_COUNTS), named)
    return f"{first}{values}{after}", [*first_params, *value_params]


def by_position(sql: str, named: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Give up the names of parameters: names and positions do not mix in one statement."""
    names = re.findall(r"%\((\w+)\)s", sql)
    return re.sub(r"%\(\w+\)s", "%s", sql), [named[name] for name in names]


def list_values(sheets: Sequence[Sheet]) -> tuple[str, list[Any]]:
    """Return a row of a sheet and the value of an answer for each of them, to join to answers."""
    rows, params = [], []
    for sheet in sheets:
        sql, its_params = compile_text(value_of(sheet.dimension, sheet.counted_as))
        if is_left_out(sheet):
            sql = f"responses_response.status || ':' || {sql}"
        rows.append(f"(%s::bigint, {sql})")
        params += [sheet.pk, *its_params]
    return ", ".join(rows), params


def value_of(name: str, counted_as: Mapping[str, Any]) -> Expression | F | None:
    """Return what an answer, or the second one of a pair, goes by along a dimension."""
    match _strip(name):
        case "":
            return None
        case "campaign":
            return Cast("invitation__campaign_id", TextField())
        case "channel":
            return F("channel")
        case "asked":
            asked = _asked(counted_as["zone"])
            # Of whom no answer has ever counted the mail may have been opened by a scanner only.
            replied = When(invitation__answered_at__isnull=False, then=asked)
            return Case(replied) if name.startswith(LEFT_OUT) else asked
    # As it was counted, whatever has become of the property meanwhile.
    declared = Property(
        key=find_key(name),
        kind=counted_as.get("kind", Property.Kind.TEXT),
        bands=counted_as.get("bands", []),
    )
    return band_text(declared)


def find_key(name: str) -> str:
    """Return the property that a dimension goes by; '' for any other."""
    base = _strip(name)
    return base.removeprefix(PROPERTY) if base.startswith(PROPERTY) else ""


def _strip(name: str) -> str:
    return name.removeprefix(PAIRS).removeprefix(LEFT_OUT)


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
