"""Much doubt at once: all of a campaign by a person, or by the clock after three days."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from npsapp.models import User
from surveys import campaigns
from surveys.models import Campaign, Invitation, InvitationEvent, Mail
from surveys.progress import measure_progress
from surveys.sending.settling import (
    MoreThanShown,
    list_groups,
    measure_arrivals,
    settle_all,
    settle_overdue,
)
from tests.factories import make_campaign, make_invitation, make_mail

pytestmark = pytest.mark.django_db
PAGE = "/deliveries/unknown/settle/"
HOUR = dt.timedelta(hours=1)
NOW = dt.datetime(2026, 10, 13, 10, tzinfo=dt.UTC)  # a Tuesday at noon in Amsterdam


def make_unknown(*, age: dt.timedelta = HOUR, **fields: Any) -> Invitation:
    defaults: dict[str, Any] = {
        "state": "unknown",
        "reason": "interrupted",
        "unknown_since": NOW - age,
        "intent_at": NOW - age,
        "not_after": NOW + 400 * HOUR,
    }
    return make_invitation(**defaults | fields)


def states() -> list[str]:
    return list(Invitation.objects.order_by("pk").values_list("state", flat=True))


def test_three_days_later_it_counts_as_sent() -> None:
    campaign = make_campaign()
    old = make_unknown(campaign=campaign, age=72 * HOUR)
    make_unknown(campaign=campaign, age=71 * HOUR)
    mail = make_mail(state="unknown", unknown_since=NOW - 73 * HOUR)

    assert settle_overdue(now=NOW) == 2

    assert states() == ["sent", "unknown"]
    old.refresh_from_db()
    assert (old.resolution, old.sent_at) == ("timed_out", NOW - 72 * HOUR)
    assert Mail.objects.get(pk=mail.pk).resolution == "timed_out"
    assert measure_progress(campaign).assumed == 1


def test_end_of_the_window_settles_and_the_campaign_finishes() -> None:
    invitation = make_unknown(not_after=NOW)
    assert campaigns.finish_campaigns(now=NOW) == 0

    settle_overdue(now=NOW)

    assert campaigns.finish_campaigns(now=NOW) == 1
    assert Campaign.objects.get(pk=invitation.campaign_id).state == "finished"


def test_all_of_a_campaign_is_sent_again_in_its_open_hours(manager: User) -> None:
    campaign = make_campaign()
    for _ in range(2):
        make_unknown(campaign=campaign)
    make_unknown()
    night = NOW + 12 * HOUR

    count = settle_all(campaign, resolution="send_again", most=2, user=manager, now=night)

    assert count == 2
    assert states() == ["scheduled", "scheduled", "unknown"]
    times = set(campaign.invitations.values_list("scheduled_for", flat=True))
    assert times == {dt.datetime(2026, 10, 14, 7, tzinfo=dt.UTC)}


def test_what_may_not_go_again_stays_in_doubt(manager: User) -> None:
    campaign = make_campaign()
    make_unknown(campaign=campaign)
    make_unknown(campaign=campaign, answered_at=NOW)
    make_unknown(campaign=make_campaign(state="cancelled"))

    count = settle_all(None, resolution="send_again", most=3, user=manager, now=NOW)

    assert count == 1
    assert states() == ["scheduled", "unknown", "unknown"]


def test_more_than_was_shown_is_asked_again(manager: User) -> None:
    for _ in range(2):
        make_unknown()

    with pytest.raises(MoreThanShown):
        settle_all(None, resolution="treat_as_sent", most=1, user=manager, now=NOW)

    assert states() == ["unknown", "unknown"]


def test_groups_count_by_campaign() -> None:
    campaign = make_campaign()
    make_unknown(campaign=campaign, age=3 * HOUR)
    make_unknown(campaign=campaign, answered_at=NOW)
    make_mail(state="unknown", unknown_since=NOW)

    first, single = list_groups(now=NOW)

    assert (first.campaign, first.mails, first.may_go_again) == (campaign, 2, 1)
    assert first.deadline == NOW + 69 * HOUR
    assert (single.campaign, single.mails) == (None, 1)


def test_share_that_arrived_needs_twenty() -> None:
    campaign = make_campaign()
    rows = [make_unknown(campaign=campaign, state="sending") for _ in range(20)]
    Invitation.objects.update(state="unknown")
    for row in rows[:5]:
        Invitation.objects.filter(pk=row.pk).update(state="sent", resolution="evidence")
    Invitation.objects.filter(state="unknown").exclude(pk=rows[-1].pk).update(
        state="sent", resolution="timed_out"
    )
    assert measure_arrivals() is None

    Invitation.objects.filter(pk=rows[-1].pk).update(state="failed")

    arrivals = measure_arrivals()
    assert arrivals is not None
    assert (arrivals.settled, arrivals.proven, arrivals.percent) == (20, 5, 25)
    assert arrivals.expect(8) == 2


def test_step_says_how_many_might_have_it_twice(manager_client: Client) -> None:
    campaign = make_campaign()
    for _ in range(2):
        make_unknown(campaign=campaign, not_after=timezone.now() + HOUR)

    page = manager_client.get(f"{PAGE}?campaign={campaign.pk}&resolution=send_again")

    assert "Up to 2 people may have theirs twice then." in page.content.decode()
    assert states() == ["unknown", "unknown"]


def test_step_is_taken_by_its_button(manager_client: Client, manager: User) -> None:
    make_unknown()

    response = manager_client.post(PAGE, {"resolution": "treat_as_sent", "most": "1"})

    assert response.headers["Location"] == "/deliveries/unknown/"
    assert states() == ["sent"]
    assert InvitationEvent.objects.get().actor == manager


def test_step_is_shown_again_when_there_are_more(manager_client: Client) -> None:
    for _ in range(2):
        make_unknown()

    response = manager_client.post(PAGE, {"resolution": "treat_as_sent", "most": "1"})

    assert response.status_code == 409
    assert 'name="most" value="2"' in response.content.decode()
    assert states() == ["unknown", "unknown"]


@pytest.mark.parametrize("resolution", ["", "evidence", "timed_out"])
def test_step_knows_two_ways_only(manager_client: Client, resolution: str) -> None:
    make_unknown()

    response = manager_client.post(PAGE, {"resolution": resolution, "most": "1"})

    assert response.status_code == 422
    assert states() == ["unknown"]


def test_page_of_one_campaign_lists_only_its_mails(manager_client: Client) -> None:
    mine, other = make_unknown(), make_unknown(claimed_by="werkpaard:123")

    page = manager_client.get(f"/deliveries/unknown/?campaign={other.campaign_id}")

    text = page.content.decode()
    assert f'id="who-invitation-{other.pk}"' in text
    assert f'id="who-invitation-{mine.pk}"' not in text
    assert "worker werkpaard:123" in text


def test_campaign_tells_how_many_are_treated_as_sent(manager_client: Client) -> None:
    invitation = make_invitation(state="sent", resolution="timed_out", sent_at=timezone.now())
    make_invitation(campaign=invitation.campaign, state="sent", sent_at=timezone.now())

    page = manager_client.get(invitation.campaign.get_absolute_url()).content.decode()
    people = manager_client.get(f"/campaigns/{invitation.campaign_id}/people/?state=assumed")

    assert "1 of the sent mails was in doubt and is treated as sent." in page
    assert "1 person." in people.content.decode()
