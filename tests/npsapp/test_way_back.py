"""The link over a title that leads to the page above."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from npsapp.way_back import ABOVE
from tests.factories import make_contact, make_survey


def link_back(client: Client, address: str) -> str:
    html = client.get(address).content.decode()
    return html.partition('<p class="back"><a href="')[2].partition('"')[0]


def test_page_of_the_rail_has_no_way_back(manager_client: Client) -> None:
    assert link_back(manager_client, reverse("contacts")) == ""


def test_page_below_leads_to_its_list(manager_client: Client) -> None:
    survey = make_survey()

    assert link_back(manager_client, survey.get_absolute_url()) == reverse("surveys")


def test_page_about_a_person_leads_to_that_person(manager_client: Client) -> None:
    person = make_contact()

    address = link_back(manager_client, reverse("contact_edit", args=[person.pk]))

    assert address == person.get_absolute_url()


@pytest.mark.parametrize("name", sorted(ABOVE))
def test_every_way_back_starts_and_ends_at_a_route(name: str) -> None:
    above = ABOVE[name]

    assert reverse(above.name, kwargs={"pk": 1} if above.takes_number else {})
    assert exists(name)


def exists(name: str) -> bool:
    for arguments in ((), (1,), ("word",), (1, "word")):
        try:
            reverse(name, args=arguments)
        except NoReverseMatch:
            continue
        return True
    return False
