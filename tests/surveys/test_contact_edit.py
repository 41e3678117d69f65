"""Contacts by hand, and the list of addresses that get no mail."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from surveys.addresses import hash_address
from surveys.models import Account, Contact, Suppression
from surveys.suppressing import suppress
from tests.factories import make_account, make_contact, make_invitation, make_property

pytestmark = pytest.mark.django_db

ADDRESS = "nieuw@klanten.example"


def test_contact_is_added_by_hand(manager_client: Client) -> None:
    entry = make_property(key="omzet", kind="number")
    account = make_account(name="Bouw")

    response = manager_client.post(
        reverse("contact_new"),
        {"email": "Nieuw@Klanten.example", "account_name": "bouw", f"property_{entry.pk}": "12,5"},
    )

    person = Contact.objects.get()
    assert response["Location"] == person.get_absolute_url()
    assert (person.email, person.address_hash) == (ADDRESS, hash_address(ADDRESS))
    assert (person.account, person.properties) == (account, {"omzet": "12,5"})


def test_edit_keeps_unknown_properties_and_moves_waiting_mail(manager_client: Client) -> None:
    person = make_contact(properties={"oud": "x"})
    waiting = make_invitation(contact=person)

    manager_client.post(
        reverse("contact_edit", args=[person.pk]),
        {"email": ADDRESS, "first_name": "Fenna", "account_name": "Nieuw bedrijf"},
    )

    person.refresh_from_db()
    waiting.refresh_from_db()
    assert (person.email, person.properties) == (ADDRESS, {"oud": "x"})
    assert waiting.address_hash == hash_address(ADDRESS)
    assert Account.objects.get() == person.account


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"email": "bezet@klanten.example"}, "Somebody else has this address"),
        ({"email": "geen adres"}, "This is not an e-mail address."),
        ({"external_id": "K-1"}, "Somebody else has this id"),
        ({}, "Fill in a name, an address or an external id."),
    ],
)
def test_contact_that_cannot_be_is_refused(
    manager_client: Client, fields: dict[str, str], sentence: str
) -> None:
    make_contact(email="bezet@klanten.example", external_id="K-1")

    response = manager_client.post(reverse("contact_new"), fields)

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert Contact.objects.count() == 1


def test_value_that_does_not_fit_its_type_is_refused(manager_client: Client) -> None:
    entry = make_property(key="sinds", kind="date")

    response = manager_client.post(
        reverse("contact_new"), {"first_name": "F", f"property_{entry.pk}": "gisteren"}
    )

    assert "Fill in a date" in response.content.decode()


def test_list_is_filtered_by_property_band_and_account(agent_client: Client) -> None:
    bands = [{"name": "Klein", "below": "10"}, {"name": "Groot"}]
    make_property(key="omzet", kind="number", bands=bands)
    account = make_account()
    small = make_contact(properties={"omzet": "5"}, account=account)
    make_contact(properties={"omzet": "50"}, account=account)
    other = make_contact(properties={"omzet": "5"})

    def found(query: str) -> set[Contact]:
        page = agent_client.get(f"{reverse('contacts')}?{query}")
        return {contact for contact, _ in page.context["rows"]}

    assert found("property=omzet&value=5") == {small, other}
    assert found("property=omzet&value=Klein") == {small, other}
    assert found(f"property=omzet&value=Klein&account={account.pk}") == {small}
    assert found("property=nonsense&value=5&account=nonsense")


def test_account_pages_show_people_and_answers(agent_client: Client) -> None:
    account = make_account(name="Bouw BV")
    person = make_contact(account=account)

    listed = agent_client.get(reverse("accounts") + "?q=bouw").content.decode()
    page = agent_client.get(reverse("account", args=[account.pk])).content.decode()

    assert "Bouw BV" in listed
    assert str(person) in page


def test_suppression_is_found_by_its_address(manager_client: Client) -> None:
    suppress(hash_address(ADDRESS), scope="surveys", reason="unsubscribed")
    url = reverse("suppressions")

    assert (
        "unsubscribed"
        in manager_client.post(url, {"address": " NIEUW@klanten.example"}).content.decode()
    )
    assert (
        "is not on the list"
        in manager_client.post(url, {"address": "x@y.example"}).content.decode()
    )
    assert manager_client.post(url, {"address": "nee"}).status_code == 422


def test_address_is_added_by_hand(manager_client: Client) -> None:
    manager_client.post(reverse("suppression_add"), {"address": ADDRESS, "scope": "all"})

    assert Suppression.objects.filter(address_hash=hash_address(ADDRESS), scope="all").exists()
    assert Suppression.objects.get().reason == "manual"


def test_removing_needs_a_reason_and_for_an_own_wish_a_new_one(manager_client: Client) -> None:
    entry = suppress(hash_address(ADDRESS), scope="surveys", reason="unsubscribed")
    url = reverse("suppression_remove", args=[entry.pk])

    assert manager_client.get(url).status_code == 200
    assert manager_client.post(url, {"reason": ""}).status_code == 422
    assert manager_client.post(url, {"reason": "mail of 3 May"}).status_code == 422
    assert Suppression.objects.exists()
    manager_client.post(url, {"reason": "mail of 3 May", "confirmed": "on"})
    assert not Suppression.objects.exists()


def test_bounced_address_is_removed_with_a_reason_alone(manager_client: Client) -> None:
    entry = suppress(hash_address(ADDRESS), scope="all", reason="bounced")

    manager_client.post(
        reverse("suppression_remove", args=[entry.pk]), {"reason": "mailbox is back"}
    )

    assert not Suppression.objects.exists()
