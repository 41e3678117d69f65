"""Reminders where people see them: the form, the preview, the campaign, its people, the contact."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from npsapp.pages.person import describe
from surveys.campaigns import describe_terms
from surveys.models import Campaign, Mail, Sender
from surveys.progress import measure_progress
from surveys.sending.compose import compose_invitation
from tests.factories import (
    make_campaign,
    make_contact,
    make_invitation,
    make_organisation,
    make_rehearsal,
    make_sender,
    make_survey,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def organisation(db: None) -> None:
    make_organisation(time_zone="Europe/Amsterdam")


def make_reminded(**fields: Any) -> Campaign:
    """A campaign with one first mail that was sent, and its reminder as well."""
    campaign = make_campaign(**{"reminders": 1, "first_day": timezone.localdate()} | fields)
    now = timezone.now()
    first = make_invitation(campaign=campaign, state="sent", sent_at=now - dt.timedelta(days=8))
    make_invitation(
        campaign=campaign, contact=first.contact, first=first, sequence=1, state="sent",
        sent_at=now - dt.timedelta(days=1),
    )  # fmt: skip
    return campaign


def make_draft(**fields: Any) -> Campaign:
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    return make_campaign(**{"state": "draft", "first_day": tomorrow, "reminders": 2} | fields)


def test_preview_of_a_launch_tells_how_many_reminders_at_most(manager_client: Client) -> None:
    make_contact()
    draft = make_draft()
    make_rehearsal(draft)

    page = manager_client.get(draft.get_absolute_url()).content.decode()

    assert "And at most 2 reminders to who has not answered" in page


def test_reminders_are_among_the_terms_that_a_launch_confirms() -> None:
    draft = make_draft()
    before = describe_terms(draft)
    draft.reminders = 3

    assert describe_terms(draft) != before


def test_form_keeps_reminders(manager_client: Client) -> None:
    draft = make_draft(reminders=0)

    manager_client.post(
        reverse("campaign_edit", args=[draft.pk]),
        {
            "name": "N", "survey": draft.survey_id, "sender": draft.sender_id,
            "first_day": draft.first_day.isoformat(), "window_days": "30", "weekdays": ["0", "1"],
            "day_start": "09:00", "day_end": "17:00", "daily_limit": "", "reminders": "2",
            "reminder_after_days": "5", "audience-TOTAL_FORMS": "0", "audience-INITIAL_FORMS": "0",
        },
    )  # fmt: skip

    draft.refresh_from_db()
    assert (draft.reminders, draft.reminder_after_days) == (2, 5)


@pytest.mark.parametrize(
    ("language", "address_form", "subject", "intro"),
    [
        ("nl", "formal", "Herinnering: hoe waarschijnlijk is het dat u", "We vroegen u eerder"),
        ("nl", "informal", "Herinnering: hoe waarschijnlijk is het dat je", "We vroegen je eerder"),
        ("en", "formal", "Reminder: how likely are you", "We asked you earlier"),
    ],
)
def test_reminder_has_words_of_its_own_and_the_links_of_the_first(
    language: str, address_form: str, subject: str, intro: str
) -> None:
    campaign = make_campaign(survey=make_survey(address_form=address_form))
    contact = make_contact(language=language)
    first = make_invitation(campaign=campaign, contact=contact)
    reminder = make_invitation(campaign=campaign, contact=contact, first=first, sequence=1)

    invitation, message = compose_invitation(first), compose_invitation(reminder)

    assert str(message.subject).startswith(subject)
    assert intro in " ".join(str(message.body).split())
    links = [line for line in str(message.body).splitlines() if "http" in line]
    assert links == [line for line in str(invitation.body).splitlines() if "http" in line]


def test_test_mail_of_the_reminder(manager_client: Client) -> None:
    make_sender(lane=Sender.Lane.TRANSACTIONAL)
    draft = make_draft()

    manager_client.post(
        reverse("campaign_test", args=[draft.pk]),
        {"language": "en", "reminder": "on", "once": "00000000-0000-0000-0000-000000000001"},
    )

    assert Mail.objects.get().subject.startswith("[Test] Reminder: ")


def test_reminder_asks_nobody_new() -> None:
    campaign = make_reminded()

    progress = measure_progress(campaign)
    listed = Campaign.objects.with_progress().get(pk=campaign.pk)

    assert (progress.people, progress.sent, progress.mails) == (1, 1, 1)
    assert (listed.mail_count, listed.sent_count, listed.answered_count) == (1, 1, 0)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("query", "found"), [("", 1), ("?mail=reminder", 1), ("?mail=reminder&state=waits", 0)]
)
def test_people_of_first_mails_and_of_reminders(
    manager_client: Client, query: str, found: int
) -> None:
    campaign = make_reminded()

    page = manager_client.get(reverse("campaign_people", args=[campaign.pk]) + query)

    assert page.context["page"].paginator.count == found


def test_who_answered_after_two_reminders_is_listed_once(manager_client: Client) -> None:
    campaign = make_reminded()
    first = campaign.invitations.get(sequence=0)
    make_invitation(
        campaign=campaign, contact=first.contact, first=first, sequence=2, state="sent",
        sent_at=timezone.now(),
    )  # fmt: skip
    campaign.invitations.filter(pk=first.pk).update(answered_at=timezone.now())

    page = manager_client.get(
        reverse("campaign_people", args=[campaign.pk]) + "?mail=reminder&state=answered"
    )

    (person,) = page.context["page"].object_list
    assert person.answered_at is not None


def test_switch_on_the_page_of_a_running_campaign(manager_client: Client) -> None:
    campaign = make_campaign(first_day=timezone.localdate())
    make_invitation(campaign=campaign, state="sent", sent_at=timezone.now())
    before = manager_client.get(campaign.get_absolute_url()).content.decode()

    manager_client.post(
        reverse("campaign_reminders", args=[campaign.pk]),
        {"reminders": "1", "after_days": "4", "previewed": "1"},
    )

    campaign.refresh_from_db()
    assert "Nobody is reminded." in before
    assert (campaign.reminders, campaign.reminder_after_days) == (1, 4)


def test_switch_with_nonsense_changes_nothing(manager_client: Client) -> None:
    campaign = make_campaign(first_day=timezone.localdate())

    manager_client.post(
        reverse("campaign_reminders", args=[campaign.pk]),
        {"reminders": "9", "after_days": "0", "previewed": "1"},
    )

    campaign.refresh_from_db()
    assert campaign.reminders == 0


def test_page_of_a_person_tells_of_reminders() -> None:
    sent = make_reminded().invitations.get(sequence=1)
    stopped = make_invitation(sequence=1, state="skipped", reason="answered")

    assert describe(sent).startswith("Reminded on ")
    assert describe(stopped) == "Not reminded: this survey had been answered already."
