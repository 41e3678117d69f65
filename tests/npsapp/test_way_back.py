"""The link over a title that leads to the page above."""

from __future__ import annotations

import html

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from npsapp.way_back import ABOVE
from tests.factories import make_contact, make_survey


def link_back(client: Client, address: str) -> str:
    body = client.get(address).content.decode()
    return body.partition('<p class="back"><a href="')[2].partition('"')[0]


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


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/compare/?a.survey=a&a.from=2026-01-01&b.survey=b", "/?survey=a&from=2026-01-01"),
        ("/compare/?a.survey=a&b.survey=b&b.period=12m&of=b", "/?survey=b&period=12m"),
        ("/compare/?a.shown=all&a.campaign=", "/"),
        (
            "/responses/pairs/?survey=a&property.r=N&property.r=S&step=up&page=2",
            "/?survey=a&property.r=N&property.r=S",
        ),
    ],
)
def test_way_back_of_a_selection_keeps_it(
    manager_client: Client, address: str, expected: str
) -> None:
    assert html.unescape(link_back(manager_client, address)) == expected
