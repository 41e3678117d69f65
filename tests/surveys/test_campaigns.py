"""Launch, pause, resume, cancel: each once, and never more mail than was previewed."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from npsapp.models import User
from surveys import campaigns
from surveys.campaign_history import list_history
from surveys.campaigns import (
    CannotMove,
    PreviewOutdated,
    cancel,
    delete_draft,
    describe_people,
    describe_terms,
    finish_campaigns,
    launch,
    pause,
    save_changes,
)
from surveys.models import Campaign, Invitation, get_organisation
from surveys.obstacles import find_obstacles
from surveys.planning.plan import draw_plan, write_plan
from surveys.replanning import resume
from tests.factories import (
    make_campaign,
    make_contact,
    make_invitation,
    make_organisation,
    make_rehearsal,
)
from tests.races import run_at_once

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 10, 1, 8, tzinfo=dt.UTC)  # a Thursday, 10:00 in Amsterdam


@pytest.fixture(autouse=True)
def organisation(db: None) -> None:
    make_organisation(time_zone="Europe/Amsterdam")


def make_draft(**fields: Any) -> Campaign:
    campaign = make_campaign(
        **{"state": Campaign.State.DRAFT, "first_day": dt.date(2026, 10, 1)} | fields
    )
    make_rehearsal(campaign)
    return campaign


def launch_previewed(campaign: Campaign) -> None:
    plan = draw_plan(campaign, now=NOW)
    launch(campaign, previewed=plan.mails, terms=describe_terms(campaign), now=NOW)


def count_rows(campaign: Campaign) -> dict[tuple[str, str], int]:
    return Counter(campaign.invitations.values_list("state", "reason"))


def test_launch_writes_the_plan_and_runs() -> None:
    make_contact()
    make_contact(email="")
    campaign = make_draft()

    launch_previewed(campaign)

    campaign.refresh_from_db()
    assert (campaign.state, campaign.launched_at) == ("running", NOW)
    assert count_rows(campaign) == {("scheduled", ""): 1, ("skipped", "no_address"): 1}


def test_launch_stops_when_it_would_mail_more_than_was_previewed() -> None:
    make_contact()
    campaign = make_draft()
    terms = describe_terms(campaign)
    make_contact()

    with pytest.raises(PreviewOutdated):
        launch(campaign, previewed=1, terms=terms, now=NOW)

    campaign.refresh_from_db()
    assert (campaign.state, campaign.invitations.count()) == ("draft", 0)


def test_launch_stops_when_the_campaign_was_changed_meanwhile() -> None:
    make_contact()
    campaign = make_draft()
    terms = describe_terms(campaign)
    Campaign.objects.filter(pk=campaign.pk).update(window_days=1)

    with pytest.raises(PreviewOutdated):
        launch(campaign, previewed=1, terms=terms, now=NOW)


def test_who_is_imported_while_the_plan_is_written_is_not_mailed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_contact()
    campaign = make_draft()

    def import_meanwhile(*parts: Any) -> None:
        make_contact()
        write_plan(*parts)

    monkeypatch.setattr(campaigns, "write_plan", import_meanwhile)
    launch_previewed(campaign)

    assert campaign.invitations.count() == 1


def test_launch_asks_again_for_as_many_others() -> None:
    seen = make_contact()
    campaign = make_draft()
    people = describe_people(draw_plan(campaign, now=NOW))
    seen.delete()
    make_contact()

    with pytest.raises(PreviewOutdated):
        launch(campaign, previewed=1, terms=describe_terms(campaign), people=people, now=NOW)


def test_history_says_who_did_what_and_is_not_rewritten(manager: User) -> None:
    make_contact()
    campaign = make_draft()
    plan = draw_plan(campaign, now=NOW)
    launch(campaign, previewed=plan.mails, terms=describe_terms(campaign), by=manager, now=NOW)
    pause(campaign, by=manager, now=NOW + dt.timedelta(hours=1))
    cancel(campaign, by=manager, now=NOW + dt.timedelta(hours=2))

    lines = list_history(campaign)

    assert [line.what for line in lines] == ["Cancelled", "Paused", "Launched"]
    assert {line.who for line in lines} == {"Marga Meting"}
    assert lines[0].sentence == "1 person is no longer asked."
    with pytest.raises(DatabaseError), transaction.atomic():
        campaign.events.update(kind="paused")
    manager.delete()
    assert {line.who for line in list_history(campaign)} == {""}


def test_end_of_a_campaign_is_noted() -> None:
    campaign = make_campaign()
    make_invitation(campaign=campaign, state="sent")

    finish_campaigns(now=NOW)

    assert [line.what for line in list_history(campaign)] == ["Finished"]


def test_launch_goes_on_when_fewer_are_left() -> None:
    make_contact()
    campaign = make_draft()

    launch(campaign, previewed=5, terms=describe_terms(campaign), now=NOW)

    assert campaign.invitations.count() == 1


def test_second_launch_is_refused() -> None:
    make_contact()
    campaign = make_draft()
    launch_previewed(campaign)

    with pytest.raises(CannotMove):
        launch_previewed(campaign)

    assert campaign.invitations.count() == 1


@pytest.mark.django_db(transaction=True)
def test_race_of_two_launches_has_one_winner() -> None:
    for _ in range(20):
        make_contact()
    campaign = make_draft()

    refused = run_at_once(*[lambda: launch_previewed(campaign)] * 2)

    assert [type(refusal) for refusal in refused] == [CannotMove]
    assert campaign.invitations.count() == 20


@pytest.mark.django_db(transaction=True)
def test_race_of_launch_and_delete_leaves_one_of_both() -> None:
    make_contact()
    campaign = make_draft()

    refused = run_at_once(lambda: launch_previewed(campaign), lambda: delete_draft(campaign))

    assert len(refused) == 1
    assert isinstance(refused[0], CannotMove | Campaign.DoesNotExist)
    assert Campaign.objects.filter(pk=campaign.pk).exists() == Invitation.objects.exists()


@pytest.mark.parametrize(
    ("organisation_fields", "campaign_fields", "word"),
    [
        ({"postal_address": ""}, {}, "postal address"),
        ({"name": ""}, {}, "no name"),
        ({}, {"audience": [{"property": "x", "operator": "not_empty", "values": []}]}, "Nobody"),
        ({}, {"first_day": dt.date(2026, 1, 1)}, "window"),
    ],
)
def test_launch_needs_everything_complete(
    organisation_fields: dict[str, str], campaign_fields: dict[str, Any], word: str
) -> None:
    make_organisation(**organisation_fields)
    make_contact()
    campaign = make_draft(**campaign_fields)

    (obstacle,) = find_obstacles(campaign, draw_plan(campaign, now=NOW), get_organisation())

    assert word in obstacle.text
    assert obstacle.url
    with pytest.raises(CannotMove, match=word):
        launch_previewed(campaign)


def test_pause_holds_a_running_campaign_only() -> None:
    campaign = make_campaign()

    pause(campaign)

    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.PAUSED
    with pytest.raises(CannotMove):
        pause(campaign)


def test_resume_spreads_what_waits_over_what_is_left() -> None:
    for _ in range(4):
        make_contact()
    campaign = make_draft()
    launch_previewed(campaign)
    pause(campaign)
    later = NOW + dt.timedelta(days=5)

    plan = resume(campaign, now=later)

    campaign.refresh_from_db()
    assert (campaign.state, plan.mails) == ("running", 4)
    earliest = campaign.invitations.order_by("scheduled_for").values_list(
        "scheduled_for", flat=True
    )
    assert earliest[0] == later


def test_resume_behind_the_window_skips_nobody_silently() -> None:
    make_contact()
    campaign = make_draft()
    launch_previewed(campaign)
    pause(campaign)

    with pytest.raises(CannotMove):
        resume(campaign, now=NOW + dt.timedelta(days=60))

    assert count_rows(campaign) == {("scheduled", ""): 1}


def test_form_shown_before_the_launch_does_not_undo_it() -> None:
    make_contact()
    campaign = make_draft()
    stale = Campaign.objects.get(pk=campaign.pk)
    launch_previewed(campaign)
    stale.window_days = 1

    with pytest.raises(CannotMove):
        save_changes(stale, fields=["window_days"])

    campaign.refresh_from_db()
    assert (campaign.state, campaign.window_days) == ("running", 30)


def test_cancel_skips_what_has_not_left() -> None:
    campaign = make_campaign()
    for state in ["scheduled", "claimed", "sending", "sent", "unknown", "failed"]:
        make_invitation(campaign=campaign, state=state)

    stopped = cancel(campaign, now=NOW)

    campaign.refresh_from_db()
    assert (stopped, campaign.state, campaign.ended_at) == (2, "cancelled", NOW)
    assert count_rows(campaign) == {
        ("skipped", "cancelled"): 2,
        ("sending", ""): 1,
        ("sent", ""): 1,
        ("unknown", ""): 1,
        ("failed", ""): 1,
    }


@pytest.mark.parametrize("state", ["draft", "finished", "cancelled"])
def test_cancel_needs_a_campaign_under_way(state: str) -> None:
    with pytest.raises(CannotMove):
        cancel(make_campaign(state=state), now=NOW)


def test_delete_removes_a_draft_only() -> None:
    draft, running = make_draft(), make_campaign()

    delete_draft(draft)

    assert list(Campaign.objects.all()) == [running]
    with pytest.raises(CannotMove):
        delete_draft(running)


@pytest.mark.parametrize(
    ("state", "ends"),
    [
        ("sent", "finished"),
        ("scheduled", "running"),
        ("unknown", "running"),
        ("skipped", "finished"),
    ],
)
def test_campaign_finishes_when_nothing_is_left_to_send(state: str, ends: str) -> None:
    campaign = make_campaign()
    make_invitation(campaign=campaign, state=state, not_after=NOW + dt.timedelta(days=1))

    finish_campaigns(now=NOW)

    campaign.refresh_from_db()
    assert campaign.state == ends


def test_what_the_window_left_behind_is_skipped() -> None:
    campaign, paused = make_campaign(), make_campaign(state="paused")
    make_invitation(campaign=campaign, not_after=NOW)
    make_invitation(campaign=paused, not_after=NOW)

    finish_campaigns(now=NOW)

    assert count_rows(campaign) == {("skipped", "window_over"): 1}
    assert count_rows(paused) == {("scheduled", ""): 1}
