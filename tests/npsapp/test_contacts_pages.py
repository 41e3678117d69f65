"""The list of contacts and the page of one person."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from surveys.models import Contact, ImportBatch, Invitation, Property, Suppression
from surveys.suppressing import suppress
from tests.factories import (
    make_account,
    make_campaign,
    make_contact,
    make_follow_up,
    make_invitation,
    make_response,
)

LIST_QUERIES = 11
PERSON_QUERIES = 17


def names(response: Any) -> list[str]:
    return [str(contact) for contact, _ in response.context["rows"]]


def page_of(client: Client, contact: Contact) -> str:
    return client.get(contact.get_absolute_url()).content.decode()


def test_list_shows_people_with_their_last_counted_answer(agent_client: Client) -> None:
    now = timezone.now()
    contact = make_contact(first_name="Fenna", last_name="Proef", account=make_account(name="Bouw"))
    make_response(contact=contact, score=3, answered_at=now - dt.timedelta(days=9))
    make_response(contact=contact, score=8, answered_at=now - dt.timedelta(days=2))
    make_response(contact=contact, score=0, status="excluded", answered_at=now)
    make_response(score=1)

    response = agent_client.get(reverse("contacts"))

    rows = {str(found): last for found, last in response.context["rows"]}
    assert rows["Fenna Proef"].score == 8
    assert "Bouw" in response.content.decode()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("proef", ["Fenna Proef"]),
        ("fen PROEF", ["Fenna Proef"]),
        ("joris@", ["Joris Test"]),
        ("K-77", ["Joris Test"]),
        ("bouw", ["Fenna Proef"]),
        ("fenna test", []),
        ("%", []),
        ("", ["Fenna Proef", "Joris Test"]),
    ],
)
def test_search_wants_every_word(agent_client: Client, words: str, found: list[str]) -> None:
    make_contact(first_name="Fenna", last_name="Proef", account=make_account(name="Bouw"))
    make_contact(
        first_name="Joris", last_name="Test", external_id="K-77", email="joris@klanten.example"
    )

    response = agent_client.get(reverse("contacts"), {"q": words})

    assert names(response) == found


def test_search_without_a_result_offers_the_way_back(agent_client: Client) -> None:
    make_contact()

    page = agent_client.get(reverse("contacts"), {"q": "<b>"}).content.decode()

    assert "Nobody found for “&lt;b&gt;”" in page
    assert "Show all contacts" in page


def test_empty_list_says_what_to_do(agent_client: Client, manager_client: Client) -> None:
    assert reverse("contact_import") in manager_client.get(reverse("contacts")).content.decode()
    agents = agent_client.get(reverse("contacts")).content.decode()
    assert "A manager brings the customers in." in agents
    assert reverse("contact_import") not in agents


def test_list_is_cut_into_pages_that_keep_the_search(agent_client: Client) -> None:
    for number in range(51):
        make_contact(last_name=f"Proef {number:02}")

    response = agent_client.get(reverse("contacts"), {"q": "proef", "page": "2"})

    assert names(response) == ["Fenna Proef 50"]
    assert "?q=proef&amp;page=1" in response.content.decode()
    assert names(agent_client.get(reverse("contacts"), {"page": "x"}))[0] == "Fenna Proef 00"


def test_list_costs_the_same_for_many_people(
    agent_client: Client, django_assert_num_queries: Any
) -> None:
    make_response(contact=make_contact(account=make_account()))
    with django_assert_num_queries(LIST_QUERIES):
        agent_client.get(reverse("contacts"))
    for _ in range(2):
        make_response(contact=make_contact(account=make_account()))
    with django_assert_num_queries(LIST_QUERIES):
        assert len(names(agent_client.get(reverse("contacts")))) >= 3


def test_contacts_are_not_for_viewers(viewer_client: Client) -> None:
    contact = make_contact()

    assert viewer_client.get(reverse("contacts")).status_code == 403
    assert viewer_client.get(contact.get_absolute_url()).status_code == 403


def test_contacts_cannot_be_posted_to(agent_client: Client) -> None:
    assert agent_client.post(reverse("contacts")).status_code == 405
    assert agent_client.post(make_contact().get_absolute_url()).status_code == 405


def test_person_who_is_not_there_is_404(agent_client: Client) -> None:
    assert agent_client.get(reverse("contact", args=[987654])).status_code == 404


def test_person_shows_details_properties_answers_and_follow_ups(agent_client: Client) -> None:
    Property.objects.create(key="klantgroep", label="Klantgroep")
    contact = make_contact(
        external_id="K-1", properties={"klantgroep": "Goud", "los": "<b>"}, language="nl"
    )
    response = make_response(contact=contact, score=4, comment="Te laat <i>bezorgd</i>")
    make_follow_up(response=response)
    make_response(comment="Van iemand anders")

    page = page_of(agent_client, contact)

    assert "Te laat &lt;i&gt;bezorgd&lt;/i&gt;" in page
    assert "Van iemand anders" not in page
    assert "<dt>Klantgroep</dt><dd>Goud</dd>" in page
    assert "<dt>los</dt><dd>&lt;b&gt;</dd>" in page
    assert response.follow_up.get_absolute_url() in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"state": "skipped", "reason": "suppressed"}, "the address was unsubscribed or blocked"),
        (
            {"state": "skipped", "reason": "duplicate"},
            "somebody else with the same address was asked instead",
        ),
        (
            {
                "state": "skipped",
                "reason": "rested",
                "skipped_at": dt.datetime(2026, 5, 6, 9, tzinfo=dt.UTC),
                "rests_until": dt.datetime(2026, 7, 8, 9, tzinfo=dt.UTC),
            },
            "about to; they rest until 8 July 2026.",
        ),
        (
            {
                "scheduled_for": dt.datetime(2031, 5, 6, 9, tzinfo=dt.UTC),
                "rests_until": dt.datetime(2031, 5, 5, 9, tzinfo=dt.UTC),
            },
            "Will be sent on 6 May 2031; was asked not long ago and rests until 5 May 2031",
        ),
        ({"state": "failed", "reason": "refused"}, "Could not be sent: Refused by the mail server"),
        (
            {"state": "unknown", "reason": "crashed"},
            "Perhaps sent: The worker stopped before the server confirmed",
        ),
        (
            {"state": "scheduled", "scheduled_for": dt.datetime(2031, 5, 6, 9, tzinfo=dt.UTC)},
            "Will be sent on 6 May 2031",
        ),
        (
            {"state": "sent", "sent_at": dt.datetime(2026, 5, 6, 9, tzinfo=dt.UTC)},
            "Sent on 6 May 2026, not answered yet",
        ),
        (
            {
                "state": "sent",
                "sent_at": dt.datetime(2026, 5, 6, 9, tzinfo=dt.UTC),
                "answered_at": dt.datetime(2026, 5, 7, 9, tzinfo=dt.UTC),
            },
            "Answered on 7 May 2026",
        ),
        (
            {
                "state": "sent",
                "sent_at": dt.datetime(2026, 5, 6, 9, tzinfo=dt.UTC),
                "delivery_status": "bounced",
            },
            "Sent and returned: the address does not work",
        ),
        (
            {"state": "sent", "delivery_status": "soft_bounced"},
            "Sent and returned: their mailbox takes no mail for the moment",
        ),
        (
            {"state": "sent", "delivery_status": "blocked"},
            "Sent and blocked: their mail server did not want it from us",
        ),
        (
            {"state": "sent", "delivery_status": "complained"},
            "Sent and marked as spam by the receiver",
        ),
        (
            {"state": "sent", "delivery_status": "deferred"},
            "Sent, and delayed by their mail server",
        ),
        (
            {
                "state": "sent",
                "sent_at": dt.datetime(2026, 5, 6, 9, tzinfo=dt.UTC),
                "delivery_status": "delivered",
            },
            "Sent on 6 May 2026 and delivered, not answered",
        ),
    ],
)
def test_person_shows_what_became_of_each_mail(
    agent_client: Client, fields: dict[str, Any], sentence: str
) -> None:
    contact = make_contact()
    make_invitation(contact=contact, **fields)

    assert sentence in page_of(agent_client, contact)


def test_person_of_a_paused_campaign_waits(agent_client: Client) -> None:
    contact = make_contact()
    make_invitation(contact=contact, campaign=make_campaign(state="paused"))

    assert "Waits: the campaign is paused" in page_of(agent_client, contact)


def test_person_who_unsubscribed_is_shown_as_such(agent_client: Client) -> None:
    contact = make_contact(email="weg@klanten.example")
    suppress(
        contact.address_hash,
        scope=Suppression.Scope.SURVEYS,
        reason=Suppression.Reason.UNSUBSCRIBED,
    )

    page = page_of(agent_client, contact)

    assert "Will not be asked: unsubscribed on" in page
    assert "No surveys (unsubscribed," in page


def test_person_without_address_or_campaign_is_told_apart(agent_client: Client) -> None:
    nowhere = make_contact(email="", external_id="K-1")
    unasked = make_contact()

    assert "Cannot be asked: there is no e-mail address." in page_of(agent_client, nowhere)
    assert "Was not in the audience of any campaign so far." in page_of(agent_client, unasked)


def test_campaigns_are_links_for_those_who_may_open_them(
    agent_client: Client, manager_client: Client
) -> None:
    contact = make_contact()
    url = make_invitation(contact=contact).campaign.get_absolute_url()

    assert url not in page_of(agent_client, contact)
    assert url in page_of(manager_client, contact)


def test_person_costs_the_same_for_a_long_history(
    agent_client: Client, django_assert_num_queries: Any
) -> None:
    contact = make_contact(account=make_account(), properties={"land": "Nederland"})

    def add_history() -> None:
        response = make_response(contact=contact)
        make_follow_up(response=response)
        make_invitation(contact=contact)

    add_history()
    with django_assert_num_queries(PERSON_QUERIES):
        agent_client.get(contact.get_absolute_url())
    add_history()
    add_history()
    with django_assert_num_queries(PERSON_QUERIES):
        agent_client.get(contact.get_absolute_url())


def test_imports_leave_the_list_in_step(manager_client: Client) -> None:
    ImportBatch.objects.create(kind="contacts", file_name="c", sha256="", content=b"email\nx\n")

    assert "No contacts yet" in manager_client.get(reverse("contacts")).content.decode()


@pytest.mark.parametrize(("code", "word"), [("nl", "Dutch"), ("en", "English"), ("", "–")])
def test_person_is_shown_with_their_own_language(
    agent_client: Client, code: str, word: str
) -> None:
    contact = make_contact(language=code)

    page = page_of(agent_client, contact)

    assert f"<dt>Language</dt><dd>{word}</dd>" in page


def test_person_who_was_asked_says_until_when_they_rest(agent_client: Client) -> None:
    contact = make_contact()
    now = timezone.now()
    make_invitation(contact=contact, state="sent", sent_at=now - dt.timedelta(days=89))

    assert "by the contact frequency rule: was asked on" in page_of(agent_client, contact)

    Invitation.objects.update(sent_at=now - dt.timedelta(days=91))
    assert "by the contact frequency rule" not in page_of(agent_client, contact)


def test_contacts_are_sorted_by_last_name_without_particles(agent_client: Client) -> None:
    for last_name in ("van der Proef", "Zeeman", "de Aap", "monster", "'t Hart", "", "Vantage"):
        make_contact(first_name="Bo", last_name=last_name)

    found = [
        name.removeprefix("Bo").strip() for name in names(agent_client.get(reverse("contacts")))
    ]

    assert found == ["de Aap", "'t Hart", "monster", "van der Proef", "Vantage", "Zeeman", ""]
