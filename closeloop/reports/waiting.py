"""How long people wait for the first contact, on the team's clock and on the wall's.

    waiting time = first contact that got through - answer

Median and 90th percentile are read off the Kaplan-Meier curve (E. Kaplan and P. Meier,
"Nonparametric estimation from incomplete observations", JASA 53, 1958): at each length of waiting,
of those who had waited that long the part that was contacted leaves. Whoever has not heard from us
counts as having waited up to now, closed or not: leaving them out would make every team look fast
on the day after a mailing, and closing without contact would look like speed. When half (a tenth)
of them still waits, there is no median (90th percentile), and none is invented.

The team's clock is that of `closeloop.targets`: working days, hours and holidays as they are set
today. In SQL it is a running sum over days, so a hundred thousand waits need no loop: a moment's
reading is the working time of all days before plus what has passed of its own.
Waits are whole minutes, rounded down.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Case, Count, Min, Value, When

from closeloop.office_hours import load_hours
from closeloop.reports.cohort import CONTACTED, Cohort, Part
from responses.models import Category
from surveys.models import Organisation, get_organisation

DAY = dt.timedelta(days=1)

CLOCKED = """
    WITH waits ({names}) AS MATERIALIZED ({rows}),
    days (day, opens, closes, before) AS (
        SELECT * FROM unnest(%s::date[], %s::timestamptz[], %s::timestamptz[], %s::float8[])
    ),
    clocked AS MATERIALIZED (
        SELECT waits.*,
            floor(greatest(0, extract(epoch FROM until - since)) / 60)::int AS elapsed,
            floor(greatest(0,
                b.before + extract(epoch FROM least(greatest(until, b.opens), b.closes) - b.opens)
                - a.before - extract(epoch FROM least(greatest(since, a.opens), a.closes) - a.opens)
            ) / 60 + 1e-6)::int AS worked
        FROM waits
        JOIN days AS a ON a.day = (since AT TIME ZONE %s)::date
        JOIN days AS b ON b.day = (until AT TIME ZONE %s)::date
    )
"""
# One curve per category and clock, and one of everybody (its category is null).
CURVES = """,
    measured AS (
        SELECT category, clock, minutes,
            (count(*) FILTER (WHERE is_reached))::float8 AS reached, count(*) AS leaving
        FROM clocked
        CROSS JOIN LATERAL (VALUES ('worked', worked), ('elapsed', elapsed)) AS m (clock, minutes)
        GROUP BY GROUPING SETS ((category, clock, minutes), (clock, minutes))
    ),
    at_risk AS (
        SELECT *, (sum(leaving) OVER (
            PARTITION BY category, clock ORDER BY minutes DESC))::float8 AS waiting
        FROM measured
    ),
    curve AS (
        SELECT category, clock, minutes, exp(sum(
            CASE WHEN reached = waiting THEN -700 ELSE ln(1 - reached / waiting) END
        ) OVER (PARTITION BY category, clock ORDER BY minutes)) AS still
        FROM at_risk
    )
    SELECT category, clock,
        min(minutes) FILTER (WHERE still <= 0.5 + 1e-9),
        min(minutes) FILTER (WHERE still <= 0.1 + 1e-9)
    FROM curve GROUP BY category, clock
"""


@dataclass(frozen=True, slots=True)
class Quantiles:
    """None where too many still wait for the number to exist."""

    median: dt.timedelta | None = None
    ninetieth: dt.timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstContact:
    """Of one category, or of everybody (`category` is then empty).

    All who answered are in exactly one of the five counts. The rate holds open ones past their
    target and those closed without contact as missed, and leaves out who is not due yet.
    """

    category: str
    in_time: int
    late: int
    missed: int
    without: int
    not_due: int
    worked: Quantiles
    elapsed: Quantiles

    @property
    def n(self) -> int:
        return self.due + self.not_due

    @property
    def contacted(self) -> int:
        return self.in_time + self.late

    @property
    def silent(self) -> int:
        return self.n - self.contacted

    @property
    def due(self) -> int:
        return self.in_time + self.late + self.missed + self.without

    @property
    def percentage(self) -> int | None:
        return 100 * self.in_time // self.due if self.due else None

    @property
    def title(self) -> str:
        return str(Category(self.category).label) if self.category else ""


COUNTED = (Part.IN_TIME, Part.LATE, Part.MISSED, Part.WITHOUT, Part.NOT_DUE)


def list_first_contacts(cohort: Cohort) -> list[FirstContact]:
    """Return everybody, then each category that answered; nothing when nobody did."""
    conditions = cohort.conditions
    counts = {part.value: Count("pk", filter=conditions[part]) for part in COUNTED}
    rows: Any = cohort.find().values("response__category").annotate(**counts)
    found: dict[str, dict[str, int]] = {row.pop("response__category"): row for row in rows}
    if not found:
        return []
    found[""] = {part.value: sum(row[part.value] for row in found.values()) for part in COUNTED}
    quantiles = read_quantiles(cohort)
    return [
        FirstContact(
            category=category,
            worked=quantiles.get((category, "worked"), Quantiles()),
            elapsed=quantiles.get((category, "elapsed"), Quantiles()),
            **found[category],
        )
        for category in ("", *Category.values)
        if category in found
    ]


def read_quantiles(
    cohort: Cohort,
    *,
    oldest: dt.datetime | None = None,
    organisation: Organisation | None = None,
) -> dict[tuple[str, str], Quantiles]:
    """Return them by category (empty for everybody) and clock; see `read_clocked` for `oldest`."""
    rows = cohort.find().values_list("response__category", "since", "until", is_reached(cohort))
    names = ("category", "since", "until", "is_reached")
    return {
        (category or "", clock): Quantiles(_minutes(median), _minutes(ninetieth))
        for category, clock, median, ninetieth in read_clocked(
            cohort, rows, names, CURVES, oldest=oldest, organisation=organisation
        )
    }


def is_reached(cohort: Cohort) -> Case:
    reached = When(CONTACTED, then=Value(True))
    return Case(reached, default=Value(False), output_field=BooleanField())


def _minutes(count: int | None) -> dt.timedelta | None:
    return None if count is None else dt.timedelta(minutes=count)


def read_clocked(
    cohort: Cohort,
    rows: Any,
    names: Sequence[str],
    query: str,
    *,
    oldest: dt.datetime | None = None,
    organisation: Organisation | None = None,
) -> list[tuple[Any, ...]]:
    """Run `query` over the rows as `clocked`: the columns `names`, and `worked` and `elapsed`.

    Two queries and no loop over rows; one when the `oldest` answer is known. `names` hold `since`
    and `until`.
    """
    oldest = oldest or rows.aggregate(_oldest=Min("since"))["_oldest"]
    if oldest is None:
        return []
    sql, params = rows.query.sql_with_params()
    zone = cohort.selection.zone
    days = list_days(
        oldest.astimezone(zone).date(),
        cohort.now.astimezone(zone).date(),
        organisation=organisation,
    )
    with connection.cursor() as cursor:
        statement = CLOCKED.format(names=", ".join(names), rows=sql) + query
        cursor.execute(statement, [*params, *days, str(zone), str(zone)])
        return list(cursor.fetchall())


def list_days(
    first: dt.date, last: dt.date, *, organisation: Organisation | None = None
) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    """Return days, their opening and closing, and the working seconds before each.

    From a day before the first to a day after the last: a mail server's clock may be ahead.
    """
    organisation = organisation or get_organisation()
    first, last = first - DAY, last + DAY
    hours = load_hours(organisation, first=first, last=last)
    days, opens, closes, before = [], [], [], []
    total = 0.0
    for day in (first + n * DAY for n in range((last - first).days + 1)):
        # A free day opens and closes at once.
        midnight = dt.datetime.combine(day, dt.time.min, tzinfo=hours.zone).astimezone(dt.UTC)
        start, end = hours.on(day) or (midnight, midnight)
        days.append(day)
        opens.append(start)
        closes.append(end)
        before.append(total)
        total += (end - start).total_seconds()
    return days, opens, closes, before
