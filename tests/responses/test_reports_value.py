"""What customers are worth by how they scored: medians, sums, and what cannot be read."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from responses.models import Category, Response
from responses.reports.value import CustomerValue, measure_value
from responses.scoring import Thresholds
from responses.selection import Selection
from responses.templatetags.amounts import amount, percentage
from surveys.models import Contact, Property, Survey
from tests.factories import make_contact, make_property, make_response, make_survey
from tests.properties import cases

ZONE = ZoneInfo("Europe/Amsterdam")
NOW = dt.datetime(2026, 2, 10, 12, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def survey() -> Survey:
    make_property(key="omzet", label="Omzet", kind="money")
    return make_survey()


def answer(survey: Survey, score: int, worth: object = None, **fields: Any) -> Response:
    return make_response(
        survey=survey,
        score=score,
        channel="import",
        properties={} if worth is None else {"omzet": worth},
        **{"answered_at": NOW} | fields,
    )


def measure(survey: Survey, **thresholds: int) -> CustomerValue:
    return measure_value(
        Selection(zone=ZONE, survey=survey),
        Property.objects.get(key="omzet"),
        thresholds=Thresholds(**thresholds) if thresholds else Thresholds(show=1),
    )


def test_median_sum_and_share_per_category(
    survey: Survey, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for score, worth in (
        (3, "100"),
        (0, "300"),
        (8, "50"),
        (9, "10.50"),
        (10, "20"),
        (10, "519,50"),
    ):
        answer(survey, score, worth)

    with django_assert_num_queries(2):  # the property, and one for all figures
        found = measure(survey)

    assert [(each.n, each.median, each.total) for each in found.categories] == [
        (2, Decimal(200), Decimal(400)),
        (1, Decimal(50), Decimal(50)),
        (3, Decimal(20), Decimal(550)),
    ]
    assert found.total == 1000
    assert [each.share for each in found.categories] == [40, 5, 55]


def test_what_is_no_number_counts_as_not_known(survey: Survey) -> None:
    for worth in ("100", "veel", "1.234.567", "", None, "1e9", "12 EUR", "--5", ["3"], {"a": 1}):
        answer(survey, 3, worth)

    found = measure(survey)

    assert (found.n, found.known, found.unknown) == (10, 1, 9)
    assert found.detractors.total == 100


def test_customer_counts_once_with_the_newest_answer(survey: Survey) -> None:
    person: Contact = make_contact()
    answer(survey, 10, "70", contact=person, answered_at=NOW - dt.timedelta(days=30))
    answer(survey, 2, "80", contact=person)
    answer(survey, 3, "90", contact=person, status="excluded")
    # Erased: linked to nobody, and each a customer of their own.
    answer(survey, 1, "5")
    answer(survey, 1, "5")

    found = measure(survey)

    assert (found.detractors.n, found.detractors.total) == (3, Decimal(90))
    assert found.of(Category.PROMOTER).n == 0


def test_amounts_below_zero_leave_no_shares(survey: Survey) -> None:
    answer(survey, 3, "-40")
    answer(survey, 9, "100")

    found = measure(survey)

    assert (found.negative, found.total) == (1, Decimal(60))
    assert not found.has_shares
    assert [each.share for each in found.categories] == [None] * 3


def test_one_customer_who_is_much_of_the_sum_is_told(survey: Survey) -> None:
    for _ in range(9):
        answer(survey, 9, "10")
    answer(survey, 3, "99999999999999999999")

    found = measure(survey)

    assert found.outsized_share == pytest.approx(Decimal(100), abs=Decimal("0.01"))
    assert found.of(Category.PROMOTER).median == 10
    answer(survey, 3, "-1")
    assert measure(survey).outsized_share is None


def test_category_of_a_handful_shows_no_amounts(survey: Survey) -> None:
    for _ in range(4):
        answer(survey, 3, "10")
    for _ in range(5):
        answer(survey, 9, "10")

    found = measure(survey, show=5)

    assert not found.detractors.is_shown
    assert found.of(Category.PROMOTER).is_shown


def test_nobody_has_no_shares(survey: Survey) -> None:
    found = measure(survey)

    assert (found.n, found.total, found.has_shares) == (0, Decimal(0), False)


def test_narrowed_to_one_category_all_three_stay(survey: Survey) -> None:
    answer(survey, 3, "10")
    answer(survey, 9, "30")
    selection = Selection(zone=ZONE, survey=survey, category="detractor")

    found = measure_value(selection, Property.objects.get(key="omzet"))

    assert found.total == 40


amounts = st.lists(
    st.tuples(st.integers(1, 10), st.decimals(0, 10**6, places=2)), min_size=1, max_size=12
)


@cases(25)
@given(amounts)
def test_shares_add_to_a_hundred(given_amounts: list[tuple[int, Decimal]]) -> None:
    Property.objects.get_or_create(key="omzet", defaults={"label": "Omzet", "kind": "money"})
    survey = make_survey(scale_min=1)
    for score, worth in given_amounts:
        answer(survey, score, f"{worth}")

    found = measure(survey)

    total = sum(worth for _, worth in given_amounts)
    assert found.total == total
    if total:
        assert sum(each.share or 0 for each in found.categories) == Decimal("100.0")


@pytest.mark.parametrize(
    ("value", "english", "dutch"),
    [
        ("0", "0", "0"),
        ("12.5", "12.50", "12,50"),
        ("99.995", "100.00", "100,00"),
        ("1234.5", "1,235", "1.235"),
        ("-1234567", "−1,234,567", "−1.234.567"),
    ],
)
def test_amounts_are_written_for_the_reader(value: str, english: str, dutch: str) -> None:
    with translation.override("en"):
        assert amount(Decimal(value)) == english
    with translation.override("nl"):
        assert amount(Decimal(value)) == dutch
        assert percentage(0.2345) == "23,5 %"
    assert amount(None) == ""
