"""Daily tallies: figures over settled days are read from them, and always say what answers say."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from npsapp.doctor import check_tallies as ask_doctor
from npsapp.erasing.erase import erase
from npsapp.roles import Role
from responses.dimensions import list_dimensions
from responses.importing import import_answers, undo_import
from responses.judging import accept_response, exclude_response, restore_response
from responses.models import DailyTally, Response, TallySheet
from responses.reading import Columns, Rules
from responses.reports.comparison import compare_groups
from responses.reports.counting import count_days, count_responses
from responses.reports.segments import list_segments
from responses.reports.touchpoints import count_surveys
from responses.selection import Selection
from responses.tallies import advance, advance_survey, keep_tallies
from responses.tally_check import check_nightly, find_differences
from surveys.filtering import PropertyFilter
from surveys.models import Alarm, Mail, Property, Sender, Survey, get_organisation
from surveys.sending.alarms import list_banners, watch
from tests.factories import (
    make_campaign,
    make_contact,
    make_invitation,
    make_organisation,
    make_property,
    make_response,
    make_sender,
    make_survey,
    make_user,
)
from tests.properties import cases

ZONE = ZoneInfo("Europe/Amsterdam")
NOW = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ledger(tmp_path: Any, settings: Any) -> None:
    settings.DATA_DIR = tmp_path
    settings.OUTBOX_DIR = tmp_path / "outbox"


@pytest.fixture
def survey() -> Survey:
    make_organisation()
    make_property(key="region", is_segment=True)
    return make_survey()


def answer(survey: Survey, score: int, days_ago: float, **fields: Any) -> Response:
    region = fields.pop("region", None)
    properties = {"region": region} if region else {}
    return make_response(
        survey=survey,
        score=score,
        answered_at=NOW - days_ago * DAY,
        **{"channel": "import", "properties": properties} | fields,
    )


def select(survey: Survey, **fields: Any) -> Selection:
    return Selection(zone=ZONE, survey=survey, **fields)


def differences(survey: Survey) -> list[str]:
    return [str(each) for each in find_differences(survey)]


def spoil(**which: Any) -> None:
    """Make tallies wrong on purpose: whoever reads them shows it."""
    DailyTally.objects.filter(**which).update(n9=1000)


def test_settled_days_are_read_from_tallies_and_newer_ones_from_answers(survey: Survey) -> None:
    answer(survey, 9, 30)
    answer(survey, 9, 0)
    advance(now=NOW)
    spoil(sheet__dimension="")

    assert count_responses(select(survey)).counts.n == 1001
    assert count_days(select(survey)).counts().n == 1001


@pytest.mark.parametrize(
    ("age", "settled"),
    [
        (dt.timedelta(hours=48 + 1, minutes=1), True),
        (dt.timedelta(hours=48 + 1, minutes=-1), False),
    ],
)
def test_day_settles_an_hour_after_its_last_answer_can_be_changed(
    survey: Survey, age: dt.timedelta, settled: bool
) -> None:
    """The window is 24 hours, and the answer is from the first second of its day."""
    midnight = dt.datetime(2026, 3, 10, tzinfo=ZONE)
    make_response(survey=survey, channel="import", answered_at=midnight)

    advance(now=midnight + age)

    assert DailyTally.objects.filter(day=dt.date(2026, 3, 10)).exists() is settled


def test_tallies_serve_one_dimension_and_no_second_one(survey: Survey) -> None:
    campaign = make_campaign(survey=survey)
    invitation = make_invitation(campaign=campaign)
    answer(survey, 9, 30, region="Noord", channel="mail", invitation=invitation)
    advance(now=NOW)
    spoil()
    region = (PropertyFilter("region", ("Noord",)),)

    ranged = (PropertyFilter("region", ("Noord",), low="1"),)
    other = (PropertyFilter("elsewhere", ("x",)),)
    counts = [
        count_responses(select(survey, **narrowed)).counts.n
        for narrowed in (
            {"filters": region},
            {"campaign": campaign},
            {"filters": region, "campaign": campaign},
            {"filters": ranged},
            {"filters": other},
        )
    ]

    # No answer of the fourth is a number; the fifth knows no such property.
    assert counts == [1000, 1000, 1, 0, 0]


def test_score_and_category_are_read_from_the_eleven_counts(survey: Survey) -> None:
    for score in (3, 9, 9, 10):
        answer(survey, score, 30)
    advance(now=NOW)

    assert count_responses(select(survey, score=9)).histogram[9] == 2
    assert count_responses(select(survey, category="promoter")).counts.n == 3
    assert count_responses(select(survey, score=9, category="detractor")).counts.n == 0


def test_what_is_not_counted_is_told_beside(survey: Survey) -> None:
    answer(survey, 9, 30)
    answer(survey, 2, 30, status="provisional")
    answer(survey, 2, 30, status="excluded")
    advance(now=NOW)

    tally = count_responses(select(survey))

    assert (tally.counts.n, tally.provisional, tally.excluded) == (1, 1, 1)
    assert count_responses(select(survey, status="excluded")).counts.n == 0


def test_comparison_and_segments_add_tallied_and_newer_days(survey: Survey) -> None:
    for days, region in ((30, "Noord"), (30, "Zuid"), (0, "Noord"), (30, None), (0, " ")):
        answer(survey, 9, days, region=region)
    advance(now=NOW)

    found = compare_groups(select(survey), "region")
    (group,) = list_segments(survey)

    assert [(each.segment.value, each.n) for each in found.groups] == [("Noord", 2), ("Zuid", 1)]
    assert found.without_value == 2
    assert [(value.segment.value, value.n) for value in group.values][:2] == [
        ("Noord", 2),
        (" ", 1),
    ]


def test_bands_drawn_anew_divide_the_past_at_once(survey: Survey) -> None:
    revenue = make_property(
        key="revenue",
        kind="number",
        is_segment=True,
        bands=[{"name": "Small", "below": "100"}, {"name": "Large"}],
    )
    answer(survey, 9, 30, properties={"revenue": "150"})
    advance(now=NOW)
    small = (PropertyFilter("revenue", ("Small",)),)
    assert count_responses(select(survey, filters=small)).counts.n == 0

    revenue.bands = [{"name": "Small", "below": "200"}, {"name": "Large"}]
    revenue.save()

    assert count_responses(select(survey, filters=small)).counts.n == 1
    advance(now=NOW)
    spoil(sheet__dimension="property:revenue")
    assert count_responses(select(survey, filters=small)).counts.n == 1000


def test_value_of_a_banded_property_is_counted_live(survey: Survey) -> None:
    bands = [{"name": "Small", "below": "100"}, {"name": "Large"}]
    make_property(key="revenue", kind="number", is_segment=True, bands=bands)
    answer(survey, 9, 30, properties={"revenue": "150"})
    advance(now=NOW)

    exact = (PropertyFilter("revenue", ("150",)),)

    assert count_responses(select(survey, filters=exact)).counts.n == 1


def test_other_time_zone_has_other_days_at_once(survey: Survey) -> None:
    late = dt.datetime(2026, 2, 1, 23, 30, tzinfo=dt.UTC)
    make_response(survey=survey, channel="import", answered_at=late)
    advance(now=NOW)
    assert count_days(select(survey)).first == dt.date(2026, 2, 2)

    found = count_days(Selection(zone=ZoneInfo("UTC"), survey=survey))

    assert found.first == dt.date(2026, 2, 1)


def test_zone_whose_clock_is_put_back_at_midnight_counts_each_answer_once(survey: Survey) -> None:
    """In Havana midnight came twice on 1 November 2026."""
    zone = ZoneInfo("America/Havana")
    make_organisation(time_zone=zone.key)
    start = dt.datetime(2026, 11, 1, 3, 30, tzinfo=dt.UTC)
    for minutes in range(0, 240, 30):
        at = start + dt.timedelta(minutes=minutes)
        make_response(survey=survey, channel="import", answered_at=at)
    totals = []
    for day in range(8):
        advance(now=dt.datetime(2026, 10, 30, 12, tzinfo=dt.UTC) + day * DAY)
        totals.append(dict(count_days(Selection(zone=zone, survey=survey)).days))

    assert all(total == totals[0] for total in totals)
    assert differences(survey) == []


def test_property_that_is_no_segment_any_more_loses_its_tallies(survey: Survey) -> None:
    answer(survey, 9, 30, region="Noord")
    advance(now=NOW)

    Property.objects.update(is_segment=False)
    advance(now=NOW)

    assert not DailyTally.objects.filter(sheet__dimension="property:region").exists()
    assert [each.name for each in list_dimensions(ZONE)] == [
        "",
        "campaign",
        "channel",
        "asked",
    ]


def test_advance_adds_only_what_settled_since(survey: Survey) -> None:
    answer(survey, 9, 30)
    assert advance(now=NOW) > 0

    assert advance(now=NOW) == 0
    assert advance(now=NOW + 2 * DAY) == 2


def test_exclusion_and_restoring_reach_the_tallies(survey: Survey) -> None:
    user = make_user()
    response = answer(survey, 9, 30, region="Noord")
    answer(survey, 3, 30, region="Noord")
    advance(now=NOW)

    exclude_response(response, user=user, reason="Double", now=NOW)
    assert count_days(select(survey)).counts().n == 1
    assert differences(survey) == []

    restore_response(response, user=user, now=NOW)
    assert count_days(select(survey)).counts().n == 2
    assert differences(survey) == []


def test_accepted_answer_of_a_settled_day_is_tallied(survey: Survey) -> None:
    response = answer(survey, 9, 30, status="provisional")
    advance(now=NOW)

    accept_response(response, user=make_user(), now=NOW)

    assert DailyTally.objects.get(sheet__dimension="").n9 == 1
    assert differences(survey) == []


def test_import_into_settled_days_and_its_undoing_reach_the_tallies(survey: Survey) -> None:
    answer(survey, 9, 30, region="Noord")
    advance(now=NOW)
    before = list(DailyTally.objects.order_by("sheet", "day").values("sheet", "day", "n9", "n2"))
    rules = Rules(
        columns=Columns(score="score", date="date", properties=("region",)),
        scores=survey.scores,
        zone=ZONE,
        now=NOW,
    )
    content = b"score;date;region\n2;2026-02-18;Noord\n2;2020-01-01;Oost\n2;2026-03-20;Oost\n"

    batch, _ = import_answers(content, "past.csv", rules, survey)

    assert count_days(select(survey)).counts().n == 4
    assert DailyTally.objects.filter(sheet__dimension="").count() == 2 + (not before)
    assert differences(survey) == []

    assert batch is not None
    with CaptureQueriesContext(connection) as ran:
        undo_import(batch, now=NOW)
    (locked,) = [
        each["sql"]
        for each in ran.captured_queries
        if 'FROM "responses_response"' in each["sql"] and "FOR UPDATE" in each["sql"]
    ]
    assert "comment" not in locked
    assert differences(survey) == []
    after = list(DailyTally.objects.order_by("sheet", "day").values("sheet", "day", "n9", "n2"))
    assert after == before


@pytest.mark.parametrize("narrow", ["", "days", "region", "unknown"])
def test_every_survey_is_counted_from_its_tallies_and_newer_days(
    survey: Survey, narrow: str
) -> None:
    tallied, live, empty = survey, make_survey(), make_survey()
    for each in (tallied, live):
        answer(each, 9, 40, region="Noord")
        answer(each, 2, 30, region="Oost")
        answer(each, 10, 30, status="excluded")
        answer(each, 7, 0.01, region="Noord")
    advance_survey(tallied, now=NOW)
    filters: tuple[PropertyFilter, ...] = ()
    if narrow == "region":
        filters = (PropertyFilter("region", values=("Noord",)),)
    elif narrow == "unknown":
        filters = (PropertyFilter("plaats", values=("Delft",)),)
    first = (NOW - 35 * DAY).date() if narrow == "days" else None
    selection = select(live, filters=filters, first=first)

    with CaptureQueriesContext(connection) as ran:
        found = count_surveys(selection)

    scores = {"": (9, 2, 7), "days": (2, 7), "region": (9, 7), "unknown": ()}[narrow]
    expected = tuple(int(score in scores) for score in range(11))
    assert found == ({each.pk: expected for each in (tallied, live)} if scores else {})
    assert empty.pk not in found
    reads = [q["sql"] for q in ran.captured_queries if "responses_response" in q["sql"]]
    assert len(reads) == 1
    assert ("responses_dailytally" in reads[0]) == (narrow != "unknown")


def test_erasing_a_person_leaves_no_trace_in_tallies(survey: Survey) -> None:
    make_property(key="advisor", is_segment=True)
    person = make_contact(first_name="Fenna", last_name="Wegwezen")
    answer(survey, 9, 30, contact=person, properties={"region": "Noord"})
    answer(survey, 3, 30, properties={"advisor": "Fenna Wegwezen"})
    answer(survey, 3, 30, properties={"advisor": "[erased]"})
    advance(now=NOW)
    assert DailyTally.objects.filter(value__contains="Wegwezen").exists()

    erase(person.email, person, user=None, now=NOW)

    assert not DailyTally.objects.filter(value__contains="Wegwezen").exists()
    assert count_days(select(survey)).counts().n == 3
    assert differences(survey) == []


def test_erasing_mends_a_sheet_of_a_property_that_is_no_segment_just_now(survey: Survey) -> None:
    person = make_contact()
    answer(survey, 9, 30, contact=person, region="Noord")
    advance(now=NOW)
    Property.objects.update(is_segment=False)

    erase(person.email, person, user=None, now=NOW)

    Property.objects.update(is_segment=True)
    assert differences(survey) == []
    assert compare_groups(select(survey), "region").without_value == 1


def test_tallies_are_kept_only_with_the_answers() -> None:
    from django.db import connection

    connection.in_atomic_block, before = False, connection.in_atomic_block
    try:
        with pytest.raises(TransactionManagementError):
            keep_tallies([])
    finally:
        connection.in_atomic_block = before


def test_check_names_what_differs_and_rebuild_mends_it(survey: Survey, capsys: Any) -> None:
    answer(survey, 9, 30, region="Noord")
    advance(now=NOW)
    call_command("tallies", "--check")
    spoil(sheet__dimension="property:region")
    DailyTally.objects.filter(sheet__dimension="channel").delete()

    with pytest.raises(CommandError, match="2 tallies differ"):
        call_command("tallies", "--check")
    said = capsys.readouterr().out
    assert f"{survey.slug} · property:region · 2026-02-18 · Noord" in said
    assert f"{survey.slug} · channel · 2026-02-18 · import" in said

    call_command("tallies", "--rebuild")
    assert differences(survey) == []
    assert "counted up to" in capsys.readouterr().out


def test_nightly_check_raises_an_alarm_tells_admins_and_mends(survey: Survey) -> None:
    make_user(role="admin")
    make_sender(lane=Sender.Lane.TRANSACTIONAL)
    night = dt.datetime(2026, 3, 20, 3, 5, tzinfo=ZONE)
    answer(survey, 9, 30)
    advance(now=night)
    spoil(sheet__dimension="")

    assert check_nightly(now=night) == 1
    watch(now=night)

    alarm = Alarm.objects.get(kind=Alarm.Kind.TALLIES)
    assert alarm.closed_at is None
    assert differences(survey) == []
    assert Mail.objects.filter(kind=Mail.Kind.ALARM, subject__contains="Figures").count() == 1
    (banner,) = list_banners(Role.MANAGER)
    assert "did not add up to its answers on 1 day" in banner
    assert ask_doctor(night) is not None


def test_alarm_ends_with_the_next_clean_night_and_is_looked_at_once_a_night(
    survey: Survey,
) -> None:
    night = dt.datetime(2026, 3, 20, 3, 5, tzinfo=ZONE)
    answer(survey, 9, 30)
    advance(now=night)
    spoil(sheet__dimension="")
    check_nightly(now=night)

    assert check_nightly(now=night + dt.timedelta(hours=5)) is None
    assert check_nightly(now=night + DAY - dt.timedelta(hours=1)) is None
    assert check_nightly(now=night + DAY) == 0
    assert Alarm.objects.get(kind=Alarm.Kind.TALLIES).closed_at == night + DAY


REGIONS = [None, "Noord", "Zuid", "", " "]
answers = st.lists(
    st.tuples(
        st.integers(0, 10),
        st.integers(0, 20 * 24 * 60),
        st.sampled_from(REGIONS),
        st.sampled_from(["counted", "counted", "counted", "excluded"]),
    ),
    max_size=25,
)


@given(
    given_answers=answers,
    settled=st.integers(0, 20),
    first=st.integers(0, 20),
    length=st.integers(0, 20),
)
@cases(60)
def test_counts_add_over_days_and_values(
    given_answers: list[tuple[int, int, str | None, str]], settled: int, first: int, length: int
) -> None:
    """Whichever days stand in tallies: days, values and the total are the answers added up."""
    with transaction.atomic():
        make_organisation()
        Property.objects.update_or_create(key="region", defaults={"is_segment": True})
        survey = make_survey(change_window_hours=0)
        Response.objects.bulk_create(
            Response(
                survey=survey,
                score=score,
                scale_min=0,
                channel="import",
                status=status,
                properties={} if region is None else {"region": region},
                answered_at=NOW - dt.timedelta(minutes=minutes),
            )
            for score, minutes, region, status in given_answers
        )
        advance_survey(survey, now=NOW - settled * DAY)
        begin = NOW.date() - first * DAY
        end = begin + length * DAY
        selection = select(survey, first=begin, last=end)
        meant = [
            (score, region or "")
            for score, minutes, region, status in given_answers
            if status == "counted"
            and begin <= (NOW - dt.timedelta(minutes=minutes)).astimezone(ZONE).date() <= end
        ]

        total = count_responses(selection).histogram
        compared = compare_groups(selection, "region")
        noord = count_responses(
            select(survey, first=begin, last=end, filters=(PropertyFilter("region", ("Noord",)),))
        )

        assert list(total) == [sum(s == score for s, _ in meant) for score in range(11)]
        assert count_days(selection).histogram(begin, end) == total
        assert sum(group.n for group in compared.groups) + compared.without_value == len(meant)
        assert noord.counts.n == sum(region == "Noord" for _, region in meant)
        assert differences(survey) == []
        transaction.set_rollback(True)


def test_sheet_says_what_it_is() -> None:
    survey = make_survey()
    advance_survey(survey, now=NOW)

    assert str(TallySheet.objects.get(dimension="")) == f"{survey.pk} all until 2026-03-18"
    assert get_organisation().zone == ZONE
