"""Filters under a name: one's own, those of the team, and what becomes of them."""

from __future__ import annotations

import html

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from closeloop.models import SavedView
from npsapp.erasing.erase import erase
from npsapp.models import User
from tests.closeloop.test_undo import press_undo
from tests.factories import make_contact, make_organisation, make_property, make_user

URL = "/follow-ups/views/"
QUERY = "view=overdue&category=detractor&property.region=North"


@pytest.fixture(autouse=True)
def region(db: None) -> None:
    make_organisation()
    make_property(key="region", label="Region")


def save(client: Client, name: str = "Late ones", **fields: str) -> SavedView | None:
    client.post(URL, {"name": name, "query": QUERY} | fields)
    return SavedView.objects.filter(name=name).first()


def test_saved_view_keeps_view_filter_and_order_and_stands_on_the_page(
    agent_client: Client, agent: User
) -> None:
    response = agent_client.post(URL, {"name": "Late ones", "query": QUERY + "&page=3&shoe=43"})

    page = agent_client.get(response.url)  # type: ignore[attr-defined]
    (saved,) = page.context["saved"]
    assert response.url == f"/follow-ups/?{QUERY}"  # type: ignore[attr-defined]
    assert (saved.view.name, saved.view.user, saved.is_current) == ("Late ones", agent, True)
    assert [tab.title for tab in page.context["tabs"] if tab.is_current] == ["Overdue"]


def test_same_name_is_written_over(agent_client: Client) -> None:
    save(agent_client)
    save(agent_client, "LATE ones", query="view=mine")

    (view,) = SavedView.objects.all()
    assert (view.name, view.query) == ("LATE ones", "view=mine")


def test_agent_shares_nothing_and_manager_does(
    agent_client: Client, manager_client: Client
) -> None:
    own = save(agent_client, "Own", is_shared="on")
    shared = save(manager_client, "Shared", is_shared="on")
    save(manager_client, "Manager’s")

    seen = [one.view for one in agent_client.get("/follow-ups/").context["saved"]]

    assert seen == [own, shared]
    assert own is not None
    assert own.is_shared is False


def test_others_views_cannot_be_changed(agent_client: Client, manager_client: Client) -> None:
    shared = save(manager_client, "Shared", is_shared="on")
    own = save(agent_client, "Own")
    assert shared is not None
    assert own is not None

    answers = [
        agent_client.post(f"{URL}{shared.pk}/", {"name": "Mine"}).status_code,
        agent_client.post(f"{URL}{shared.pk}/delete/").status_code,
        manager_client.post(f"{URL}{own.pk}/delete/").status_code,
    ]

    assert answers == [404, 404, 404]
    assert SavedView.objects.count() == 2


def test_manager_renames_and_unshares_what_a_colleague_shared(
    manager_client: Client, agent: User
) -> None:
    view = SavedView.objects.create(user=agent, name="Old", is_shared=True, pairs=[["view", "all"]])

    manager_client.post(f"{URL}{view.pk}/", {"name": "New"})

    view.refresh_from_db()
    assert (view.name, view.is_shared, view.user) == ("New", False, agent)


def test_deleted_view_is_brought_back_by_undo(manager_client: Client) -> None:
    view = save(manager_client, is_shared="on")
    assert view is not None

    manager_client.get("/follow-ups/")

    page = manager_client.post(f"{URL}{view.pk}/delete/", follow=True)
    assert SavedView.objects.count() == 0
    press_undo(manager_client, html.unescape(page.content.decode()))

    (back,) = SavedView.objects.all()
    assert (back.name, back.is_shared, back.pairs) == (view.name, True, view.pairs)


def test_view_without_a_name_is_refused_on_the_same_page(agent_client: Client) -> None:
    response = agent_client.post(URL, {"name": " ", "query": QUERY})

    assert response.status_code == 422
    assert [tab.title for tab in response.context["tabs"] if tab.is_current] == ["Overdue"]
    assert SavedView.objects.count() == 0


def test_nobody_keeps_more_views_than_they_can_read(agent_client: Client, agent: User) -> None:
    SavedView.objects.bulk_create(SavedView(user=agent, name=str(n), pairs=[]) for n in range(20))

    response = agent_client.post(URL, {"name": "One more", "query": QUERY})

    assert response.status_code == 422
    assert "delete one first" in response.content.decode()


def test_search_for_an_erased_person_is_emptied_of_them(agent_client: Client) -> None:
    person = make_contact(first_name="Fenna", last_name="Fluitketel", email="fenna@klanten.example")
    save(agent_client, "Fenna Fluitketel", query="view=all&q=fenna%40klanten.example")

    erase(person.email, person, user=None, now=timezone.now(), note=False)

    (view,) = SavedView.objects.all()
    assert (view.name, view.pairs) == ("[erased]", [["view", "all"], ["q", "[erased]"]])


def test_view_is_not_renamed_to_another_of_the_same_person(agent_client: Client) -> None:
    first, second = save(agent_client, "First"), save(agent_client, "Second")
    assert second is not None

    page = agent_client.post(f"{URL}{second.pk}/", {"name": "FIRST"})

    second.refresh_from_db()
    assert page.status_code == 422
    assert second.name == "Second"
    assert SavedView.objects.filter(name="First").get() == first
    assert "There is another view named “FIRST” already." in page.content.decode()


def test_database_keeps_one_view_of_a_name(agent: User) -> None:
    SavedView.objects.create(user=agent, name="Late")

    with pytest.raises(IntegrityError), transaction.atomic():
        SavedView.objects.create(user=agent, name="LATE")


def test_views_that_erasing_gives_one_name_are_told_apart(agent_client: Client) -> None:
    person = make_contact(first_name="Fenna", last_name="Fluitketel", email="fenna@klanten.example")
    for name in ("Fenna Fluitketel", "fenna@klanten.example"):
        save(agent_client, name)

    erase(person.email, person, user=None, now=timezone.now(), note=False)

    names = set(SavedView.objects.values_list("name", flat=True))
    assert len(names) == 2
    assert not any("enna" in name for name in names)


def test_viewer_keeps_none(viewer_client: Client) -> None:
    assert save(viewer_client) is None


def test_shortcuts_are_switched_off_and_on_for_oneself(
    agent_client: Client, agent: User, manager: User
) -> None:
    make_user()
    assert "data-keys" in agent_client.get("/follow-ups/").content.decode()

    response = agent_client.post(
        "/follow-ups/shortcuts/", {"shortcuts": "off", "next": "/follow-ups/?view=all"}
    )

    agent.refresh_from_db()
    manager.refresh_from_db()
    assert (agent.shortcuts, manager.shortcuts) == (False, True)
    assert response.url == "/follow-ups/?view=all"  # type: ignore[attr-defined]
    assert "data-keys" not in agent_client.get("/follow-ups/").content.decode()
    agent_client.post("/follow-ups/shortcuts/", {"shortcuts": "on", "next": "//evil.example"})
    agent.refresh_from_db()
    assert agent.shortcuts is True
