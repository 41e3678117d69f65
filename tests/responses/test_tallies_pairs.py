"""Pairs over settled days are read from tallies, and are always those that the answers make."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from npsapp.erasing.erase import erase
from responses.importing import AlreadyImported, import_answers, undo_import
from responses.judging import exclude_response, restore_response
from responses.models import DailyTally, Response
from responses.reading import Columns, Rules
from responses.reports import pairs
from responses.reports.pairs import count_pairs, count_pairs_by
from responses.selection import Selection
from responses.tallies import advance, advance_survey
from responses.tally_check import check_nightly, find_differences
from surveys.filtering import PropertyFilter
from surveys.models import Property, Survey
from tests.factories import make_contact, make_organisation, make_property, make_user
from tests.properties import cases
from tests.responses.deliveries import DAY, SCORES, make_surveys, say

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Europe/Amsterdam")
NOW = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
REGIONS = ("Noord", "Zuid", " ", "")
NONE = ((0, 0, 0), (0, 0, 0), (0, 0, 0))


@pytest.fixture(autouse=True)
def ledger(tmp_path: Any, settings: Any) -> None:
    settings.DATA_DIR = tmp_path
    settings.OUTBOX_DIR = tmp_path / "outbox"


@pytest.fixture
def after() -> Survey:
    make_organisation()
    make_property(key="region", is_segment=True)
    return make_surveys()[1]


def of(survey: Survey, **fields: Any) -> Selection:
    return Selection(zone=ZONE, survey=survey, **fields)


def pair(after: Survey, days_ago: float, **fields: Any) -> tuple[Response, Response]:
    """From promoter to detractor in ten days."""
    assert after.pre_survey
    contact = make_contact()
    at = NOW - days_ago * DAY
    return say(after.pre_survey, contact, 10, at - 10 * DAY, **fields), say(
        after, contact, 3, at, **fields
    )


def differences(after: Survey) -> list[str]:
    surveys = [after.pre_survey, after]
    return [str(each) for survey in surveys if survey for each in find_differences(survey)]


def read_all(after: Survey) -> list[Any]:
    noord = (PropertyFilter("region", ("Noord",)),)
    month = {"first": (NOW - 40 * DAY).date(), "last": (NOW - 10 * DAY).date()}
    return [
        *(count_pairs(of(after, **narrow)) for narrow in (
            {}, month, {"filters": noord}, {"filters": noord, **month}, {"channel": "import"},
            {"channel": "mail"}, {"category": "promoter"}, {"score": 3},
        )),
        count_pairs_by(of(after), "region"),
        count_pairs_by(of(after, **month), "region"),
    ]  # fmt: skip


def count_live(after: Survey) -> list[Any]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pairs, "find_slice", lambda _selection: None)
        return read_all(after)


def test_settled_pairs_are_read_from_tallies_and_newer_ones_from_answers(after: Survey) -> None:
    pair(after, 30)
    pair(after, 0)
    advance(now=NOW)
    DailyTally.objects.filter(sheet__dimension="pairs:").update(n8=1000)

    assert count_pairs(of(after)) == ((0, 0, 0), (0, 0, 0), (2, 0, 1000))


@pytest.mark.parametrize("half", [0, 1])
def test_exclusion_of_either_half_reaches_the_day_of_the_second(after: Survey, half: int) -> None:
    response = pair(after, 30, properties={"region": "Noord"})[half]
    advance(now=NOW)

    exclude_response(response, user=make_user(), reason="Double", now=NOW)
    assert count_pairs(of(after)) == NONE
    assert differences(after) == []

    restore_response(response, user=make_user(), now=NOW)
    assert count_pairs_by(of(after), "region") == {"Noord": ((0, 0, 0), (0, 0, 0), (1, 0, 0))}
    assert differences(after) == []


def test_excluded_second_half_leaves_the_first_to_the_next(after: Survey) -> None:
    _before, second = pair(after, 30)
    say(after, second.contact, 7, NOW - 5 * DAY)
    advance(now=NOW)
    assert count_pairs(of(after)) == ((0, 0, 0), (0, 0, 0), (1, 0, 0))

    exclude_response(second, user=make_user(), reason="Double", now=NOW)

    assert count_pairs(of(after)) == ((0, 0, 0), (0, 0, 0), (0, 1, 0))
    assert differences(after) == []


def test_erased_person_leaves_the_tallies_of_pairs(after: Survey) -> None:
    before, _second = pair(after, 30, properties={"region": "Noord"})
    advance(now=NOW)
    assert before.contact

    erase(before.contact.email, before.contact, user=None, now=NOW)

    assert count_pairs(of(after)) == NONE
    assert differences(after) == []


def test_import_of_first_halves_and_its_undoing_reach_the_pairs(after: Survey) -> None:
    assert after.pre_survey
    person = make_contact()
    say(after, person, 3, NOW - 30 * DAY)
    advance(now=NOW)
    columns = Columns(score="score", date="date", email="email")
    rules = Rules(columns=columns, scores=after.scores, zone=ZONE, now=NOW)
    content = f"score;date;email\n9;2026-02-01;{person.email}\n".encode()

    batch, _ = import_answers(content, "past.csv", rules, after.pre_survey)
    assert count_pairs(of(after))[2][0] == 1
    assert differences(after) == []

    assert batch
    undo_import(batch, now=NOW)
    assert count_pairs(of(after)) == NONE
    assert differences(after) == []


def test_other_days_between_the_halves_hold_at_once(after: Survey) -> None:
    pair(after, 30)
    advance(now=NOW)

    Survey.objects.filter(pk=after.pk).update(pair_days=5)
    after.refresh_from_db()

    assert count_pairs(of(after)) == NONE
    advance(now=NOW)
    assert {sheet.counted_as["pair_days"] for sheet in after.tally_sheets.filter(
        dimension__startswith="pairs:")} == {5}  # fmt: skip
    Survey.objects.filter(pk=after.pk).update(pre_survey=None)
    advance(now=NOW)
    assert not after.tally_sheets.filter(dimension__startswith="pairs:").exists()


def test_pairs_settle_with_the_later_of_their_surveys(after: Survey) -> None:
    assert after.pre_survey
    Survey.objects.filter(pk=after.pre_survey.pk).update(change_window_hours=240)

    advance(now=NOW)

    ends = after.tally_sheets.filter(dimension__in=["", "pairs:"]).order_by("dimension")
    assert [str(sheet.through) for sheet in ends] == ["2026-03-18", "2026-03-09"]


def test_check_names_pairs_that_differ_and_night_mends_them(after: Survey, capsys: Any) -> None:
    pair(after, 30, properties={"region": "Noord"})
    advance(now=NOW)
    DailyTally.objects.filter(sheet__dimension="pairs:property:region").update(n6=7)

    with pytest.raises(CommandError, match="1 tallies differ"):
        call_command("tallies", "--check")
    assert f"{after.slug} · pairs:property:region · 2026-02-18 · Noord" in capsys.readouterr().out

    assert check_nightly(now=dt.datetime(2026, 3, 20, 3, 5, tzinfo=ZONE)) == 1
    assert differences(after) == []
    DailyTally.objects.filter(sheet__dimension="pairs:").delete()
    call_command("tallies", "--rebuild")
    assert differences(after) == []


given_answers = st.lists(
    st.tuples(
        st.booleans(),
        st.integers(0, 2),
        st.sampled_from(("", "A")),
        st.integers(0, 60 * 4),
        st.sampled_from(SCORES),
        st.sampled_from(REGIONS),
    ),
    max_size=20,
)
given_acts = st.lists(
    st.tuples(st.sampled_from(["judge", "judge", "bring", "erase", "advance"]), st.integers(0, 99)),
    max_size=8,
)


@cases(60)
@given(answers=given_answers, acts=given_acts, settled=st.integers(0, 40), days=st.integers(1, 40))
def test_tallied_pairs_are_those_of_the_answers_whatever_happens(
    answers: list[Any], acts: list[Any], settled: int, days: int
) -> None:
    with transaction.atomic():
        make_organisation()
        Property.objects.update_or_create(key="region", defaults={"is_segment": True})
        _before, after = make_surveys(pair_days=days, change_window_hours=0)
        people = [make_contact() for _ in range(3)]
        for answer in answers:
            tell(after, people, answer)
        for survey in (after.pre_survey, after):
            assert survey
            advance_survey(survey, now=NOW - settled * DAY)

        for act, number in acts:
            do(act, number, after, people)
            assert differences(after) == []
        assert read_all(after) == count_live(after)
        transaction.set_rollback(True)


def tell(after: Survey, people: list[Any], answer: Any) -> None:
    is_after, who, occasion, quarters, score, region = answer
    at = NOW - quarters * DAY / 4
    survey = after if is_after else after.pre_survey
    properties = {"region": region} if region else {}
    assert survey
    say(survey, people[who], score, at, occasion=occasion, properties=properties)


def do(act: str, number: int, after: Survey, people: list[Any]) -> None:
    """Whatever the product can do to settled answers."""
    found = list(Response.objects.order_by("pk"))
    user = make_user(role="manager")
    if act == "judge" and found:
        response = found[number % len(found)]
        if response.status == Response.Status.EXCLUDED:
            restore_response(response, user=user, now=NOW)
        else:
            exclude_response(response, user=user, reason="Double", now=NOW)
    elif act == "bring":
        survey = after if number % 2 else after.pre_survey
        assert survey
        columns = Columns(score="score", date="date", email="email", properties=("region",))
        rules = Rules(columns=columns, scores=survey.scores, zone=ZONE, now=NOW)
        rows = [
            f"{SCORES[each % 3]};{(NOW - (number + 7 * each) % 60 * DAY).date()};"
            f"{people[each % 3].email};{REGIONS[each % 2]}"
            for each in range(number % 5 + 1)
        ]
        content = "\n".join(["score;date;email;region", *rows, ""]).encode()
        with suppress(AlreadyImported):
            import_answers(content, f"{number}.csv", rules, survey)
    elif act == "erase" and people[number % 3].pk:
        person = people[number % 3]
        erase(person.email, person, user=None, now=NOW)
        people[number % 3] = make_contact()
    elif act == "advance":
        advance(now=NOW - number % 30 * DAY)
