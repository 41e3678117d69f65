"""A property deleted with its values, unless a campaign still speaks of it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from surveys.models import Property
from tests.factories import make_campaign, make_contact, make_property

pytestmark = pytest.mark.django_db


def test_deleting_says_how_many_carry_it_and_takes_only_its_values(manager_client: Client) -> None:
    entry = make_property(key="12", label="Regio")
    carrier = make_contact(properties={"12": "Noord", "pakket": "Goud"})
    make_contact(properties={"pakket": "12"})

    url = reverse("property_delete", args=[entry.pk])
    page = manager_client.get(url)
    assert page.context["carriers"] == 1
    assert Property.objects.filter(pk=entry.pk).exists()

    manager_client.post(url)

    carrier.refresh_from_db()
    assert carrier.properties == {"pakket": "Goud"}
    assert not Property.objects.exists()


@pytest.mark.parametrize("state", ["draft", "running", "paused"])
@pytest.mark.parametrize("where", ["audience", "strata"])
def test_a_property_in_use_is_refused_and_the_campaign_named(
    manager_client: Client, state: str, where: str
) -> None:
    entry = make_property(key="regio")
    condition = [{"property": "regio", "operator": "is", "values": ["Noord"]}]
    fields = {"audience": condition} if where == "audience" else {"strata": ["regio"]}
    make_campaign(name="Najaarsronde", state=state, **fields)
    make_contact(properties={"regio": "Noord"})

    response = manager_client.post(reverse("property_delete", args=[entry.pk]))

    assert response.status_code == 422
    assert "Najaarsronde" in response.content.decode()
    assert Property.objects.get() == entry


def test_a_campaign_that_is_over_does_not_hold_a_property(manager_client: Client) -> None:
    entry = make_property(key="regio")
    make_campaign(state="finished", strata=["regio"])
    make_campaign(state="running", strata=["regio-2"])

    manager_client.post(reverse("property_delete", args=[entry.pk]))

    assert not Property.objects.exists()
