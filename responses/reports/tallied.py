"""Counted answers added up: settled days from their tallies, newer ones from the answers.

Tallies serve a selection that is narrowed by nothing, or by one thing: a campaign, a channel, or
values of one segment property. Anything else is counted live. Which it was nobody can tell from
the numbers: one statement reads how far the tallies go, the tallies, and the answers after them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from django.db import connection
from django.db.models import BigIntegerField, Count, DateTimeField, F, TextField, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, TruncDate

from responses.dimensions import (
    ALL,
    CAMPAIGN,
    CHANNEL,
    PROPERTY,
    Dimension,
    make_dimension,
)
from responses.models import Response
from responses.models.tally import COUNTS
from responses.scoring import HIGHEST, categorise
from responses.selection import Selection
from surveys.filtering import PropertyFilter
from surveys.models import Property
from surveys.properties import band_text

# Eleven counts, of score 0 to score 10.
Histogram: TypeAlias = tuple[int, ...]
NOBODY: Histogram = (0,) * (HIGHEST + 1)

_SUMS = ", ".join(f"sum(tally.{column})" for column in COUNTS)
_NOTHING = ", ".join(["NULL::bigint"] * len(COUNTS))
# Both halves in one snapshot. In the first each row has eleven counts, in the second one score.
_BOTH = """
    SELECT {key}, NULL::integer, NULL::bigint, {sums}
      FROM responses_tallysheet AS sheet
      JOIN responses_dailytally AS tally ON tally.sheet_id = sheet.id
     WHERE sheet.survey_id = %s AND sheet.dimension = %s AND sheet.fingerprint = %s AND {condition}
     GROUP BY 1
     UNION ALL
    SELECT live.*, {nothing} FROM ({live}) AS live
"""
_SINCE = """(
    SELECT coalesce(max(sheet.ends_at), '-infinity') FROM responses_tallysheet AS sheet
     WHERE sheet.survey_id = %s AND sheet.dimension = %s AND sheet.fingerprint = %s
)"""
# The planner cannot know what the sheet says, and takes a half-open range for a third of the table.
# Of one that has two ends it expects little, and uses the index.
END = "'infinity'::timestamptz"


# Every survey by itself: each has a sheet of its own, or none, and answers after its end.
_EVERY = """
    SELECT sheet.survey_id, NULL::integer, NULL::bigint, {sums}
      FROM responses_tallysheet AS sheet
      JOIN responses_dailytally AS tally ON tally.sheet_id = sheet.id
     WHERE sheet.dimension = %s AND sheet.fingerprint = %s AND {condition}
     GROUP BY 1
     UNION ALL
    SELECT asked.id, live.score, live.n, {nothing}
      FROM surveys_survey AS asked CROSS JOIN LATERAL ({live}) AS live (key, score, n)
"""
_SINCE_EVERY = _SINCE.replace("sheet.survey_id = %s", "sheet.survey_id = asked.id")


def add_up(histograms: Iterable[Histogram]) -> Histogram:
    return tuple(map(sum, zip(NOBODY, *histograms, strict=True)))


@dataclass(frozen=True, slots=True)
class Slice:
    """The part of the tallies that a selection is about; no values: all of the dimension."""

    dimension: Dimension
    values: tuple[str, ...] = ()


def find_slice(selection: Selection) -> Slice | None:
    """Return where the answers of a selection are tallied, whatever its days, scores and status."""
    plain = Selection(zone=selection.zone, survey=selection.survey)
    rest = replace(selection, campaign=None, channel="", filters=(), first=None, last=None)
    if _without_scores(rest) != plain:
        return None
    match selection.campaign, selection.channel, selection.filters:
        case None, "", ():
            return Slice(make_dimension(ALL, selection.zone))
        case campaign, "", () if campaign is not None:
            return Slice(make_dimension(CAMPAIGN, selection.zone), (str(campaign.pk),))
        case None, channel, () if channel:
            return Slice(make_dimension(CHANNEL, selection.zone), (channel,))
        case None, "", (only,):
            return _find_slice_of(only, selection)
    return None


def _without_scores(selection: Selection) -> Selection:
    """What narrows by the score is read from the eleven counts, and links change no number."""
    status = "" if selection.status == Response.Status.COUNTED else selection.status
    return replace(selection, category="", score=None, status=status, is_linked=True)


def _find_slice_of(only: PropertyFilter, selection: Selection) -> Slice | None:
    declared = only.declared or Property.objects.filter(key=only.key).first()
    if declared is None or not declared.is_segment or only.low or only.high or not only.values:
        return None
    bands = [band["name"] for band in declared.bands]
    # Of what is divided into bands a filter may also name a value, which no tally knows.
    if bands and not set(only.values) <= set(bands):
        return None
    dimension = make_dimension(f"{PROPERTY}{declared.key}", selection.zone, declared)
    return Slice(dimension, only.values)


def read_days(selection: Selection) -> dict[dt.date, Histogram]:
    """Return the counted answers of each selected day on which there were any."""
    day = TruncDate("answered_at", tzinfo=selection.zone)
    found = read("tally.day", day, find_slice(selection), selection)
    return {day: found[day] for day in sorted(found) if any(found[day])}


def read_total(selection: Selection) -> Histogram:
    """Return the counted answers of all selected days together."""
    nothing = Value("", output_field=TextField())
    return add_up(read("''::text", nothing, find_slice(selection), selection).values())


def read_values(selection: Selection, declared: Property | None, key: str) -> dict[str, Histogram]:
    """Return the counted answers by value of the property `key`; '' are those without one.

    A selection that is narrowed already, by anything but days and scores, is counted live.
    """
    whole = None
    if declared and has_tallied_values(selection, declared):
        whole = Slice(make_dimension(f"{PROPERTY}{key}", selection.zone, declared))
    value = band_text(declared or Property(key=key))
    found = read(
        "tally.value", Coalesce(value, Value("", output_field=TextField())), whole, selection
    )
    return {value: counts for value, counts in found.items() if any(counts)}


def has_tallied_values(selection: Selection, declared: Property) -> bool:
    """Whether the values of a property within a selection are read from tallies."""
    part = find_slice(selection)
    return part is not None and part.dimension.name == ALL and declared.is_segment


def read_surveys(selection: Selection) -> dict[int, Histogram]:
    """Return the counted answers of every survey that has any; the selection names none."""
    part = find_slice(selection)
    live = Response.objects.counted().in_selection(selection).order_by()
    rows = _read_every(part, live, selection) if part else _by_score(live, F("survey_id"))
    return {pk: each for pk, each in _gather(rows, selection).items() if any(each)}


def _read_every(part: Slice, live: Any, selection: Selection) -> list[Any]:
    sheet = [part.dimension.name, part.dimension.fingerprint]
    # Within the statement of each survey: so its newer answers are found by the index.
    of_each = live.filter(survey_id=RawSQL("asked.id", [], output_field=BigIntegerField()))
    newer = _newer(of_each, _SINCE_EVERY, sheet, Value(0))
    condition, params = _conditions(part, selection)
    statement = _EVERY.format(sums=_SUMS, condition=condition, nothing=_NOTHING, live=newer[0])
    with connection.cursor() as cursor:
        cursor.execute(statement, [*sheet, *params, *newer[1]])
        return list(cursor.fetchall())


def read(
    kept_key: str, live_key: Any, part: Slice | None, selection: Selection, *, answers: Any = None
) -> dict[Any, Histogram]:
    """Return the counts by a key; it is one thing in SQL for tallies, and one for answers.

    `answers` are those that `part` has tallies of, where it is not of counted ones.
    """
    answers = Response.objects.counted() if answers is None else answers
    live = answers.in_selection(selection).order_by()
    if part is None:
        rows: Iterable[Any] = _by_score(live, live_key)
    else:
        rows = _read_both(kept_key, live_key, part, live, selection)
    return _gather(rows, selection)


def _gather(rows: Iterable[Any], selection: Selection) -> dict[Any, Histogram]:
    found: dict[Any, list[int]] = defaultdict(lambda: list(NOBODY))
    for key, score, n, *counts in rows:
        if score is None:
            found[key] = list(map(sum, zip(found[key], counts, strict=True)))
        else:
            found[key][score] += n
    return {key: _mask(counts, selection) for key, counts in found.items()}


def _by_score(live: Any, key: Any) -> Any:
    return live.annotate(_key=key).values_list("_key", "score").annotate(n=Count("*"))


def _read_both(
    kept_key: str, live_key: Any, part: Slice, live: Any, selection: Selection
) -> list[Any]:
    survey_pk = selection.survey.pk if selection.survey else None
    sheet = [survey_pk, part.dimension.name, part.dimension.fingerprint]
    newer_sql, newer_params = _newer(live, _SINCE, sheet, live_key)
    condition, params = _conditions(part, selection)
    statement = _BOTH.format(
        key=kept_key, sums=_SUMS, condition=condition, nothing=_NOTHING, live=newer_sql
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*sheet, *params, *newer_params])
        return list(cursor.fetchall())


def _newer(live: Any, since: str, sheet: list[Any], key: Any) -> tuple[str, Any]:
    """Return the statement that counts what came after the end of the sheet."""
    begin = RawSQL(since, sheet, output_field=DateTimeField())  # noqa: S611 (no input in it)
    end = RawSQL(END, [], output_field=DateTimeField())  # noqa: S611
    newer = _by_score(live.filter(answered_at__gte=begin, answered_at__lt=end), key)
    statement: tuple[str, Any] = newer.query.sql_with_params()
    return statement


def _conditions(part: Slice, selection: Selection) -> tuple[str, list[Any]]:
    conditions, params = ["TRUE"], list[Any]()
    if part.values:
        conditions.append("md5(tally.value) = ANY (%s)")
        params.append(
            [hashlib.md5(v.encode(), usedforsecurity=False).hexdigest() for v in part.values]
        )
    if selection.first:
        conditions.append("tally.day >= %s")
        params.append(selection.first)
    if selection.last:
        conditions.append("tally.day <= %s")
        params.append(selection.last)
    return " AND ".join(conditions), params


def _mask(counts: Sequence[int], selection: Selection) -> Histogram:
    """Leave only the scores that a selection names."""
    if selection.score is None and not selection.category:
        return tuple(counts)
    scale_min = selection.survey.scale_min if selection.survey else 0

    def is_meant(score: int) -> bool:
        if selection.score not in (None, score):
            return False
        category = selection.category
        return not category or categorise(score, scale_min=scale_min).value == category

    return tuple(n if n and is_meant(score) else 0 for score, n in enumerate(counts))
