"""Readings of the dashboard under a name: one's own, those of the team, and their end."""

from __future__ import annotations

import html

import pytest
from django.test import Client
from django.utils import timezone

from npsapp.erasing.erase import erase
from npsapp.models import User
from responses.models import DashboardDigest, SavedDashboard
from tests.closeloop.test_undo import press_undo
from tests.factories import (
    make_contact,
    make_organisation,
    make_property,
    make_response,
    make_survey,
)

URL = "/dashboard/views/"
QUERY = "survey=levering&period=last-quarter&property.region=Noord&by=region"


@pytest.fixture(autouse=True)
def survey(db: None) -> None:
    make_organisation()
    make_property(key="region", label="Region", is_segment=True)
    make_response(survey=make_survey(slug="levering"), channel="import")


def save(client: Client, name: str = "Noord", **fields: str) -> SavedDashboard | None:
    client.post(URL, {"name": name, "query": QUERY} | fields)
    return SavedDashboard.objects.filter(name=name).first()


def test_saved_view_keeps_the_filter_with_its_preset(viewer_client: Client, viewer: User) -> None:
    view = save(viewer_client)

    assert view is not None
    assert (view.user, view.is_shared) == (viewer, False)
    assert dict(view.pairs) == {
        "survey": "levering",
        "period": "last-quarter",
        "property.region": "Noord",
        "by": "region",
    }


def test_saved_view_is_a_chip_and_marked_where_it_is_looked_at(viewer_client: Client) -> None:
    view = save(viewer_client)
    assert view is not None

    address = view.get_absolute_url()
    body = html.unescape(viewer_client.get(address).content.decode())
    elsewhere = html.unescape(viewer_client.get("/").content.decode())

    assert f'href="{address}" aria-current="true">Noord' in body
    assert f'href="{address}">Noord' in elsewhere


def test_saved_view_of_the_first_page_names_its_survey(viewer_client: Client) -> None:
    form = viewer_client.get("/").context["saving"]

    assert form.initial["query"] == "survey=levering&period=12m"


def test_only_managers_share_with_the_team(viewer_client: Client, manager_client: Client) -> None:
    mine, ours = (
        save(viewer_client, "Mijn", is_shared="on"),
        save(manager_client, "Ons", is_shared="on"),
    )

    assert mine is not None
    assert ours is not None
    assert (mine.is_shared, ours.is_shared) == (False, True)
    assert ">Mijn" not in manager_client.get("/").content.decode()
    assert ">Ons" in viewer_client.get("/").content.decode()


def test_view_is_renamed_by_its_owner_alone(viewer_client: Client, agent_client: Client) -> None:
    view = save(viewer_client)
    assert view is not None

    stranger = agent_client.post(f"{URL}{view.pk}/", {"name": "Gekaapt"})
    viewer_client.post(f"{URL}{view.pk}/", {"name": "Regio Noord"})

    view.refresh_from_db()
    assert stranger.status_code == 404
    assert view.name == "Regio Noord"


def test_deleted_view_comes_back(viewer_client: Client) -> None:
    view = save(viewer_client)
    assert view is not None

    viewer_client.get("/")

    response = viewer_client.post(f"{URL}{view.pk}/delete/", follow=True)
    assert not SavedDashboard.objects.exists()
    press_undo(viewer_client, html.unescape(response.content.decode()))

    assert SavedDashboard.objects.get().query == view.query


def test_view_that_is_mailed_is_not_deleted(viewer_client: Client) -> None:
    view = save(viewer_client)
    assert view is not None
    DashboardDigest.objects.create(rhythm="weekly", dashboard=view, created_at=timezone.now())

    response = viewer_client.post(f"{URL}{view.pk}/delete/", follow=True)

    assert "is mailed as a digest" in response.content.decode()
    assert SavedDashboard.objects.exists()


def test_nobody_keeps_more_than_twenty(viewer_client: Client, viewer: User) -> None:
    SavedDashboard.objects.bulk_create(
        SavedDashboard(user=viewer, name=str(n), pairs=[]) for n in range(20)
    )

    response = viewer_client.post(URL, {"name": "Nog een", "query": QUERY}, follow=True)

    assert "You have 20 saved views already" in response.content.decode()
    assert SavedDashboard.objects.count() == 20


@pytest.mark.parametrize(("name", "query"), [("", QUERY), ("Fout", "from=gisteren")])
def test_what_the_page_would_not_understand_is_not_kept(
    viewer_client: Client, name: str, query: str
) -> None:
    viewer_client.post(URL, {"name": name, "query": query})

    assert not SavedDashboard.objects.exists()


def test_view_without_a_name_is_refused_on_the_same_page(viewer_client: Client) -> None:
    response = viewer_client.post(URL, {"name": " ", "query": QUERY})

    assert response.status_code == 422
    assert response.context["frame"].running_query == QUERY
    assert 'href="#saved_new_name"' in response.content.decode()


def test_view_is_not_renamed_to_another_of_the_same_person(viewer_client: Client) -> None:
    save(viewer_client, "Eerste")
    view = save(viewer_client, "Tweede")
    assert view is not None

    response = viewer_client.post(f"{URL}{view.pk}/", {"name": "EERSTE"})

    view.refresh_from_db()
    assert (response.status_code, view.name) == (422, "Tweede")
    assert response.context["frame"].running_query == QUERY
    assert f'id="saved_{view.pk}_name_error">There is another view' in response.content.decode()


def test_link_by_a_query_alone_leads_on_from_a_refused_form(viewer_client: Client) -> None:
    assert viewer_client.get(f"{URL}?{QUERY}").headers["location"] == f"/?{QUERY}"
    assert viewer_client.get(URL).headers["location"] == "/"


def test_erasing_a_person_takes_the_name_out_of_saved_views(
    viewer_client: Client, viewer: User
) -> None:
    person = make_contact(first_name="Wilhelmina", last_name="Zilverschoon")
    SavedDashboard.objects.create(
        user=viewer,
        name="Wilhelmina Zilverschoon",
        pairs=[["property.region", "Wilhelmina Zilverschoon"]],
    )

    erase(person.email, person, user=None, now=timezone.now())

    view = SavedDashboard.objects.get()
    assert "Zilverschoon" not in view.name + view.query
