"""Logging in: where it leads, and where never."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("target", ["/login/", "/login/?next=/login/"])
def test_login_page_as_the_next_page_is_no_circle(agent_client: Client, target: str) -> None:
    response = agent_client.get(reverse("login"), {"next": target})

    assert (response.status_code, response["Location"]) == (302, reverse("dashboard"))


@pytest.mark.parametrize(
    "target", ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example"]
)
def test_next_page_is_never_elsewhere(agent_client: Client, target: str) -> None:
    response = agent_client.get(reverse("login"), {"next": target})

    assert (response.status_code, response["Location"]) == (302, reverse("dashboard"))
