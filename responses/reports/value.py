"""What customers are worth, by how they scored. An association: no score makes anybody spend."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, F
from django.db.models.functions import Coalesce

from responses.models import Category, Response
from responses.scoring import DEFAULT_THRESHOLDS, Thresholds, apportion
from responses.selection import Selection
from surveys.models import Property
from surveys.properties import property_value

# One customer with this part of the sum decides what the sum says.
OUTSIZED = Decimal("0.2")


# Not the ORM: it would read each amount from its text once for every figure.
NEWEST = """
    SELECT category, count(*), count(worth), percentile_cont(0.5) WITHIN GROUP (ORDER BY worth),
           coalesce(sum(worth), 0), coalesce(max(worth), 0), count(*) FILTER (WHERE worth < 0)
    FROM (
        SELECT DISTINCT ON (answers."_who") answers.category, answers."_worth" AS worth
        FROM ({answers}) AS answers
        ORDER BY answers."_who", answers.answered_at DESC, answers.id DESC
    ) AS newest
    GROUP BY category
"""


@dataclass(frozen=True, slots=True)
class Worth:
    """The customers whose last answer is in a category. `known` of the `n` have an amount."""

    category: Category
    n: int
    known: int
    median: Decimal | None
    total: Decimal
    share: Decimal | None
    rows_url: str
    is_shown: bool

    @property
    def unknown(self) -> int:
        return self.n - self.known


@dataclass(frozen=True, slots=True)
class CustomerValue:
    """One customer counts once, with the newest answer, and with what was known of them then.

    `negative` customers have an amount below zero; `largest` is the highest amount of one.
    """

    categories: list[Worth]
    n: int
    known: int
    total: Decimal
    negative: int
    largest: Decimal

    def of(self, category: Category) -> Worth:
        return next(each for each in self.categories if each.category == category)

    @property
    def unknown(self) -> int:
        return self.n - self.known

    @property
    def detractors(self) -> Worth:
        return self.of(Category.DETRACTOR)

    @property
    def has_shares(self) -> bool:
        """A share of a sum that debts made smaller would be none."""
        return not self.negative and self.total > 0

    @property
    def outsized_share(self) -> Decimal | None:
        """The percentage of the sum that one customer stands for, where it is large."""
        if not self.has_shares or self.known < 2 or self.largest < OUTSIZED * self.total:
            return None
        return 100 * self.largest / self.total


def measure_value(
    selection: Selection, declared: Property, *, thresholds: Thresholds = DEFAULT_THRESHOLDS
) -> CustomerValue:
    """Add up a property of money per category, in one query.

    What cannot be read as a number counts as not known. Categories of a handful show no amounts.
    """
    found = _measure(selection, declared)
    totals = {category: found[category]["total"] for category in Category}
    total = sum(totals.values(), Decimal(0))
    negative = sum(found[category]["negative"] for category in Category)
    # Whole units of the last kept decimal: shares are divided in integers.
    shares = None
    if not negative and total > 0:
        shares = apportion([int(totals[category].scaleb(10)) for category in Category])
    categories = [
        _describe(
            category, found[category], selection, thresholds, shares[place] if shares else None
        )
        for place, category in enumerate(Category)
    ]
    return CustomerValue(
        categories=categories,
        n=sum(each.n for each in categories),
        known=sum(each.known for each in categories),
        total=total,
        negative=negative,
        largest=max(found[category]["largest"] for category in Category),
    )


def _describe(
    category: Category,
    row: dict[str, Any],
    selection: Selection,
    thresholds: Thresholds,
    share: Decimal | None,
) -> Worth:
    rows = selection.narrowed(category=category.value, status=Response.Status.COUNTED.value)
    return Worth(
        category=category,
        n=row["n"],
        known=row["known"],
        median=None if row["median"] is None else Decimal(str(row["median"])),
        total=row["total"],
        share=share,
        rows_url=rows.rows_url if row["n"] else "",
        is_shown=row["known"] >= thresholds.show,
    )


def _measure(selection: Selection, declared: Property) -> dict[Category, dict[str, Any]]:
    answers = (
        Response.objects.counted()
        .in_selection(selection.narrowed())
        .order_by()
        # Who is linked to nobody any more counts as a customer of their own.
        .annotate(
            _who=Coalesce(F("contact_id"), -F("pk"), output_field=BigIntegerField()),
            _worth=property_value(declared),
        )
        .values("id", "_who", "_worth", "category", "answered_at")
    )
    sql, params = answers.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(NEWEST.format(answers=sql), params)
        rows = cursor.fetchall()
    names = ("n", "known", "median", "total", "largest", "negative")
    found = {Category(row[0]): dict(zip(names, row[1:], strict=True)) for row in rows}
    nothing = dict(zip(names, (0, 0, None, Decimal(0), Decimal(0), 0), strict=True))
    return {category: found.get(category, nothing) for category in Category}
