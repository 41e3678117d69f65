"""The filter that dashboard, list and command share: days, presets, segment, the URL."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict

from responses.forms.selection import RowSelectionForm, SelectionForm
from responses.models import Response
from responses.selection import Period, Segment, Selection, days_of
from surveys.filtering import PropertyFilter
from surveys.models import Organisation, Survey
from tests.factories import (
    make_campaign,
    make_invitation,
    make_property,
    make_response,
    make_survey,
)

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOW = dt.datetime(2026, 11, 22, 23, 30, tzinfo=dt.UTC)  # already the 23rd in Amsterdam


def make_form(query: str, form: type[SelectionForm] = SelectionForm) -> SelectionForm:
    return form(QueryDict(query), organisation=Organisation(pk=1), now=NOW)


def answer(survey: Survey, moment: str, **fields: object) -> Response:
    return make_response(
        survey=survey, channel="import", answered_at=dt.datetime.fromisoformat(moment), **fields
    )


@pytest.mark.parametrize(
    ("period", "today", "first", "last"),
    [
        (Period.LAST_30_DAYS, "2026-03-01", "2026-01-31", "2026-03-01"),
        (Period.WEEK, "2026-11-22", "2026-11-16", "2026-11-22"),  # a Sunday
        (Period.WEEK, "2026-11-23", "2026-11-23", "2026-11-23"),
        (Period.PREVIOUS_WEEK, "2027-01-04", "2026-12-28", "2027-01-03"),
        (Period.MONTH, "2026-03-01", "2026-03-01", "2026-03-01"),
        (Period.PREVIOUS_MONTH, "2024-03-31", "2024-02-01", "2024-02-29"),
        (Period.PREVIOUS_MONTH, "2026-01-15", "2025-12-01", "2025-12-31"),
        (Period.QUARTER, "2026-11-22", "2026-10-01", "2026-11-22"),
        (Period.QUARTER, "2026-03-31", "2026-01-01", "2026-03-31"),
        (Period.PREVIOUS_QUARTER, "2026-02-10", "2025-10-01", "2025-12-31"),
        (Period.YEAR, "2026-11-22", "2026-01-01", "2026-11-22"),
        (Period.PREVIOUS_YEAR, "2026-01-01", "2025-01-01", "2025-12-31"),
        (Period.LAST_12_MONTHS, "2026-11-22", "2025-11-23", "2026-11-22"),
        (Period.LAST_12_MONTHS, "2024-02-28", "2023-02-28", "2024-02-28"),
    ],
)
def test_days_of_a_preset(period: Period, today: str, first: str, last: str) -> None:
    found = days_of(period, dt.date.fromisoformat(today))

    assert found == (dt.date.fromisoformat(first), dt.date.fromisoformat(last))


def test_all_time_has_no_ends() -> None:
    assert days_of(Period.ALL, dt.date(2026, 11, 22)) == (None, None)


def test_today_is_a_day_of_the_organisation() -> None:
    form = make_form("period=month")

    assert form.is_valid()
    selection = form.selection()
    assert (selection.first, selection.last) == (dt.date(2026, 11, 1), dt.date(2026, 11, 23))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("moment", "is_in"),
    [
        ("2026-07-09T23:59:59.999999+02:00", False),
        ("2026-07-10T00:00:00+02:00", True),
        ("2026-07-11T23:59:59.999999+02:00", True),
        ("2026-07-12T00:00:00+02:00", False),
    ],
)
def test_days_are_inclusive_on_the_clock_of_the_organisation(moment: str, is_in: bool) -> None:
    survey = make_survey()
    answer(survey, moment)
    selection = Selection(
        zone=AMSTERDAM, survey=survey, first=dt.date(2026, 7, 10), last=dt.date(2026, 7, 11)
    )

    assert Response.objects.in_selection(selection).exists() is is_in


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "inside", "outside"),
    [
        # A day of 23 hours and one of 25: midnight moves by an hour in between.
        (
            dt.date(2026, 3, 29),
            ["2026-03-28T23:00:00+00:00", "2026-03-29T21:59:59+00:00"],
            ["2026-03-28T22:59:59+00:00", "2026-03-29T22:00:00+00:00"],
        ),
        (
            dt.date(2026, 10, 25),
            ["2026-10-24T22:00:00+00:00", "2026-10-25T22:59:59+00:00"],
            ["2026-10-24T21:59:59+00:00", "2026-10-25T23:00:00+00:00"],
        ),
    ],
)
def test_day_on_which_the_clock_changes(
    day: dt.date, inside: list[str], outside: list[str]
) -> None:
    survey = make_survey()
    expected = {answer(survey, moment).pk for moment in inside}
    for moment in outside:
        answer(survey, moment)
    selection = Selection(zone=AMSTERDAM, survey=survey, first=day, last=day)

    found = Response.objects.in_selection(selection).values_list("pk", flat=True)

    assert set(found) == expected


@pytest.mark.django_db
def test_segment_matches_the_snapshot_on_the_response_as_text() -> None:
    survey = make_survey()
    north = answer(survey, "2026-07-10T12:00Z", properties={"region": "North", "2024": 5})
    answer(survey, "2026-07-10T12:00Z", properties={"region": "South", "2024": 6})
    answer(survey, "2026-07-10T12:00Z")

    for segment in (Segment("region", "North"), Segment("2024", "5")):
        selection = Selection(
            zone=AMSTERDAM,
            survey=survey,
            filters=(PropertyFilter(segment.key, (segment.value,)),),
        )
        assert list(Response.objects.in_selection(selection)) == [north]


@pytest.mark.django_db
def test_rows_are_narrowed_by_category_score_and_status() -> None:
    survey = make_survey()
    nine = answer(survey, "2026-07-10T12:00Z", score=9)
    answer(survey, "2026-07-10T12:00Z", score=10)
    answer(survey, "2026-07-10T12:00Z", score=9, status=Response.Status.EXCLUDED)
    selection = Selection(zone=AMSTERDAM, survey=survey)

    narrow = selection.narrowed(category="promoter", score=9, status="counted")

    assert list(Response.objects.in_selection(narrow)) == [nine]


@pytest.mark.parametrize("text", ["region", "=North", "region=", " = "])
def test_segment_needs_a_key_and_a_value(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the text itself is the message
        Segment.parse(text)


def test_value_of_a_segment_may_hold_an_equals_sign() -> None:
    assert Segment.parse("plan = a=b") == Segment("plan", "a=b")


@pytest.mark.django_db
def test_what_the_url_says_survives_the_round_trip() -> None:
    make_survey(slug="levering")
    make_property(key="region")
    query = (
        "survey=levering&from=2026-07-10&to=2026-07-11&property.region=Zuid+%26+West"
        "&category=passive&score=7&status=counted"
    )
    form = make_form(query, RowSelectionForm)

    assert form.is_valid(), form.errors
    assert form.selection().query == query


@pytest.mark.django_db
def test_all_time_is_said_in_the_url_of_the_rows() -> None:
    survey = make_survey(slug="levering")
    selection = Selection(zone=AMSTERDAM, survey=survey)

    assert selection.query == "survey=levering&period=all"


def test_days_given_win_over_a_preset() -> None:
    form = make_form("period=30d&from=2026-01-01")

    assert form.is_valid()
    assert form.period_chosen == Period.CUSTOM
    assert (form.selection().first, form.selection().last) == (dt.date(2026, 1, 1), None)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("survey=missing", "survey"),
        ("period=fortnight", "period"),
        ("from=01-02-2026", "first"),
        ("to=9999-12-31", "last"),
        ("from=2026-02-01&to=2026-01-31", "last"),
        ("segment=region", "segment"),
        ("category=fan", "category"),
        ("score=11", "score"),
        ("status=lost", "status"),
    ],
)
def test_form_names_the_field_that_is_wrong(query: str, field: str) -> None:
    form = make_form(query, RowSelectionForm)

    assert not form.is_valid()
    assert list(form.errors) == [field]


@pytest.mark.django_db
def test_campaign_brings_its_survey_and_stands_in_the_url() -> None:
    campaign = make_campaign(survey=make_survey(slug="levering"))
    hit = make_response(invitation=make_invitation(campaign=campaign))
    make_response(survey=campaign.survey)
    make_response(survey=campaign.survey, channel="import")
    form = make_form(f"campaign={campaign.pk}")

    assert form.is_valid(), form.errors
    selection = form.selection()
    assert selection.query == f"survey=levering&campaign={campaign.pk}&period=all"
    assert list(Response.objects.in_selection(selection)) == [hit]


@pytest.mark.django_db
def test_campaign_of_another_survey_is_refused() -> None:
    campaign = make_campaign(survey=make_survey(name="Na levering"))
    make_survey(slug="retour")
    form = make_form(f"survey=retour&campaign={campaign.pk}")

    assert not form.is_valid()
    assert form.errors["campaign"] == ["This campaign asks another survey: Na levering."]


@pytest.mark.django_db
@pytest.mark.parametrize("chosen", ["draft", "0", "name"])
def test_campaign_that_never_asked_anybody_is_no_choice(chosen: str) -> None:
    draft = make_campaign(state="draft")
    form = make_form(f"campaign={draft.pk if chosen == 'draft' else chosen}")

    assert not form.is_valid()
    assert list(form.errors) == ["campaign"]


@pytest.mark.django_db
def test_channel_narrows_answers_and_leads_back() -> None:
    survey = make_survey(slug="levering")
    mailed = make_response(survey=survey)
    answer(survey, "2026-11-20T12:00:00+00:00")
    form = make_form("survey=levering&channel=mail", RowSelectionForm)
    assert form.is_valid()

    selection = form.selection()

    assert list(Response.objects.in_selection(selection)) == [mailed]
    assert "channel=mail" in selection.query


@pytest.mark.django_db
def test_touchpoint_is_that_of_every_survey_there() -> None:
    service = make_survey(slug="service", touchpoint="service")
    hit = answer(service, "2026-11-20T12:00:00+00:00")
    answer(make_survey(slug="levering", touchpoint="post_delivery"), "2026-11-20T12:00:00+00:00")
    form = make_form("touchpoint=service", RowSelectionForm)
    assert form.is_valid()

    selection = form.selection()

    assert list(Response.objects.in_selection(selection)) == [hit]
    assert selection.query == "touchpoint=service&period=all"


@pytest.mark.django_db
def test_touchpoint_of_another_survey_is_refused() -> None:
    make_survey(slug="levering", name="Levering", touchpoint="post_delivery")

    form = make_form("survey=levering&touchpoint=service")

    assert form.errors["touchpoint"] == ["“Levering” asks at another touchpoint: After delivery."]


@pytest.mark.django_db
def test_touchpoint_of_the_chosen_survey_says_nothing_more() -> None:
    make_survey(slug="levering", touchpoint="post_delivery")
    form = make_form("survey=levering&touchpoint=post_delivery&period=all")
    assert form.is_valid()

    assert form.selection().query == "survey=levering&period=all"


@pytest.mark.django_db
def test_preset_in_an_address_moves_along() -> None:
    form = make_form("period=last-month")
    assert form.is_valid()
    selection = form.selection()

    assert selection.pairs(Period.PREVIOUS_MONTH) == [("period", "last-month")]
    assert selection.pairs() == [("from", "2026-10-01"), ("to", "2026-10-31")]
