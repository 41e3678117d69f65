"""The house that mail comes in at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import override_settings

from npsapp.models import User
from tests.closeloop.received_mail import SIGNING_KEY
from tests.factories import make_organisation, make_sender, make_user


@pytest.fixture
def inbound_services() -> Iterator[None]:
    anymail = {
        "WEBHOOK_SECRET": ["old:secret-that-goes-away-soon", "nps:a-secret-that-is-long-enough"],
        "MAILGUN_WEBHOOK_SIGNING_KEY": SIGNING_KEY,
    }
    names = ["postmark", "mailgun", "sendgrid"]
    with override_settings(
        INBOUND_DOMAIN="in.voorbeeld.example", INBOUND_SERVICES=names, ANYMAIL=anymail
    ):
        yield


@pytest.fixture
def sanne() -> User:
    make_organisation(name="Voorbeeld")
    make_sender(lane="transactional")
    return make_user(name="Sanne Snel", email="sanne@voorbeeld.example", language="en")
