"""Several filters by property: and over properties, or over the values of one."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from surveys.audience import Condition, Operator, find_audience
from surveys.filtering import PropertyFilter, list_chips, narrow, read_filters
from surveys.models import Contact
from tests.factories import make_account, make_contact, make_property, make_response, make_survey

pytestmark = pytest.mark.django_db

BANDS = [{"name": "Klein", "below": "1000"}, {"name": "Groot"}]
LIST_QUERIES = 11


@pytest.fixture
def people() -> None:
    make_property(key="regio", label="Regio", kind="choice", is_segment=True)
    make_property(key="pakket", label="Pakket")
    make_property(key="omzet", label="Omzet", kind="money", bands=BANDS)
    make_property(key="sinds", label="Klant sinds", kind="date")
    rows = [
        ("Anna", "Noord", "Goud", "250", "2020-01-31"),
        ("Bas", "Zuid", "Goud", "1250,50", "31-12-2021"),
        ("Cato", "noord", "Zilver", "9000", "2022-06-01 10:00"),
        ("Daan", "Oost", "Zilver", "veel", "ooit"),
    ]
    for name, regio, pakket, omzet, sinds in rows:
        properties = {"regio": regio, "pakket": pakket, "omzet": omzet, "sinds": sinds}
        make_contact(first_name=name, last_name="", properties=properties)
    make_contact(first_name="Evi", last_name="", language="en")


def names_of(query: str) -> list[str]:
    filters, _remarks = read_filters(QueryDict(query), with_language=True)
    return [str(each) for each in narrow(Contact.objects.all(), filters, ignore_case=True)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("property.regio=Noord", ["Anna", "Cato"]),
        ("property.regio=Noord&property.regio=Zuid", ["Anna", "Bas", "Cato"]),
        ("property.regio=Noord&property.regio=Zuid&property.pakket=Goud", ["Anna", "Bas"]),
        ("property.omzet=Klein", ["Anna"]),
        ("property.omzet=Klein&property.omzet=9000", ["Anna", "Cato"]),
        ("property.omzet.from=1.250,5", ["Bas", "Cato"]),
        ("property.omzet.from=250&property.omzet.to=1250.50", ["Anna", "Bas"]),
        ("property.sinds.from=2021-12-31", ["Bas", "Cato"]),
        ("property.sinds.to=31-12-2021", ["Anna", "Bas"]),
        ("property.sinds.to=2022-06-01", ["Anna", "Bas", "Cato"]),
        ("property.contact.language=en", ["Evi"]),
        ("property.regio=&property.pakket=+", ["Anna", "Bas", "Cato", "Daan", "Evi"]),
        ("property.regio=Noor%00d", ["Anna", "Cato"]),
    ],
)
def test_filters_combine(people: None, query: str, expected: list[str]) -> None:
    assert names_of(query) == expected


@pytest.mark.parametrize(
    ("query", "remark"),
    [
        ("property.schoenmaat=43", "There is no property “schoenmaat”: left out here."),
        ("property.=x", "There is no property “”: left out here."),
        ("property.pakket.from=1", "“Pakket” has no order"),
        ("property.omzet.from=veel", "Omzet: “veel” is not a number"),
        ("property.omzet.from=1.234", "Omzet: “1.234” is not a number"),
        ("property.sinds.to=2026-02-30", "Klant sinds: “2026-02-30” is not a date"),
    ],
)
def test_what_cannot_be_used_is_said_and_left_out(
    people: None, agent_client: Client, query: str, remark: str
) -> None:
    response = agent_client.get(f"{reverse('contacts')}?{query}&property.regio=Zuid")

    assert response.status_code == 200
    assert remark in response.content.decode()
    assert [str(contact) for contact, _ in response.context["rows"]] == ["Bas"]


@pytest.mark.parametrize("name", ["dashboard", "responses"])
def test_unknown_property_is_said_on_pages_of_answers(viewer_client: Client, name: str) -> None:
    make_response(survey=make_survey(slug="levering"))

    response = viewer_client.get(f"{reverse(name)}?property.maat=43&segment=kleur%3Drood")

    text = response.content.decode()
    assert response.status_code == 200
    assert "There is no property “maat”" in text
    assert "There is no property “kleur”" in text


def test_links_of_old_with_one_filter_still_work(people: None, agent_client: Client) -> None:
    response = agent_client.get(reverse("contacts"), {"property": "regio", "value": "ZUID"})

    assert [str(contact) for contact, _ in response.context["rows"]] == ["Bas"]
    assert [chip.text for chip in response.context["chips"]] == ["Regio: ZUID"]


def test_each_value_has_a_chip_that_takes_only_itself_away(people: None) -> None:
    query = "property.regio=Noord&property.regio=Zuid&property.omzet.from=1"
    filters, _remarks = read_filters(QueryDict(query))

    chips = list_chips(
        filters, lambda kept: "&".join(f"{k}={v}" for f in kept for k, v in f.pairs())
    )

    assert [(chip.text, chip.url) for chip in chips] == [
        ("Regio: Noord", "property.regio=Zuid&property.omzet.from=1"),
        ("Regio: Zuid", "property.regio=Noord&property.omzet.from=1"),
        ("Omzet: from 1 on", "property.regio=Noord&property.regio=Zuid"),
    ]


def test_search_account_and_pages_keep_the_filters(people: None, agent_client: Client) -> None:
    account = make_account()
    Contact.objects.update(account=account)

    response = agent_client.get(
        f"{reverse('contacts')}?q=a&account={account.pk}&property.regio=Noord&property.pakket=Goud"
    )

    assert [str(contact) for contact, _ in response.context["rows"]] == ["Anna"]
    assert response.context["query"] == (
        f"q=a&account={account.pk}&property.regio=Noord&property.pakket=Goud"
    )


def test_filters_cost_no_query_each(
    people: None, agent_client: Client, django_assert_num_queries: Any
) -> None:
    url = reverse("contacts")
    with django_assert_num_queries(LIST_QUERIES + 1):  # the properties that are named
        agent_client.get(f"{url}?property.regio=Noord")
    with django_assert_num_queries(LIST_QUERIES + 1):
        agent_client.get(
            f"{url}?property.regio=Noord&property.pakket=Goud&property.omzet=Klein"
            "&property.omzet.to=900&property.sinds.from=2020-01-01"
        )


def test_dashboard_and_list_of_answers_agree(people: None, viewer_client: Client) -> None:
    survey = make_survey(slug="levering")
    for regio, omzet in [("Noord", "10"), ("Noord", "5000"), ("Zuid", "20"), ("Oost", "30")]:
        for _ in range(3):
            make_response(survey=survey, properties={"regio": regio, "omzet": omzet})
    query = "?period=all&property.regio=Noord&property.regio=Zuid&property.omzet=Klein"

    dashboard = viewer_client.get(reverse("dashboard") + query)
    rows = viewer_client.get(dashboard.context["panels"]["headline"]["counted_url"])

    assert dashboard.context["frame"].headline.n == 6
    assert rows.context["page"].paginator.count == 6
    assert [chip.text for chip in rows.context["filters"]][-3:] == [
        "Regio: Noord",
        "Regio: Zuid",
        "Omzet: Klein",
    ]
    # The property compared keeps its other values in sight; the other filter holds for all.
    compared = dashboard.context["panels"]["segments"]["comparison"]
    shown = {group.segment.value: group.n for group in compared.groups}
    assert shown == {"Noord": 3, "Zuid": 3, "Oost": 3}


def test_values_with_an_address_are_not_offered(viewer_client: Client) -> None:
    make_property(key="adviseur")
    make_response(properties={"adviseur": "jan@winkel.example"})
    make_response(properties={"adviseur": "Team Noord"})

    page = viewer_client.get(reverse("responses"))

    (shown,) = [f for f in page.context["property_fields"] if f.key == "adviseur"]
    assert [option.value for option in shown.options] == ["Team Noord"]


def test_audience_reads_numbers_and_dates_like_the_filters(people: None) -> None:
    at_least = Condition("omzet", Operator.AT_LEAST, ("1250.5",))
    at_most = Condition("sinds", Operator.AT_MOST, ("2021-12-31",))

    assert [str(each) for each in find_audience([at_least])] == ["Bas", "Cato"]
    assert [str(each) for each in find_audience([at_most])] == ["Anna", "Bas"]


def test_a_filter_without_its_declaration_looks_it_up(people: None) -> None:
    found = narrow(Contact.objects.all(), (PropertyFilter("omzet", ("Groot",)),))

    assert [str(each) for each in found] == ["Bas", "Cato"]
