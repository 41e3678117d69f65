"""The pages of campaigns: who may open them, what they show, what their buttons do."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from npsapp.models import User
from surveys.campaigns import describe_people, describe_terms
from surveys.models import Campaign, Mail, Property, Suppression
from surveys.planning.plan import draw_plan
from surveys.replanning import draw_replan
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


def make_draft(**fields: Any) -> Campaign:
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    campaign = make_campaign(**{"state": Campaign.State.DRAFT, "first_day": tomorrow} | fields)
    make_rehearsal(campaign)
    return campaign


def fill_form(**changes: Any) -> dict[str, Any]:
    """What a browser sends for a new campaign that asks everybody."""
    return {
        "name": "Autumn round",
        "survey": make_survey().pk,
        "sender": make_sender().pk,
        "first_day": timezone.localdate().isoformat(),
        "window_days": "30",
        "weekdays": ["0", "1", "2", "3", "4", "5", "6"],
        "day_start": "00:00",
        "day_end": "23:59",
        "daily_limit": "",
        "audience-TOTAL_FORMS": "1",
        "audience-INITIAL_FORMS": "0",
        "audience-0-property": "",
        "audience-0-operator": "is",
        "audience-0-values": "",
    } | changes


def press_launch(client: Client, campaign: Campaign, *, mails: int) -> Any:
    return client.post(
        reverse("campaign_launch", args=[campaign.pk]),
        {
            "previewed": mails,
            "terms": describe_terms(campaign),
            "people": describe_people(draw_plan(campaign, now=timezone.now())),
        },
        follow=True,
    )


def press_resume(client: Client, campaign: Campaign) -> Any:
    seen = draw_replan(campaign, now=timezone.now()).seen
    sent = {name: value for name, value in seen.items() if value is not None}
    return client.post(reverse("campaign_resume", args=[campaign.pk]), sent, follow=True)


# Who may


@pytest.mark.parametrize("name", ["campaign", "campaign_edit", "campaign_people"])
def test_campaign_that_is_not_there(manager_client: Client, name: str) -> None:
    assert manager_client.get(reverse(name, args=[4711])).status_code == 404


@pytest.mark.parametrize("action", ["launch", "pause", "resume", "cancel", "delete", "test"])
def test_button_of_a_campaign_that_is_not_there(manager_client: Client, action: str) -> None:
    assert manager_client.post(reverse(f"campaign_{action}", args=[4711])).status_code == 404


@pytest.mark.parametrize("action", ["launch", "pause", "resume", "cancel", "delete", "test"])
def test_button_works_by_post_only(manager_client: Client, action: str) -> None:
    campaign = make_draft()

    response = manager_client.get(reverse(f"campaign_{action}", args=[campaign.pk]))

    campaign.refresh_from_db()
    assert (response.status_code, campaign.state) == (405, "draft")


def test_agent_may_not_launch(agent_client: Client) -> None:
    make_contact()
    campaign = make_draft()

    response = press_launch(agent_client, campaign, mails=1)

    assert response.status_code == 403
    assert not campaign.invitations.exists()


# Nonsense that a browser can send


@pytest.mark.parametrize("value", ["one\nline", "one\rline", '"open\n quote', "1e999999"])
@pytest.mark.parametrize("operator", ["is", "contains", "at_least"])
def test_odd_value_of_a_condition_is_no_error(
    manager_client: Client, operator: str, value: str
) -> None:
    sent = {
        "audience-TOTAL_FORMS": "1",
        "audience-INITIAL_FORMS": "0",
        "audience-0-property": "contact.email",
        "audience-0-operator": operator,
        "audience-0-values": value,
    }

    assert manager_client.get(reverse("campaign_audience"), sent).status_code == 200


@pytest.mark.parametrize("survey", ["²", "x", "9" * 5000])
def test_new_campaign_for_a_survey_that_is_none(manager_client: Client, survey: str) -> None:
    make_contact()
    fill_form()

    response = manager_client.get(reverse("campaign_new"), {"survey": survey})

    assert response.status_code == 200


@pytest.mark.parametrize("total", ["²", "9" * 5000, ""])
def test_another_row_after_a_broken_count(manager_client: Client, total: str) -> None:
    make_contact()
    sent = fill_form(**{"audience-TOTAL_FORMS": total, "action": "add"})

    assert manager_client.post(reverse("campaign_new"), sent).status_code == 200


@pytest.mark.parametrize("first_day", ["9999-12-31", "2226-01-01"])
def test_first_day_beyond_the_calendar_is_refused(manager_client: Client, first_day: str) -> None:
    make_contact()

    response = manager_client.post(reverse("campaign_new"), fill_form(first_day=first_day))

    assert response.status_code == 422
    assert "first_day" in response.context["form"].errors


# The list


@pytest.mark.parametrize("count", [1, 3])
def test_list_takes_the_same_queries_for_any_number(
    manager_client: Client, django_assert_num_queries: Any, count: int
) -> None:
    for _ in range(count):
        campaign = make_campaign()
        make_invitation(campaign=campaign, state="sent")

    with django_assert_num_queries(12):
        response = manager_client.get(reverse("campaigns"))

    assert response.content.decode().count("1 of 1 sent") == count


def test_empty_list_leads_to_what_is_missing(manager_client: Client) -> None:
    page = manager_client.get(reverse("campaigns")).content.decode()

    assert reverse("contact_import") in page
    assert reverse("survey_new") in page
    assert reverse("settings") not in page


# The form


def test_form_makes_a_draft(manager_client: Client, manager: User) -> None:
    Property.objects.create(key="segment", label="Segment", is_segment=True)
    make_contact()
    sent = fill_form(
        **{
            "audience-0-property": "segment",
            "audience-0-values": 'Gold, "Silver, old"',
            "strata": ["segment"],
        }
    )

    response = manager_client.post(reverse("campaign_new"), sent)

    campaign = Campaign.objects.get()
    assert response.headers["Location"] == campaign.get_absolute_url()
    assert (campaign.state, campaign.created_by) == ("draft", manager)
    assert campaign.audience == [
        {"property": "segment", "operator": "is", "values": ["Gold", "Silver, old"]}
    ]
    assert (campaign.day_end, campaign.weekdays) == (dt.time(23, 59), list(range(7)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"day_start": "17:00", "day_end": "09:00"}, "Choose a time after the start."),
        ({"first_day": "2020-01-01"}, "Choose today or a later day."),
        ({"weekdays": []}, "This field is required."),
        ({"window_days": "0"}, "greater than or equal to 1"),
        ({"daily_limit": "0"}, "greater than or equal to 1"),
        ({"audience-0-values": "Gold"}, "Choose what to compare with this value."),
        ({"audience-0-property": "contact.email"}, "Fill in a value."),
        (
            {
                "audience-0-property": "contact.email",
                "audience-0-operator": "at_least",
                "audience-0-values": "many",
            },
            "Fill in one number",
        ),
    ],
)
def test_form_says_what_is_wrong(
    manager_client: Client, changes: dict[str, Any], words: str
) -> None:
    make_contact()

    response = manager_client.post(reverse("campaign_new"), fill_form(**changes))

    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Campaign.objects.exists()


def test_end_of_day_may_be_typed_as_midnight(manager_client: Client) -> None:
    make_contact()

    manager_client.post(reverse("campaign_new"), fill_form(day_end="24:00"))

    assert Campaign.objects.get().day_end == dt.time(23, 59)


@pytest.mark.parametrize("action", ["count", "add"])
def test_buttons_within_the_form_save_nothing(manager_client: Client, action: str) -> None:
    make_contact(first_name="Anna")
    make_contact(first_name="Bram")
    sent = fill_form(
        action=action,
        name="Half done",
        survey="",
        **{"audience-0-property": "contact.first_name", "audience-0-values": "anna"},
    )

    response = manager_client.post(reverse("campaign_new"), sent)

    page = response.content.decode()
    assert (response.status_code, Campaign.objects.count()) == (200, 0)
    assert "1 person" in page
    assert 'value="Half done"' in page
    assert ('name="audience-1-property"' in page) == (action == "add")


def test_audience_is_counted_while_typing(manager_client: Client) -> None:
    make_contact(first_name="Anna")
    make_contact(first_name="Anna", email="")
    make_contact(first_name="Bram")
    sent = {
        "audience-TOTAL_FORMS": "1",
        "audience-INITIAL_FORMS": "0",
        "audience-0-property": "contact.first_name",
        "audience-0-operator": "is",
        "audience-0-values": "Anna",
    }

    fragment = manager_client.get(
        reverse("campaign_audience"), sent, headers={"HX-Request": "true"}
    ).content.decode()
    page = manager_client.get(reverse("campaign_audience"), sent).content.decode()

    assert "2 people" in fragment
    assert "<html" not in fragment
    assert "2 of 3 contacts meet these conditions; 1 of them" in page


def test_audience_with_an_unfinished_condition_is_not_counted(manager_client: Client) -> None:
    sent = {
        "audience-TOTAL_FORMS": "1",
        "audience-INITIAL_FORMS": "0",
        "audience-0-property": "contact.first_name",
        "audience-0-operator": "is",
    }

    response = manager_client.get(reverse("campaign_audience"), sent)

    assert "Complete the conditions" in response.content.decode()


def test_paused_campaign_keeps_who_and_changes_when(manager_client: Client) -> None:
    audience = [{"property": "segment", "operator": "not_empty", "values": []}]
    campaign = make_draft(state="paused", audience=audience, strata=["segment"])
    other = make_survey()

    manager_client.post(
        reverse("campaign_edit", args=[campaign.pk]), fill_form(survey=other.pk, window_days="45")
    )

    campaign.refresh_from_db()
    assert campaign.window_days == 45
    assert (campaign.audience, campaign.strata) == (audience, ["segment"])
    assert campaign.survey != other


def test_running_campaign_is_changed_after_a_look_at_the_new_plan(manager_client: Client) -> None:
    campaign = make_draft(state="running", weekdays=list(range(7)))
    make_invitation(campaign=campaign)
    url, sent = reverse("campaign_edit", args=[campaign.pk]), fill_form(window_days="45")

    looked = manager_client.post(url, sent)

    campaign.refresh_from_db()
    page = looked.content.decode()
    assert (looked.status_code, campaign.window_days) == (200, 30)
    assert "Change it so" in page
    assert "After the change" in page

    seen = {k: v for k, v in looked.context["replan_form"].initial.items() if v is not None}
    manager_client.post(url, sent | seen | {"confirm": "1"})

    campaign.refresh_from_db()
    assert (campaign.window_days, campaign.state) == (45, "running")
    shown = manager_client.get(campaign.get_absolute_url()).content.decode()
    assert "Window in days: 30 → 45" in shown
    assert "Marga Meting" in shown


def test_change_that_was_not_looked_at_is_shown_first(manager_client: Client) -> None:
    campaign = make_draft(state="running", weekdays=list(range(7)))
    sent = fill_form(window_days="45", confirm="1")

    response = manager_client.post(reverse("campaign_edit", args=[campaign.pk]), sent)

    campaign.refresh_from_db()
    assert "Nothing is changed yet" in response.content.decode()
    assert campaign.window_days == 30


def test_going_back_from_the_new_plan_keeps_what_was_typed(manager_client: Client) -> None:
    campaign = make_draft(state="running")
    sent = fill_form(window_days="45", back="1")

    page = manager_client.post(reverse("campaign_edit", args=[campaign.pk]), sent).content.decode()

    assert 'name="window_days" value="45"' in page


def test_new_name_of_a_running_campaign_plans_nothing(manager_client: Client) -> None:
    campaign = make_draft(state="running", weekdays=list(range(7)))
    sent = fill_form(name="Renamed", day_start="09:00", day_end="17:00", clock="organisation")

    manager_client.post(reverse("campaign_edit", args=[campaign.pk]), sent)

    campaign.refresh_from_db()
    assert campaign.name == "Renamed"


def test_finished_campaign_is_not_changed(manager_client: Client) -> None:
    campaign = make_draft(state="finished")

    manager_client.post(reverse("campaign_edit", args=[campaign.pk]), fill_form(window_days="45"))

    campaign.refresh_from_db()
    assert campaign.window_days == 30


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

    assert words in page
    assert "About 6 answers" in page
    assert "About 15 answers" in typed
    assert "With the 50 % you typed" in typed


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


@pytest.mark.parametrize(("state", "is_live"), [("running", True), ("finished", False)])
def test_progress_refreshes_itself_while_running_only(
    manager_client: Client, state: str, is_live: bool
) -> None:
    campaign = make_campaign(state=state)
    url, htmx = f"{campaign.get_absolute_url()}?seen=running", {"HX-Request": "true"}

    page = manager_client.get(campaign.get_absolute_url()).content.decode()
    refreshed = manager_client.get(url, headers=htmx)

    assert ("data-live" in page) == is_live
    assert ("HX-Refresh" in refreshed.headers) != is_live


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


# The plan


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

    with django_assert_num_queries(28):
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


# Test mails


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


# Progress


def test_progress_adds_up_and_links_to_the_people(manager_client: Client) -> None:
    campaign = make_campaign(first_day=timezone.localdate())
    now = timezone.now()
    make_invitation(campaign=campaign, state="sent", sent_at=now, answered_at=now)
    make_invitation(campaign=campaign, state="sent", sent_at=now)
    make_invitation(campaign=campaign, state="skipped", reason="suppressed", scheduled_for=None)
    make_invitation(campaign=campaign)
    make_invitation()

    page = manager_client.get(campaign.get_absolute_url()).content.decode()

    assert "2 of 3 sent, 66 %" in page
    assert "50.0 % of sent minus bounced" in page
    assert (
        f"{reverse('campaign_people', args=[campaign.pk])}?state=skipped&amp;reason=suppressed"
        in page
    )
    assert "All 4 people" in page


def test_progress_counts_what_became_of_mails_with_the_people_behind(
    manager_client: Client,
) -> None:
    campaign = make_campaign(first_day=timezone.localdate())
    now = timezone.now()
    for status in ("delivered", "delivered", "bounced", "complained"):
        make_invitation(campaign=campaign, state="sent", sent_at=now, delivery_status=status)
    make_invitation(campaign=campaign, state="sent", sent_at=now, answered_at=now)
    # Refused at once for a dead address: never sent, so it is no part of what was reached.
    make_invitation(campaign=campaign, state="failed", delivery_status="bounced")
    people = reverse("campaign_people", args=[campaign.pk])

    page = manager_client.get(campaign.get_absolute_url()).content.decode()
    bounced = manager_client.get(people, {"state": "bounced"})

    assert "2 of them known to be delivered" in page
    for status, count in (("delivered", 2), ("bounced", 2), ("complained", 1)):
        link = f'{people}?state={status}"><span class="reason-count">{count}</span>'
        assert link in page
    assert "25.0 % of sent minus bounced" in page
    assert len(bounced.context["page"].object_list) == 2


def test_progress_without_a_mail_service_tells_nothing_of_delivery(manager_client: Client) -> None:
    campaign = make_campaign()
    make_invitation(campaign=campaign, state="sent", sent_at=timezone.now())

    page = manager_client.get(campaign.get_absolute_url()).content.decode()

    assert "taken by the mail server" in page
    assert "What became of the mails that left" not in page


def test_progress_is_refreshed_as_a_fragment(manager_client: Client) -> None:
    campaign = make_campaign()

    response = manager_client.get(campaign.get_absolute_url(), headers={"HX-Request": "true"})

    assert "<html" not in response.content.decode()
    assert "0 of 0 sent" in response.content.decode()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"Sent", "Answered", "Skipped"}),
        ("?state=sent", {"Sent", "Answered"}),
        ("?state=answered", {"Answered"}),
        ("?state=skipped&reason=suppressed", {"Skipped"}),
        ("?reason=no_address", set()),
    ],
)
def test_people_behind_a_number(manager_client: Client, query: str, names: set[str]) -> None:
    campaign, now = make_campaign(), timezone.now()
    rows: dict[str, dict[str, Any]] = {
        "Sent": {"state": "sent"},
        "Answered": {"state": "sent", "answered_at": now},
        "Skipped": {"state": "skipped", "reason": "suppressed"},
    }
    for name, fields in rows.items():
        contact = make_contact(first_name=name, last_name="Proef")
        make_invitation(campaign=campaign, contact=contact, **fields)
    make_invitation(contact=make_contact(first_name="Elsewhere", last_name="Proef"), state="sent")

    page = manager_client.get(
        reverse("campaign_people", args=[campaign.pk]) + query
    ).content.decode()

    shown = {name for name in [*rows, "Elsewhere"] if f"{name} Proef" in page}
    assert shown == names


def test_people_of_an_unknown_state_are_refused(manager_client: Client) -> None:
    campaign = make_campaign()

    response = manager_client.get(reverse("campaign_people", args=[campaign.pk]), {"state": "lost"})

    assert response.status_code == 422


@pytest.mark.parametrize("count", [1, 3])
def test_people_take_the_same_queries_for_any_number(
    manager_client: Client, django_assert_num_queries: Any, count: int
) -> None:
    campaign = make_campaign()
    for _ in range(count):
        make_invitation(campaign=campaign)

    with django_assert_num_queries(12):
        manager_client.get(reverse("campaign_people", args=[campaign.pk]))


def test_people_left_out_of_a_draft_have_names(manager_client: Client) -> None:
    make_contact(first_name="Anna", last_name="Vraag")
    make_contact(first_name="Bram", last_name="Adresloos", email="")
    url = reverse("campaign_people", args=[make_draft().pk])

    left_out = manager_client.get(url, {"reason": "no_address"}).content.decode()
    asked = manager_client.get(url).content.decode()

    assert "Bram Adresloos" in left_out
    assert "Anna Vraag" not in left_out
    assert "Anna Vraag" in asked


# Who rests


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
