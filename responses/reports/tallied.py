"""Counted answers added up: settled days from their tallies, newer ones from the answers.

Tallies serve a selection that is narrowed by nothing, or by one thing: a campaign, a channel, or
values of one segment property. Anything else is counted live. Which it was nobody can tell from
the numbers: each query for tallies reads how far they go in the same snapshot as the tallies.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from django.db import connection
from django.db.models import Count, F
from django.db.models.functions import TruncDate

from responses.dimensions import ALL, CAMPAIGN, DAY, PROPERTY, Dimension, make_dimension
from responses.models import Response
from responses.models.tally import COUNTS
from responses.scoring import HIGHEST, categorise
from responses.selection import Selection
from surveys.filtering import PropertyFilter
from surveys.models import Property, Survey
from surveys.properties import band_text

# Eleven counts, of score 0 to score 10.
Histogram: TypeAlias = tuple[int, ...]
NOBODY: Histogram = (0,) * (HIGHEST + 1)

_SUMS = ", ".join(f"sum(tally.{column})" for column in COUNTS)
# A sheet that nobody answered on still says how far it goes: hence the outer join.
_KEPT = """
    SELECT sheet.through, {key}, {sums}
      FROM responses_tallysheet AS sheet
      LEFT JOIN responses_dailytally AS tally
        ON tally.sheet_id = sheet.id AND tally.day <= sheet.through AND {condition}
     WHERE sheet.survey_id = %s AND sheet.dimension = %s AND sheet.fingerprint = %s
     GROUP BY sheet.through, {key}
"""


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
    if _without_scores(replace(selection, campaign=None, filters=(), first=None, last=None)) != (
        plain
    ):
        return None
    match selection.campaign, selection.filters:
        case None, ():
            return Slice(make_dimension(ALL, selection.zone))
        case campaign, () if campaign is not None:
            return Slice(make_dimension(CAMPAIGN, selection.zone), (str(campaign.pk),))
        case None, (only,):
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
    found: dict[dt.date, list[int]] = defaultdict(lambda: list(NOBODY))
    part = find_slice(selection)
    rows, rest = _read_kept("tally.day", part, selection) if part else ([], selection)
    for day, counts in rows:
        found[day] = list(counts)
    if rest is not None:
        live = _live(rest).annotate(_day=TruncDate("answered_at", tzinfo=selection.zone))
        for day, score, n in live.values_list("_day", "score").annotate(n=Count("pk")):
            found[day][score] += n
    masked = {day: _mask(found[day], selection) for day in sorted(found)}
    return {day: counts for day, counts in masked.items() if any(counts)}


def read_total(selection: Selection) -> Histogram:
    """Return the counted answers of all selected days together."""
    part = find_slice(selection)
    rows, rest = _read_kept("NULL::text", part, selection) if part else ([], selection)
    counts = list(add_up(tuple(kept) for _, kept in rows))
    if rest is not None:
        for score, n in _live(rest).values_list("score").annotate(n=Count("pk")):
            counts[score] += n
    return _mask(counts, selection)


def read_values(selection: Selection, declared: Property | None, key: str) -> dict[str, Histogram]:
    """Return the counted answers by value of the property `key`; '' are those without one.

    A selection that is narrowed already, by anything but its days, has two dimensions: live.
    """
    part = find_slice(selection)
    found: dict[str, list[int]] = defaultdict(lambda: list(NOBODY))
    rest: Selection | None = selection
    rows: list[tuple[Any, Histogram]] = []
    if part and part.dimension.name == ALL and declared and declared.is_segment:
        whole = Slice(make_dimension(f"{PROPERTY}{key}", selection.zone, declared))
        rows, rest = _read_kept("tally.value", whole, selection)
    for value, counts in rows:
        found[value] = list(counts)
    if rest is not None:
        live = _live(rest).annotate(_value=band_text(declared or Property(key=key)))
        for value, score, n in live.values_list("_value", "score").annotate(n=Count("pk")):
            found[value or ""][score] += n
    return {value: _mask(counts, selection) for value, counts in found.items()}


def _read_kept(
    key: str, part: Slice, selection: Selection
) -> tuple[list[tuple[Any, Histogram]], Selection | None]:
    """Return what stands in tallies by `key`, and the rest of the selection (None: nothing)."""
    condition, params = _conditions(part, selection)
    dimension = part.dimension
    with connection.cursor() as cursor:
        cursor.execute(
            _KEPT.format(key=key, sums=_SUMS, condition=condition),
            [*params, selection.survey and selection.survey.pk, dimension.name]
            + [dimension.fingerprint],
        )
        rows = cursor.fetchall()
    if not rows:
        return [], selection
    return [(row[1], row[2:]) for row in rows if row[2] is not None], _after(rows[0][0], selection)


def _conditions(part: Slice, selection: Selection) -> tuple[str, list[Any]]:
    conditions, params = ["TRUE"], list[Any]()
    if part.values:
        conditions.append("md5(tally.value) IN (SELECT md5(each) FROM unnest(%s::text[]) each)")
        params.append(list(part.values))
    if selection.first:
        conditions.append("tally.day >= %s")
        params.append(selection.first)
    if selection.last:
        conditions.append("tally.day <= %s")
        params.append(selection.last)
    return " AND ".join(conditions), params


def _after(through: dt.date, selection: Selection) -> Selection | None:
    """Return the days of a selection that are not tallied yet."""
    first = through + DAY
    if selection.first and selection.first > first:
        return selection
    if selection.last and selection.last < first:
        return None
    return replace(selection, first=first)


def _live(selection: Selection) -> Any:
    return Response.objects.counted().in_selection(selection).order_by()


def _mask(counts: Sequence[int], selection: Selection) -> Histogram:
    """Leave only the scores that a selection names."""
    if selection.score is None and not selection.category:
        return tuple(counts)
    scale_min = selection.survey.scale_min if selection.survey else 0
    return tuple(
        n
        if (selection.score in (None, score))
        and (
            not selection.category
            or (n and categorise(score, scale_min=scale_min).value == selection.category)
        )
        else 0
        for score, n in enumerate(counts)
    )


_SEGMENTS_KEPT = """
    SELECT sheet.dimension, sheet.through, tally.value, sum({n})
      FROM responses_tallysheet AS sheet
      LEFT JOIN responses_dailytally AS tally
        ON tally.sheet_id = sheet.id AND tally.day <= sheet.through
      JOIN unnest(%s::text[], %s::text[]) AS wanted (dimension, fingerprint)
        ON wanted.dimension = sheet.dimension AND wanted.fingerprint = sheet.fingerprint
     WHERE sheet.survey_id = %s
     GROUP BY sheet.dimension, sheet.through, tally.value
"""


def count_segment_values(
    survey: Survey, declared: Iterable[Property], zone: Any
) -> dict[str, dict[str, int]]:
    """Return how many counted answers have each value of each of these properties, blanks too."""
    properties = {entry.key: entry for entry in declared}
    found: dict[str, dict[str, int]] = {key: defaultdict(int) for key in properties}
    ends = _read_segments_kept(survey, properties, zone, found)
    since: dict[dt.date | None, list[Property]] = defaultdict(list)
    for key, entry in properties.items():
        since[ends.get(key)].append(entry)
    for through, entries in since.items():
        first = through + DAY if through else None
        _count_live(Selection(zone=zone, survey=survey, first=first), entries, found)
    return found


def _read_segments_kept(
    survey: Survey,
    properties: Mapping[str, Property],
    zone: Any,
    found: dict[str, dict[str, int]],
) -> dict[str, dt.date]:
    """Add to `found` what stands in tallies; return until when, of each property that does."""
    wanted = [make_dimension(f"{PROPERTY}{key}", zone, each) for key, each in properties.items()]
    ends: dict[str, dt.date] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            _SEGMENTS_KEPT.format(n=" + ".join(f"tally.{column}" for column in COUNTS)),
            [[each.name for each in wanted], [each.fingerprint for each in wanted], survey.pk],
        )
        for dimension, through, value, n in cursor.fetchall():
            key = dimension.removeprefix(PROPERTY)
            ends[key] = through
            if value is not None:
                found[key][value] += n
    return ends


def _count_live(
    selection: Selection, entries: list[Property], found: dict[str, dict[str, int]]
) -> None:
    names = {f"_value_{number}": entry for number, entry in enumerate(entries)}
    rows = (
        _live(selection)
        .annotate(**{name: band_text(entry) for name, entry in names.items()})
        .values_list(*names)
        .annotate(n=Count("pk"))
    )
    for *values, n in rows:
        for value, entry in zip(values, names.values(), strict=True):
            found[entry.key][value or ""] += n
