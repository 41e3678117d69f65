"""The values of one property side by side."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoAssertNumQueries

from responses.differing import Verdict
from responses.models import Response
from responses.reports.comparison import LONGEST_COMPARISON, compare_groups
from responses.reports.crossing import MOST_COLUMNS, MOST_LINES, cross_values
from responses.reports.mix import explain_change
from responses.scoring import Counts, Tier, interval
from responses.selection import Selection
from responses.spans import Span
from surveys.filtering import PropertyFilter
from surveys.models import Survey
from tests.factories import make_property, make_response, make_survey

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


def fill_counts(survey: Survey, value: str, counts: Counts) -> None:
    """Many at once: a test of differences needs a hundred answers on either side."""
    scores = [3] * counts.detractors + [7] * counts.passives + [10] * counts.promoters
    Response.objects.bulk_create(
        Response(
            survey=survey,
            scale_min=survey.scale_min,
            score=score,
            channel="import",
            answered_at=NOW,
            properties={"land": value} if value else {},
        )
        for score in scores
    )


def test_group_is_held_against_the_rest() -> None:
    """Statistics, 1.5: 20/30/50 against 10/20/90 is +36.7, from +17.1 to +54.7, p = .00018."""
    survey = make_survey()
    fill_counts(survey, "Polen", Counts(20, 30, 50))
    # Also those of whom no value is known are the rest.
    fill_counts(survey, "België", Counts(10, 20, 60))
    fill_counts(survey, "", Counts(0, 0, 30))

    found = compare_groups(Selection(zone=AMSTERDAM, survey=survey), "land")
    low = found.groups[0]

    assert low.segment.value == "Polen"
    assert low.difference is not None
    assert low.difference.points == pytest.approx(-36.667, abs=0.001)
    assert low.difference.p == pytest.approx(0.00018, abs=0.00001)
    assert tuple(low.difference.interval) == pytest.approx((-54.7, -17.1), abs=0.1)
    assert low.verdict == Verdict.LOWER


def test_groups_that_differ_by_chance_are_not_marked_when_many_are_looked_at() -> None:
    """Benjamini-Hochberg: 12 groups, one of which alone would pass at 5 %."""
    survey = make_survey()
    for number in range(11):
        fill_counts(survey, f"Land {number:02d}", Counts(10, 20, 20))
    fill_counts(survey, "Polen", Counts(18, 16, 16))

    found = compare_groups(Selection(zone=AMSTERDAM, survey=survey), "land")
    odd = next(group for group in found.groups if group.segment.value == "Polen")

    assert odd.difference is not None
    assert 0.05 / 12 < odd.difference.p < 0.05
    assert {group.verdict for group in found.groups} == {Verdict.MARGIN}
    assert found.tested == 12


def test_too_few_answers_on_either_side_get_no_difference() -> None:
    survey = make_survey()
    fill_counts(survey, "België", Counts(0, 0, 60))
    fill_counts(survey, "Polen", Counts(29, 0, 0))

    found = compare_groups(Selection(zone=AMSTERDAM, survey=survey), "land")

    assert [(group.difference, group.verdict) for group in found.groups] == [(None, None)] * 2
    assert found.tested == 0


def test_order_by_score_ranks_only_those_with_enough_answers() -> None:
    survey = make_survey()
    for value, counts in {
        "Veel": Counts(20, 0, 20),
        "Hoog": Counts(0, 0, 30),
        "Gelijk": Counts(10, 10, 10),
        "Weinig": Counts(0, 0, 29),
        "Vier": Counts(0, 0, 4),
    }.items():
        fill_counts(survey, value, counts)

    found = compare_groups(Selection(zone=AMSTERDAM, survey=survey), "land", by_score=True)

    assert [(group.segment.value, group.rank) for group in found.groups] == [
        ("Hoog", 1),
        ("Veel", 2),
        ("Gelijk", 2),
        ("Weinig", None),
        ("Vier", None),
    ]


def test_change_is_divided_over_the_values_and_dated() -> None:
    """Statistics, 7.5, on rows: +2.8 of which +2.4 is another mix."""
    survey = make_survey()
    fill_counts(survey, "Ophalen", Counts(75, 0, 425))
    fill_counts(survey, "Bezorgen", Counts(100, 0, 400))
    Response.objects.update(answered_at=NOW)
    fill_counts(survey, "Ophalen", Counts(42, 0, 258))
    fill_counts(survey, "Bezorgen", Counts(147, 0, 553))
    earlier = Response.objects.order_by("-pk").values("pk")[:1000]
    Response.objects.filter(pk__in=earlier).update(answered_at=NOW - dt.timedelta(days=10))
    selection = Selection(
        zone=AMSTERDAM, survey=survey, first=dt.date(2026, 2, 2), last=dt.date(2026, 2, 11)
    )
    before = Span(dt.date(2026, 1, 23), dt.date(2026, 2, 1))

    comparison = compare_groups(selection, "land")
    found = explain_change(selection, "land", comparison, before=before)

    assert found is not None
    assert [str(points) for points in found.mix.shown] == ["2.8", "2.4", "0.4"]
    assert found.span == before
    assert not found.is_clear


def test_crossing_counts_each_pair_and_what_is_outside(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    survey = make_survey()
    first = make_property(key="land", label="Land", is_segment=True)
    second = make_property(key="soort", label="Soort", is_segment=True)
    for land, kind, n in (("België", "Nieuw", 6), ("België", "Vast", 3), ("Polen", "Nieuw", 2)):
        fill(survey, land, [9] * n, properties={"land": land, "soort": kind})
    fill(survey, "Polen", [3] * 4)

    with django_assert_num_queries(1):
        found = cross_values(Selection(zone=AMSTERDAM, survey=survey), first, second)

    assert found.columns == ["Nieuw", "Vast"]
    assert [(line.value, [cell.n for cell in line.cells]) for line in found.lines] == [
        ("België", [6, 3]),
        ("Polen", [2, 0]),
    ]
    assert found.unseen == 4
    cell = found.lines[0].cells[0]
    rows = Response.objects.in_selection(cell.within.narrowed(status="counted"))
    assert (cell.nps, rows.count()) == (100.0, 6)
    assert found.lines[0].cells[1].nps is None


def test_crossing_keeps_to_the_largest_of_both() -> None:
    survey = make_survey()
    first, second = make_property(key="land"), make_property(key="soort")
    for number in range(MOST_LINES + 2):
        values = {"land": f"L{number:02d}", "soort": f"S{number:02d}"}
        fill(survey, "", [9], properties=values)

    found = cross_values(Selection(zone=AMSTERDAM, survey=survey), first, second)

    assert (len(found.lines), len(found.columns)) == (MOST_LINES, MOST_COLUMNS)
    assert found.unseen == MOST_LINES + 2 - MOST_COLUMNS


def test_value_chosen_of_the_first_property_leaves_out_no_line() -> None:
    survey = make_survey()
    first, second = make_property(key="land"), make_property(key="soort")
    for land, kind in (("België", "Nieuw"), ("Polen", "Nieuw"), ("Polen", "Vast")):
        fill(survey, land, [9] * 5, properties={"land": land, "soort": kind})
    chosen = (PropertyFilter("land", ("Polen",)), PropertyFilter("soort", ("Nieuw",)))

    found = cross_values(Selection(zone=AMSTERDAM, survey=survey, filters=chosen), first, second)

    assert [line.value for line in found.lines] == ["België", "Polen"]
    assert found.columns == ["Nieuw"]
