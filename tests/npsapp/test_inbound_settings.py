"""Where customers' answers come in: what the environment may say, and what the doctor misses."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from npsapp.environment import read_domain
from npsapp.mail_health import check_inbound
from npsapp.mail_services import list_inbound_services

SECRET = {"WEBHOOK_SECRET": ["nps:a-secret-that-is-long-enough"]}


@pytest.mark.parametrize(
    ("text", "domain"), [("", ""), ("In.Company.Example.", "in.company.example")]
)
def test_domain_is_read(monkeypatch: pytest.MonkeyPatch, text: str, domain: str) -> None:
    monkeypatch.setenv("INBOUND_DOMAIN", text)

    assert read_domain("INBOUND_DOMAIN") == domain


@pytest.mark.parametrize("text", ["reply@company.example", "company", "https://a.example", "a b.c"])
def test_what_is_no_domain_stops_the_start(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("INBOUND_DOMAIN", text)

    with pytest.raises(ImproperlyConfigured, match="INBOUND_DOMAIN"):
        read_domain("INBOUND_DOMAIN")


def test_services_are_those_named_else_those_mail_leaves_by() -> None:
    assert list_inbound_services("", leaving=["postmark", "scaleway"]) == ["postmark"]
    assert list_inbound_services("mailgun, resend", leaving=["postmark"]) == ["mailgun", "resend"]


@pytest.mark.parametrize("name", ["scaleway", "pigeon"])
def test_service_that_brings_no_mail_stops_the_start(name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=name):
        list_inbound_services(name, leaving=[])


@pytest.mark.parametrize(
    ("domain", "services", "anymail", "words"),
    [
        ("", [], {}, ""),
        ("in.voorbeeld.example", ["postmark"], {}, "without a secret"),
        ("in.voorbeeld.example", [], SECRET, "no service brings"),
        ("in.voorbeeld.example", ["postmark"], SECRET, ""),
    ],
)
def test_doctor_names_what_is_missing(
    settings: Any, domain: str, services: list[str], anymail: dict[str, Any], words: str
) -> None:
    settings.INBOUND_DOMAIN = domain
    settings.INBOUND_SERVICES, settings.ANYMAIL = services, anymail

    trouble = check_inbound(timezone.now())

    assert (trouble is not None, words in str(trouble)) == (bool(words), True)
