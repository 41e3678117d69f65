"""Which segments the responses of a survey fall into: what a filter may offer or refuse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count

from responses.models import Response
from responses.reports.segment_values import count_segment_values
from responses.selection import Segment
from surveys.models import Property, Survey, get_organisation
from surveys.properties import segment_text

LONGEST_LIST = 40

# Not the ORM: it cannot group by the rows that a set-returning function yields.
VALUES = """
    SELECT property.key, property.value, count(*)
    FROM responses_response AS response, jsonb_each_text(response.properties) AS property
    WHERE response.survey_id = %s AND response.status = %s AND property.value <> ''
      AND (%s::text[] IS NULL OR property.key = ANY(%s::text[]))
    GROUP BY property.key, property.value
    ORDER BY count(*) DESC, property.value
"""


@dataclass(frozen=True, slots=True)
class SegmentValue:
    segment: Segment
    n: int


@dataclass(frozen=True, slots=True)
class SegmentGroup:
    """A property with its most frequent values, and among how many answers they were found."""

    key: str
    label: str
    values: list[SegmentValue]
    answers: int


def list_segments(
    survey: Survey,
    declared: Sequence[Property] | None = None,
    *,
    zone: ZoneInfo | None = None,
) -> list[SegmentGroup]:
    """Return the segment properties that occur in the counted responses of a survey.

    Who has the declared segment properties and the organisation's zone at hand spares their query.
    """
    declared = list(Property.objects.segments()) if declared is None else declared
    return list_groups([survey], declared, zone=zone, most=LONGEST_LIST)


def list_groups(
    surveys: Iterable[Survey],
    declared: Sequence[Property],
    *,
    zone: ZoneInfo | None = None,
    most: int | None = None,
) -> list[SegmentGroup]:
    """The same over the answers to several surveys; without `most` every value."""
    if not declared:
        return []
    zone = zone or get_organisation().zone
    found: dict[str, Counter[str]] = {entry.key: Counter() for entry in declared}
    for survey in surveys:
        for key, counts in count_segment_values(survey, declared, zone).items():
            found[key].update({value: n for value, n in counts.items() if value})
    groups = []
    for entry in declared:
        if counts := found[entry.key]:
            names = _in_order(entry, counts)[:most]
            values = [SegmentValue(Segment(entry.key, name), counts[name]) for name in names]
            answers = sum(found[entry.key].values())
            groups.append(SegmentGroup(entry.key, entry.label, values, answers))
    return groups


def _in_order(entry: Property, counts: dict[str, int]) -> list[str]:
    """Bands as the manager put them; else the largest first."""
    if entry.bands:
        return [band["name"] for band in entry.bands if band["name"] in counts]
    return sorted(counts, key=lambda value: (-counts[value], value))


def count_values(survey: Survey, *, keys: list[str] | None = None) -> dict[str, list[SegmentValue]]:
    """Return every value of the given properties (of all without `keys`), the largest first."""
    found: dict[str, list[SegmentValue]] = {}
    with connection.cursor() as cursor:
        cursor.execute(VALUES, [survey.pk, Response.Status.COUNTED.value, keys, keys])
        for key, value, n in cursor.fetchall():
            found.setdefault(key, []).append(SegmentValue(Segment(key, value), n))
    return found | {key: _count_bands(survey, key) for key in _banded() if key in found}


def _banded() -> list[str]:
    return list(Property.objects.exclude(bands=[]).values_list("key", flat=True))


def _count_bands(survey: Survey, key: str) -> list[SegmentValue]:
    """Return the bands in their own order; values that are in no band are in no segment."""
    counts = dict(
        Response.objects.counted()
        .filter(survey=survey)
        .order_by()
        .annotate(_band=segment_text(key))
        .exclude(_band=None)
        .values_list("_band")
        .annotate(n=Count("pk"))
    )
    bands = Property.objects.get(key=key).bands
    names = [band["name"] for band in bands] or sorted(counts)
    return [SegmentValue(Segment(key, name), counts[name]) for name in names if name in counts]
