"""Accounts renamed and merged: people, answers and campaigns follow."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from surveys.accounts import find_account
from surveys.models import Account, Contact
from tests.factories import make_account, make_campaign, make_contact

pytestmark = pytest.mark.django_db


def choose_by(*names: str, operator: str = "is") -> list[dict[str, object]]:
    return [{"property": "contact.account", "operator": operator, "values": list(names)}]


def test_renaming_keeps_the_people_and_mends_the_campaigns(manager_client: Client) -> None:
    account = make_account(name="Bakkerij Proef")
    person = make_contact(account=account)
    campaign = make_campaign(state="draft", audience=choose_by("bakkerij proef", "Ander"))

    url = reverse("account_rename", args=[account.pk])
    response = manager_client.post(url, {"name": "  Proef   & Zonen "})

    person.refresh_from_db()
    campaign.refresh_from_db()
    assert response.status_code == 302
    assert str(person.account) == "Proef & Zonen"
    assert campaign.audience == choose_by("Proef & Zonen", "Ander")


def test_a_name_that_another_account_has_is_refused_with_a_way_on(manager_client: Client) -> None:
    account, other = make_account(name="Proef BV"), make_account(name="proef b.v. & co")

    url = reverse("account_rename", args=[account.pk])
    response = manager_client.post(url, {"name": "PROEF B.V. & CO"})

    account.refresh_from_db()
    assert response.status_code == 422
    assert account.name == "Proef BV"
    assert response.context["other"] == other
    assert "?into=proef%20b.v.%20%26%20co" in response.content.decode()


def test_only_the_capitals_of_a_name_can_be_changed(manager_client: Client) -> None:
    account = make_account(name="proef")

    manager_client.post(reverse("account_rename", args=[account.pk]), {"name": "Proef"})

    account.refresh_from_db()
    assert account.name == "Proef"


def test_merge_says_what_will_happen_and_changes_nothing_before_it_is_confirmed(
    manager_client: Client,
) -> None:
    going, staying = make_account(name="Proef"), make_account(name="Proef BV")
    make_contact(account=going)
    make_campaign(name="Najaar", state="draft", audience=choose_by("Proef"))

    url = reverse("account_merge", args=[going.pk])
    page = manager_client.get(url, {"into": "proef bv"})

    text = page.content.decode()
    assert page.context["merge"].people == 1
    assert "1 contact of Proef moves to Proef BV" in text
    assert "Najaar" in text
    assert Account.objects.count() == 2
    assert find_account("PROEF BV") == staying


def test_merging_moves_people_and_mends_campaigns(manager_client: Client) -> None:
    going, staying = make_account(name="Proef"), make_account(name="Proef BV")
    people = [make_contact(account=going), make_contact(account=staying), make_contact()]
    campaign = make_campaign(audience=choose_by("Proef", "Proef BV", operator="is_not"))

    url = reverse("account_merge", args=[going.pk])
    response = manager_client.post(url, {"into": "Proef BV"})

    campaign.refresh_from_db()
    found = Contact.objects.in_bulk([person.pk for person in people])
    assert response.url == reverse("account", args=[staying.pk])  # type: ignore[attr-defined]
    assert [found[person.pk].account for person in people] == [staying, staying, None]
    assert list(Account.objects.all()) == [staying]
    assert campaign.audience == choose_by("Proef BV", operator="is_not")


@pytest.mark.parametrize("name", ["", "Nobody", "Proef"])
def test_merge_into_nothing_or_itself_is_refused(manager_client: Client, name: str) -> None:
    account = make_account(name="Proef")

    response = manager_client.post(reverse("account_merge", args=[account.pk]), {"into": name})

    assert response.status_code == 422
    assert Account.objects.get() == account


def test_agents_are_not_offered_what_they_may_not_do(agent_client: Client) -> None:
    account = make_account()

    page = agent_client.get(reverse("account", args=[account.pk])).content.decode()

    assert reverse("account_merge", args=[account.pk]) not in page
    assert reverse("account_rename", args=[account.pk]) not in page


def test_search_passes_over_null_characters(agent_client: Client) -> None:
    account = make_account(name="Bakkerij Proef")
    make_account(name="Ander")

    found = agent_client.get("/contacts/accounts/?q=bak%00kerij")
    everybody = agent_client.get("/contacts/accounts/?q=%00")

    assert [row.account for row in found.context["rows"]] == [account]
    assert len(everybody.context["rows"]) == 2
