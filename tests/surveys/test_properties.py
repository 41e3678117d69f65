"""Types, bands and segments: one reading of a band for lists, dashboard and plan."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from responses.models import Response
from responses.reports.segments import list_segments
from responses.selection import Selection
from surveys.audience import list_strata, read_segment
from surveys.filtering import PropertyFilter
from surveys.models import Contact, Property, get_organisation
from surveys.planning.judging import _stratum
from surveys.properties import name_properties, segment_text
from tests.factories import make_campaign, make_contact, make_property, make_response, make_survey

pytestmark = pytest.mark.django_db

BANDS = [{"name": "Small", "below": "100"}, {"name": "Middle", "below": "1000"}, {"name": "Large"}]
DATES = [{"name": "Old", "below": "2025-01-01"}, {"name": "New"}]


def band_of(key: str, value: str) -> Any:
    person = make_contact(properties={key: value})
    found = Contact.objects.annotate(_band=segment_text(key)).filter(pk=person.pk)
    return found.values_list("_band", flat=True).get()


@pytest.mark.parametrize(
    ("value", "band"),
    [
        ("-5", "Small"),
        ("99,99", "Small"),
        ("100", "Middle"),
        ("999.99", "Middle"),
        ("1000", "Large"),
        ("99999999999999999999", "Large"),
        ("veel", None),
        ("1.000,00", None),
        ("", None),
    ],
)
def test_number_falls_into_its_band(value: str, band: str | None) -> None:
    make_property(key="omzet", kind="number", bands=BANDS)

    assert band_of("omzet", value) == band


@pytest.mark.parametrize(
    ("value", "band"),
    [
        ("2024-12-31", "Old"),
        ("31-12-2024", "Old"),
        ("2025-01-01 10:00", "New"),
        ("01-01-2025", "New"),
        ("gisteren", None),
    ],
)
def test_date_falls_into_its_band(value: str, band: str | None) -> None:
    make_property(key="sinds", kind="date", bands=DATES)

    assert band_of("sinds", value) == band


def test_property_without_bands_is_read_as_it_stands() -> None:
    make_property(key="regio")

    assert band_of("regio", "Noord") == "Noord"


def test_segments_of_the_dashboard_and_their_rows_are_bands() -> None:
    make_property(key="omzet", label="Omzet", kind="number", is_segment=True, bands=BANDS)
    survey = make_survey()
    for value in ("5", "7", "5000", "onbekend"):
        make_response(survey=survey, invitation=None, channel="import", properties={"omzet": value})

    (group,) = list_segments(survey)
    zone = get_organisation().zone
    small = Selection(zone=zone, survey=survey, filters=(PropertyFilter("omzet", ("Small",)),))

    assert [(str(v.segment), v.n) for v in group.values] == [("omzet=Small", 2), ("omzet=Large", 1)]
    assert Response.objects.in_selection(small).count() == 2


def test_days_of_a_campaign_mirror_the_bands() -> None:
    make_property(key="omzet", label="Omzet", kind="number", is_segment=True, bands=BANDS)
    make_contact(properties={"omzet": "5"})
    make_contact(properties={"omzet": "500"})

    people = Contact.objects.annotate(_stratum=read_segment("omzet"))

    assert list_strata()[0] == ("omzet", "Omzet")
    assert set(people.values_list("_stratum", flat=True)) == {"Small", "Middle"}


def test_plan_is_stratified_by_bands() -> None:
    make_property(key="omzet", kind="number", is_segment=True, bands=BANDS)
    campaign = make_campaign(state="draft", strata=["omzet"])

    sql = str(Contact.objects.annotate(stratum=_stratum(campaign.strata)).query)

    assert "Middle" in sql


def form(**fields: str) -> dict[str, str]:
    return {"label": "Omzet", "kind": "number"} | fields


def test_page_makes_a_number_a_segment_through_bands(manager_client: Client) -> None:
    entry = make_property(key="omzet", label="Omzet")
    make_contact(properties={"omzet": "12"})
    url = reverse("property_edit", args=[entry.pk])

    refused = manager_client.post(url, form(is_segment="on"))
    manager_client.post(url, form(is_segment="on", name_0="Klein", below_0="100,5", name_1="Groot"))

    assert "become segments through bands" in refused.content.decode()
    entry.refresh_from_db()
    assert entry.bands == [{"name": "Klein", "below": "100.5"}, {"name": "Groot"}]
    assert "Klein, Groot" in manager_client.get(reverse("properties")).content.decode()


def test_type_that_values_do_not_fit_is_refused_with_the_values(manager_client: Client) -> None:
    entry = make_property(key="omzet", label="Omzet")
    for value in ("12", "veel", "veel", "1.000,00"):
        make_contact(properties={"omzet": value})

    response = manager_client.post(reverse("property_edit", args=[entry.pk]), form())

    assert response.status_code == 422
    assert "“veel” (2), “1.000,00” (1)" in response.content.decode()
    entry.refresh_from_db()
    assert entry.kind == "text"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name_0": "A", "below_0": "10", "name_1": "B", "below_1": "5", "name_2": "C"}, "above"),
        ({"name_0": "A", "below_0": "tien", "name_1": "B"}, "Fill in a number."),
        ({"name_0": "A", "below_0": "10", "name_1": "A"}, "Two bands have this name."),
        ({"name_0": "A", "below_0": "10", "name_1": "B", "below_1": "20"}, "The last band"),
        ({"name_0": "A"}, "One band divides nothing."),
    ],
)
def test_bands_that_make_no_sense_are_refused(
    manager_client: Client, fields: dict[str, str], sentence: str
) -> None:
    response = manager_client.post(reverse("property_new"), form(**fields))

    assert response.status_code == 422
    assert sentence in response.content.decode()


def test_there_are_five_segments_at_most(manager_client: Client) -> None:
    for number in range(5):
        make_property(key=f"p{number}", is_segment=True)

    response = manager_client.post(
        reverse("property_new"), {"label": "Zes", "kind": "text", "is_segment": "on"}
    )

    assert "There are five segments already." in response.content.decode()
    manager_client.post(reverse("property_new"), {"label": "Zes", "kind": "text"})
    assert Property.objects.filter(key="zes").exists()


@pytest.mark.django_db
def test_days_are_named_in_words_and_the_rest_as_it_stands() -> None:
    make_property(key="since", label="Customer since", kind="date")
    make_property(key="code", label="Code")

    iso = name_properties({"since": "2026-04-15", "code": "2026-04-15"})
    others = [name_properties({"since": day}) for day in ("15-04-2026", "2026-02-31")]

    assert iso == [("Code", "2026-04-15"), ("Customer since", "15 April 2026")]
    assert others == [[("Customer since", "15 April 2026")], [("Customer since", "2026-02-31")]]
