"""Tallied follow-ups: the same numbers as without tallies, whatever happens after the counting."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction

from closeloop.loop_tallies import advance_all, advance_loop, check_nightly, find_differing
from closeloop.models import FollowUp, LoopSheet, LoopTally, LoopTouch
from closeloop.reports.loop import count_loop, loop_closed
from responses.models import Response
from responses.selection import Selection
from surveys.filtering import with_values
from surveys.models import Campaign, Organisation, Survey
from tests.closeloop.loop_rows import (
    DAY,
    HOUR,
    MONDAY,
    NOW,
    ZONE,
    answered,
    closed,
    contacted,
    read,
)
from tests.factories import (
    make_campaign,
    make_invitation,
    make_organisation,
    make_property,
    make_survey,
)
from tests.responses.test_tallies_races import Hold

pytestmark = pytest.mark.django_db


@pytest.fixture
def survey() -> Survey:
    make_organisation(time_zone="Europe/Amsterdam", holiday_country="")
    make_property(key="region", is_segment=True)
    return make_survey()


def fill(survey: Survey) -> Campaign:
    """Four days of answers: two heard from us, one was closed without a word, three wait."""
    campaign = make_campaign(survey=survey)
    invited: dict[str, Any] = {"survey": survey, "properties": {"region": "Noord"}}
    contacted(MONDAY, after=HOUR, survey=survey)
    contacted(MONDAY + DAY, after=HOUR, **invited)
    closed(answered(MONDAY + DAY, survey=survey), outcome="no_address")
    answered(MONDAY + 2 * DAY, survey=survey, invitation=make_invitation(campaign=campaign))
    answered(MONDAY + 3 * DAY, **invited)
    answered(MONDAY + 3 * DAY, survey=survey, properties={"region": "Zuid"})
    # Of another survey, and so in none of it.
    answered(MONDAY)
    return campaign


def select(survey: Survey, **fields: Any) -> Selection:
    return Selection(zone=ZONE, survey=survey, **fields)


def raw(selection: Selection) -> tuple[int, int, int]:
    """Counted one by one."""
    found = list(read(**{f: getattr(selection, f) for f in FIELDS}).find())
    reached = sum(each.first_contacted_at is not None for each in found)
    gone = sum(each.first_contacted_at is None and each.state == "closed" for each in found)
    return reached, gone, len(found) - reached - gone


FIELDS = ("survey", "campaign", "channel", "first", "last", "filters")


def list_selections(survey: Survey, campaign: Campaign) -> list[Selection]:
    everything = select(survey)
    day = (MONDAY + DAY).date()
    noord = with_values((), "region", ("Noord",))
    return [
        everything,
        replace(everything, first=day, last=day),
        replace(everything, first=day),
        replace(everything, campaign=campaign),
        replace(everything, channel="mail"),
        replace(everything, channel="import"),
        replace(everything, filters=noord),
        replace(everything, filters=noord, last=day),
    ]


def assert_told_as_counted(survey: Survey, campaign: Campaign) -> None:
    for selection in list_selections(survey, campaign):
        assert loop_closed(selection, now=NOW).counts == raw(selection), selection.query


def test_tallied_loop_is_what_its_rows_say(survey: Survey) -> None:
    campaign = fill(survey)
    assert_told_as_counted(survey, campaign)

    advance_all(now=NOW)

    assert loop_closed(select(survey), now=NOW).counts == (2, 1, 3)
    assert_told_as_counted(survey, campaign)
    assert find_differing(survey) == set()
    assert not LoopTouch.objects.exists()


def test_tallied_loop_reads_no_settled_follow_up(survey: Survey) -> None:
    fill(survey)
    advance_all(now=NOW)

    # What no trigger saw shows where the numbers come from.
    LoopTally.objects.filter(sheet__survey=survey, sheet__dimension="", day=MONDAY.date()).update(
        contacted=40
    )

    assert loop_closed(select(survey), now=NOW).counts == (41, 1, 3)
    assert find_differing(survey) == {MONDAY.date()}


def test_night_mends_what_no_change_explains(survey: Survey) -> None:
    fill(survey)
    advance_all(now=NOW)
    LoopTally.objects.filter(sheet__survey=survey, sheet__dimension="", day=MONDAY.date()).update(
        contacted=40
    )
    night = NOW.replace(hour=4) + DAY

    assert check_nightly(now=NOW.replace(hour=1)) is None
    assert check_nightly(now=night) == 1
    assert check_nightly(now=night + HOUR) is None
    assert loop_closed(select(survey), now=NOW).counts == (2, 1, 3)


def test_change_of_a_tallied_day_is_told_at_once_and_tallied_later(survey: Survey) -> None:
    campaign = fill(survey)
    advance_all(now=NOW)
    waiting = FollowUp.objects.filter(response__survey=survey, first_contacted_at=None)

    closed(waiting.filter(state="open").earliest("response__answered_at"))
    lost = FollowUp.objects.filter(first_contacted_at__isnull=False).earliest("pk")
    FollowUp.objects.filter(pk=lost.pk).update(first_contacted_at=None)
    answered(MONDAY + DAY, survey=survey)

    assert loop_closed(select(survey), now=NOW).counts == (1, 2, 4)
    assert_told_as_counted(survey, campaign)
    assert find_differing(survey) == set()
    assert advance_loop(survey, now=NOW) == 3
    assert_told_as_counted(survey, campaign)
    assert find_differing(survey) == set()
    assert advance_loop(survey, now=NOW) == 0


def test_answer_that_moves_to_another_value_or_day_is_counted_there(survey: Survey) -> None:
    campaign = fill(survey)
    advance_all(now=NOW)
    moved, later = Response.objects.filter(survey=survey, properties__region="Noord")

    Response.objects.filter(pk=moved.pk).update(properties={"region": "Zuid"})
    Response.objects.filter(pk=later.pk).update(answered_at=MONDAY + 2 * DAY)

    assert_told_as_counted(survey, campaign)
    advance_all(now=NOW)
    assert_told_as_counted(survey, campaign)
    assert find_differing(survey) == set()


def test_deleted_follow_up_leaves_its_tally(survey: Survey) -> None:
    campaign = fill(survey)
    advance_all(now=NOW)

    FollowUp.objects.filter(response__survey=survey).earliest("pk").delete()

    assert loop_closed(select(survey), now=NOW).counts == (1, 1, 3)
    assert_told_as_counted(survey, campaign)


def test_changed_clock_is_counted_from_rows_until_the_job_was_there(survey: Survey) -> None:
    fill(survey)
    answered(MONDAY - 10 * HOUR, survey=survey)
    advance_all(now=NOW)
    Organisation.objects.update(time_zone="Pacific/Auckland")
    auckland = replace(select(survey, first=MONDAY.date()), zone=Organisation.objects.get().zone)

    # Sunday evening in Amsterdam is Monday there.
    assert loop_closed(auckland, now=NOW).n == 7
    advance_all(now=NOW)
    assert loop_closed(auckland, now=NOW).n == 7
    assert {sheet.counted_as["zone"] for sheet in LoopSheet.objects.all()} == {"Pacific/Auckland"}


def test_first_answer_is_known_by_its_day(survey: Survey) -> None:
    fill(survey)
    assert count_loop(read(survey=survey))[1] == MONDAY

    advance_all(now=NOW)

    midnight = dt.datetime.combine(MONDAY.date(), dt.time.min, tzinfo=ZONE)
    assert count_loop(read(survey=survey))[1] == midnight


@pytest.mark.django_db(transaction=True)
def test_change_that_is_committed_after_the_count_is_not_lost(survey: Survey) -> None:
    fill(survey)
    advance_all(now=NOW)
    waiting = FollowUp.objects.filter(
        response__survey=survey, first_contacted_at=None, state="open"
    )
    first = waiting.earliest("pk").pk

    def speak_to_them() -> None:
        FollowUp.objects.filter(pk=first).update(first_contacted_at=NOW)

    with Hold(speak_to_them), transaction.atomic():
        other = waiting.latest("pk").pk
        FollowUp.objects.filter(pk=other).update(first_contacted_at=NOW)
    advance_all(now=NOW)
    with Hold(lambda: FollowUp.objects.filter(pk=first).update(first_contacted_at=None)):
        # The job does not wait for it, and does not see it.
        advance_all(now=NOW)
        assert loop_closed(select(survey), now=NOW).counts == (4, 1, 1)

    assert loop_closed(select(survey), now=NOW).counts == (3, 1, 2)
    assert find_differing(survey) == set()
    advance_all(now=NOW)
    assert loop_closed(select(survey), now=NOW).counts == (3, 1, 2)
    assert find_differing(survey) == set()
