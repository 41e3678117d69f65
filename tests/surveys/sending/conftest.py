"""A mail server per test, and a tick of a lane."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test.utils import override_settings
from django.utils import timezone

from surveys.sending.ledger import INVITATIONS, Ledger
from surveys.sending.release import Pass, send_lane
from surveys.sending.stopping import take_back_stop
from tests.surveys.sending.smtp_server import Server, smtp_server, smtp_settings


@pytest.fixture
def smtp() -> Iterator[Server]:
    with smtp_server() as server, override_settings(**smtp_settings(server.port)):
        yield server


@pytest.fixture
def send() -> Callable[..., Pass]:
    def send_now(ledger: Ledger = INVITATIONS) -> Pass:
        return send_lane(ledger, now=timezone.now())

    return send_now


@pytest.fixture(autouse=True)
def nobody_stops() -> Iterator[None]:
    take_back_stop()
    yield
    take_back_stop()
