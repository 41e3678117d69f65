"""The values of one property side by side."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from responses.models import Response
from responses.reports.comparison import LONGEST_COMPARISON, compare_groups
from responses.scoring import Counts, Tier, interval
from responses.selection import Selection
from surveys.filtering import PropertyFilter
from surveys.models import Survey
from tests.factories import make_response, make_survey

pytestmark = pytest.mark.django_db
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOW = dt.datetime(2026, 2, 10, 12, tzinfo=dt.UTC)


def fill(survey: Survey, value: object, scores: list[int], **fields: object) -> None:
    for score in scores:
        make_response(
            survey=survey,
            score=score,
            channel="import",
            answered_at=NOW,
            **{"properties": {"land": value}} | fields,
        )


def test_largest_group_stands_first_and_equal_ones_by_name() -> None:
    survey = make_survey()
    for value, n in (("Polen", 5), ("België", 5), ("Nederland", 7)):
        fill(survey, value, [9] * n)

    found = compare_groups(Selection(zone=AMSTERDAM, survey=survey), "land")

    assert [(group.segment.value, group.n) for group in found.groups] == [
        ("Nederland", 7),
        ("België", 5),
        ("Polen", 5),
    ]


def test_group_has_split_score_and_interval() -> None:
    survey = make_survey()
    fill(survey, "België", [3] * 3 + [7] * 5 + [10] * 7)

    (group,) = compare_groups(Selection(zone=AMSTERDAM, survey=survey), "land").groups

    assert group.nps == pytest.approx(400 / 15)
    assert group.interval == interval(Counts(3, 5, 7))
    assert [part.n for part in group.parts] == [3, 5, 7]


@pytest.mark.parametrize(
    ("n", "tier"), [(4, Tier.COUNT_ONLY), (5, Tier.TOO_FEW), (30, Tier.INDICATIVE)]
)
def test_group_shows_what_its_answers_can_bear(n: int, tier: Tier) -> None:
    survey = make_survey()
    fill(survey, "België", [9] * n)

    (group,) = compare_groups(Selection(zone=AMSTERDAM, survey=survey), "land").groups

    assert group.tier == tier
    assert (group.nps is None, group.parts == []) == (n < 5, n < 5)


def test_rows_of_a_group_are_those_it_counted() -> None:
    survey = make_survey(slug="levering")
    fill(survey, "België & co", [9] * 5)
    fill(survey, "België & co", [0], status="excluded")

    (group,) = compare_groups(Selection(zone=AMSTERDAM, survey=survey), "land").groups

    selection = Selection(
        zone=AMSTERDAM, survey=survey, filters=(PropertyFilter("land", ("België & co",)),)
    )
    rows = Response.objects.in_selection(selection.narrowed(status="counted"))
    assert (group.n, rows.count()) == (5, 5)
    assert group.rows_url == selection.narrowed(status="counted").rows_url


def test_numbers_add_up_with_those_that_have_no_row() -> None:
    survey = make_survey()
    for number in range(LONGEST_COMPARISON + 2):
        fill(survey, f"Land {number:02d}", [9] * (2 if number < LONGEST_COMPARISON else 1))
    for properties in ({}, {"land": ""}, {"land": None}):
        fill(survey, "", [9], properties=properties)

    found = compare_groups(Selection(zone=AMSTERDAM, survey=survey), "land")

    assert len(found.groups) == LONGEST_COMPARISON
    assert (found.smaller_groups, found.in_smaller_groups, found.without_value) == (2, 2, 3)


def test_segment_of_the_property_marks_its_row_and_keeps_the_others() -> None:
    survey = make_survey()
    fill(survey, "België", [9] * 5)
    fill(survey, "Polen", [3] * 6)
    chosen = Selection(
        zone=AMSTERDAM, survey=survey, filters=(PropertyFilter("land", ("België",)),)
    )

    found = compare_groups(chosen, "land")

    assert [(group.segment.value, group.is_chosen) for group in found.groups] == [
        ("Polen", False),
        ("België", True),
    ]


def test_segment_of_another_property_narrows_every_row() -> None:
    survey = make_survey()
    fill(survey, "België", [9] * 5, properties={"land": "België", "soort": "Nieuw"})
    fill(survey, "België", [9] * 6, properties={"land": "België", "soort": "Vast"})
    chosen = Selection(
        zone=AMSTERDAM, survey=survey, filters=(PropertyFilter("soort", ("Nieuw",)),)
    )

    (group,) = compare_groups(chosen, "land").groups

    assert group.n == 5
