"""The page of a draft: its plan, its test mail, and the buttons that launch and move it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from npsapp.models import User
from surveys.campaigns import describe_people, describe_terms
from surveys.models import Campaign, Mail, Suppression
from surveys.planning.plan import draw_plan
from tests.factories import (
    make_campaign,
    make_contact,
    make_invitation,
    make_organisation,
    make_rehearsal,
    make_sender,
    make_survey,
)
from tests.surveys.campaign_buttons import make_draft, press_launch, press_resume

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def organisation(db: None) -> None:
    make_organisation(time_zone="Europe/Amsterdam")


@pytest.mark.parametrize(
    ("capacity", "words"),
    [(None, "Assumed: 20 % answer"), (1, "more than the 1 follow-ups"), (50, "can take 50")],
)
def test_plan_shows_what_it_will_bring(
    manager_client: Client, capacity: int | None, words: str
) -> None:
    make_organisation(daily_capacity=capacity)
    for _ in range(30):
        make_contact()
    campaign = make_draft(weekdays=list(range(7)), window_days=3)

    page = manager_client.get(campaign.get_absolute_url()).content.decode()
    typed = manager_client.get(campaign.get_absolute_url(), {"rate": "50"}).content.decode()

    # Six answers over the days are less than one too many a day; fifteen are more.
    assert words in (typed if capacity == 1 else page)
    assert "About 6 answers" in page
    assert "About 15 answers" in typed
    assert "With the 50 % you typed" in typed


def test_plan_says_what_other_campaigns_of_its_sender_have_taken(manager_client: Client) -> None:
    tomorrow = timezone.now() + dt.timedelta(days=1)
    sender = make_sender(name="Invitations of ours", daily_limit=4)
    other = make_campaign(sender=sender)
    for _ in range(3):
        make_invitation(campaign=other, scheduled_for=tomorrow)
    campaign = make_draft(sender=sender, weekdays=list(range(7)), window_days=5)

    page = manager_client.get(campaign.get_absolute_url()).content.decode()

    assert "Other campaigns of Invitations of ours have 3 mails on these days." in page


def test_plan_shows_subject_and_text_of_the_mail_in_each_language(manager_client: Client) -> None:
    campaign = make_draft(survey=make_survey(languages=["nl", "en"], company="De Proef"))

    page = manager_client.get(campaign.get_absolute_url()).content.decode()

    assert page.count('class="mail-subject"') == 2
    assert page.count('class="mail-text"') == 2
    assert "De Proef" in page


def test_draft_asks_for_a_test_mail_and_offers_no_launch(manager_client: Client) -> None:
    make_contact()
    campaign = make_campaign(
        state="draft", first_day=timezone.localdate() + dt.timedelta(days=1), weekdays=[*range(7)]
    )

    page = manager_client.get(campaign.get_absolute_url()).content.decode()

    assert "No test mail was sent yet" in page
    assert "Launch: " not in page


def test_page_loads_anew_once_the_test_mail_has_left(manager_client: Client) -> None:
    campaign = make_campaign(state="draft", first_day=timezone.localdate())
    mail = make_rehearsal(campaign, state="scheduled")
    url, htmx = f"{campaign.get_absolute_url()}?seen=test-waiting", {"HX-Request": "true"}
    assert url in manager_client.get(campaign.get_absolute_url()).content.decode()
    assert manager_client.get(url, headers=htmx).status_code == 204

    mail.state = "sent"
    mail.save()

    assert manager_client.get(url, headers=htmx).headers["HX-Refresh"] == "true"


def test_launch_of_as_many_others_asks_again(manager_client: Client) -> None:
    seen = make_contact()
    campaign = make_draft()
    plan = draw_plan(campaign, now=timezone.now())
    sent = {
        "previewed": plan.mails,
        "terms": describe_terms(campaign),
        "people": describe_people(plan),
    }
    seen.delete()
    make_contact()

    manager_client.post(reverse("campaign_launch", args=[campaign.pk]), sent)

    campaign.refresh_from_db()
    assert campaign.state == "draft"


def test_plan_shows_who_when_and_who_not(manager_client: Client) -> None:
    asked = make_contact(first_name="Anna", last_name="Vraag")
    blocked = make_contact(first_name="Bram", last_name="Afgemeld")
    Suppression.objects.create(
        address_hash=blocked.address_hash, scope="surveys", reason="unsubscribed"
    )
    campaign = make_draft(weekdays=list(range(7)))
    day = f"{campaign.first_day.day} {campaign.first_day:%B}"

    page = manager_client.get(campaign.get_absolute_url()).content.decode()

    assert f"Launch: 1 mail on {day}" in page
    assert asked.email in page
    assert blocked.email not in page
    assert "Unsubscribed or blocked" in page


@pytest.mark.parametrize("count", [1, 3])
def test_plan_takes_the_same_queries_for_any_number(
    manager_client: Client, django_assert_num_queries: Any, count: int
) -> None:
    for _ in range(count):
        make_contact()
    campaign = make_draft()

    with django_assert_num_queries(27):
        manager_client.get(campaign.get_absolute_url())


def test_looking_at_a_plan_writes_nothing(manager_client: Client) -> None:
    make_contact()
    campaign = make_draft()
    before = Campaign.objects.values().get()

    for name in ["campaign", "campaign_people", "campaign_edit"]:
        manager_client.get(reverse(name, args=[campaign.pk]))

    assert Campaign.objects.values().get() == before
    assert not campaign.invitations.exists()


def test_plan_that_cannot_be_launched_says_why(manager_client: Client) -> None:
    make_organisation(postal_address="")
    make_contact()

    page = manager_client.get(make_draft().get_absolute_url()).content.decode()

    assert "no postal address yet" in page
    assert "An admin can mend this." in page
    assert "Launch: " not in page


@pytest.mark.parametrize(
    ("when", "advice"),
    [
        ({"weekdays": [0], "first_day": dt.date(2030, 1, 1), "window_days": 1}, "more weekdays"),
        ({"daily_limit": 1, "window_days": 1}, "daily limit higher"),
    ],
)
def test_plan_without_room_says_what_makes_room(
    manager_client: Client, when: dict[str, Any], advice: str
) -> None:
    every_day = {"weekdays": list(range(7)), "day_start": dt.time(0), "day_end": dt.time(23, 59)}
    make_contact()
    make_contact()
    campaign = make_draft(**every_day | when)

    html = manager_client.get(campaign.get_absolute_url()).content.decode()

    assert "No room in the window" in html
    assert [text for text in ("more weekdays", "daily limit higher") if text in html] == [advice]


def test_launch_button_launches(manager_client: Client) -> None:
    make_contact()
    campaign = make_draft()

    response = press_launch(manager_client, campaign, mails=1)

    campaign.refresh_from_db()
    assert campaign.state == "running"
    assert "Launched. 1 mail is planned." in response.content.decode()


def test_launch_of_another_plan_asks_again(manager_client: Client) -> None:
    make_contact()
    make_contact()
    campaign = make_draft()

    response = press_launch(manager_client, campaign, mails=1)

    campaign.refresh_from_db()
    assert campaign.state == "draft"
    assert "The plan has changed since you saw it." in response.content.decode()


def test_launch_without_a_preview_is_refused(manager_client: Client) -> None:
    make_contact()
    campaign = make_draft()

    manager_client.post(reverse("campaign_launch", args=[campaign.pk]))

    campaign.refresh_from_db()
    assert campaign.state == "draft"


def test_buttons_of_a_launched_campaign_move_it(manager_client: Client) -> None:
    make_contact()
    campaign = make_draft()
    press_launch(manager_client, campaign, mails=1)
    states = []

    for action in ["pause", "resume", "cancel"]:
        if action == "resume":
            press_resume(manager_client, campaign)
        else:
            manager_client.post(reverse(f"campaign_{action}", args=[campaign.pk]))
        campaign.refresh_from_db()
        states.append(campaign.state)

    assert states == ["paused", "running", "cancelled"]
    assert campaign.invitations.get().reason == "cancelled"


def test_draft_can_be_deleted(manager_client: Client) -> None:
    campaign = make_draft()

    response = manager_client.post(reverse("campaign_delete", args=[campaign.pk]))

    assert response.headers["Location"] == reverse("campaigns")
    assert not Campaign.objects.exists()


def test_double_click_sends_one_test_mail(manager_client: Client, manager: User) -> None:
    make_sender(lane="transactional")
    campaign = make_draft()
    sent = {"language": "nl", "once": "0b5e3a5e-7f5e-4b1e-9d57-2f0d3d9b1c11"}

    for _ in range(2):
        manager_client.post(reverse("campaign_test", args=[campaign.pk]), sent)

    mail = Mail.objects.get(state="scheduled")
    assert (mail.kind, mail.to_email) == ("test", manager.email)
    assert not campaign.invitations.exists()


def test_test_mail_without_a_sender_says_so(manager_client: Client) -> None:
    campaign = make_campaign(state="draft", first_day=timezone.localdate())
    sent = {"language": "nl", "once": "0b5e3a5e-7f5e-4b1e-9d57-2f0d3d9b1c11"}

    response = manager_client.post(reverse("campaign_test", args=[campaign.pk]), sent, follow=True)

    assert "no sender for replies and notices yet" in response.content.decode()


def test_mail_is_shown_in_a_sandbox(manager_client: Client) -> None:
    campaign = make_draft(survey=make_survey(company="De Proef"))

    response = manager_client.get(reverse("campaign_mail", args=[campaign.pk, "en"]))

    assert "How likely are you to recommend De Proef" in response.content.decode()
    policy = response.headers["Content-Security-Policy"]
    assert "sandbox allow-popups" in policy
    assert "script-src" not in policy
    assert "allow-scripts" not in policy
    assert "default-src 'none'" in policy
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_plan_shows_who_rests_and_who_waits(manager_client: Client) -> None:
    make_organisation(rest_days=10)
    now = timezone.now()
    tired, late = make_contact(first_name="Moe"), make_contact(first_name="Later")
    make_contact()
    for contact, days in ((tired, 0), (late, 6)):
        at = now - dt.timedelta(days=days)
        earlier = make_campaign(first_day=at.date(), window_days=1, state="finished")
        make_invitation(campaign=earlier, contact=contact, state="sent", sent_at=at)
    campaign = make_draft(window_days=8, weekdays=list(range(7)))
    people = reverse("campaign_people", args=[campaign.pk])

    page = manager_client.get(campaign.get_absolute_url()).content.decode()

    assert f'{people}?reason=rested"><span class="reason-count">1</span> Asked too recently' in page
    assert "1 person was asked not long ago and is asked later in the window" in page
    assert "less than 10 days ago rests" in page
    named = {
        query: manager_client.get(f"{people}?{query}").content.decode()
        for query in ("reason=rested", "state=postponed")
    }
    assert str(tired) in named["reason=rested"]
    assert str(late) not in named["reason=rested"]
    assert str(late) in named["state=postponed"]
    assert str(tired) not in named["state=postponed"]


def test_launched_campaign_counts_and_names_who_rested(manager_client: Client) -> None:
    campaign = make_campaign()
    until = dt.datetime(2030, 5, 6, 9, tzinfo=dt.UTC)
    left_out = make_invitation(
        campaign=campaign, state="skipped", reason="rested", rests_until=until
    )
    later = make_invitation(campaign=campaign, rests_until=until)
    make_invitation(campaign=campaign)
    people = reverse("campaign_people", args=[campaign.pk])

    page = manager_client.get(campaign.get_absolute_url()).content.decode()

    assert f"{people}?state=skipped&amp;reason=rested" in page
    assert "1 person was asked later in the window" in page
    postponed = manager_client.get(f"{people}?state=postponed").content.decode()
    assert str(later.contact) in postponed
    assert str(left_out.contact) not in postponed
    assert "rests until 6 May 2030" in postponed


def test_paused_campaign_says_who_would_be_skipped_and_may_resume(manager_client: Client) -> None:
    make_organisation(rest_days=30)
    now = timezone.now()
    campaign = make_campaign(
        state="paused", first_day=timezone.localdate(), window_days=5, weekdays=list(range(7)),
        launched_at=now,
    )  # fmt: skip
    contact = make_contact()
    make_invitation(campaign=campaign, contact=contact)
    other = make_campaign(first_day=timezone.localdate())
    make_invitation(campaign=other, contact=contact, state="sent", sent_at=now)

    page = manager_client.get(campaign.get_absolute_url()).content.decode()
    press_resume(manager_client, campaign)

    assert "1 person who still waits would be skipped: Asked too recently." in page
    campaign.refresh_from_db()
    assert (campaign.state, campaign.invitations.get().reason) == ("running", "rested")


def test_draft_shows_the_subject_and_where_a_test_can_be_read(
    manager_client: Client, settings: Any
) -> None:
    campaign = make_draft(survey=make_survey(company="De Proef", languages=["en"]))
    settings.EMAIL_BACKEND = "npsapp.outbox.EmailBackend"

    page = manager_client.get(campaign.get_absolute_url()).content.decode()

    assert '<strong lang="en">How likely are you to recommend De Proef?</strong>' in page
    assert "No mail server is set: the test stays on this machine." in page
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    again = manager_client.get(campaign.get_absolute_url()).content.decode()
    assert "No mail server is set" not in again
