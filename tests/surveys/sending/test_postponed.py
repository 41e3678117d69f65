"""A result that waits for the next intent: written before it, or alone when there is none soon."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection

from surveys.models import Campaign, Invitation
from surveys.sending import smtp as smtp_module
from surveys.sending.release import Pass
from tests.factories import make_campaign, make_invitation
from tests.surveys.sending.smtp_server import HANG, Server

pytestmark = pytest.mark.django_db(transaction=True)
AHEAD, ALONE, INTENT, WAIT = "result ahead", "result", "intent", "wait for the disk"


@pytest.fixture
def pair(smtp: Server) -> list[Invitation]:
    """Two of a campaign, sent over one connection to a server that takes commands at once."""
    smtp.pipelining = True
    campaign = make_campaign(state=Campaign.State.RUNNING)
    return [make_invitation(campaign=campaign) for _ in range(2)]


def name_statement(sql: str) -> str:
    if "SET state = 'sent'" in sql:
        return AHEAD if "synchronous_commit" in sql else ALONE
    if "SET state = 'sending'" in sql:
        return INTENT
    return WAIT if "pg_current_xact_id" in sql else ""


@contextmanager
def watched(before: Callable[[str], None] = lambda name: None) -> Iterator[list[str]]:
    """The engine's statements by name; `before` is called ahead of each."""
    seen: list[str] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if name := name_statement(sql):
            seen.append(name)
            before(name)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield seen


def states_of(invitations: list[Invitation]) -> list[str]:
    for invitation in invitations:
        invitation.refresh_from_db()
    return [invitation.state for invitation in invitations]


def test_result_is_written_ahead_of_the_next_intent(
    pair: list[Invitation], send: Callable[[], Pass]
) -> None:
    with watched() as seen:
        send()

    assert seen == [INTENT, AHEAD, INTENT, ALONE]
    assert states_of(pair) == ["sent", "sent"]


def test_line_that_drops_beside_the_next_intent_loses_no_result(
    pair: list[Invitation], smtp: Server, send: Callable[[], Pass], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)

    def cut_the_line(name: str) -> None:
        if name == AHEAD:
            pid = connection.connection.info.backend_pid
            with psycopg.connect(**connection.get_connection_params() | {"pool": None}) as other:
                other.execute("SELECT pg_terminate_backend(%s)", [pid])

    with watched(cut_the_line) as seen:
        send()

    assert ALONE in seen
    assert states_of(pair) == ["sent", "scheduled"]
    assert (len(smtp.messages), pair[1].retries) == (1, 1)


def test_refused_intent_leaves_the_result_on_the_disk(
    pair: list[Invitation], smtp: Server, send: Callable[[], Pass]
) -> None:
    def pause(name: str) -> None:
        if name == AHEAD:
            Campaign.objects.update(state=Campaign.State.PAUSED)

    with watched(pause) as seen:
        send()

    assert seen == [INTENT, AHEAD, INTENT, WAIT]
    assert states_of(pair) == ["sent", "scheduled"]
    assert len(smtp.messages) == 1


@pytest.mark.parametrize("has_pipelining", [True, False])
def test_slow_server_delays_no_result(
    pair: list[Invitation], smtp: Server, send: Callable[[], Pass], has_pipelining: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The second MAIL is not answered for long; what became of the first is written before."""
    monkeypatch.setattr(smtp_module, "SOON_SECONDS", 0.01)
    monkeypatch.setattr(smtp_module, "COMMAND_SECONDS", 0.5)
    smtp.pipelining = has_pipelining
    smtp.say(mail=["250 ok", HANG])

    with watched() as seen:
        send()

    assert seen == [INTENT, ALONE, INTENT, ALONE]
    assert states_of(pair) == ["sent", "sent"]


def test_recipient_refused_after_a_mail_leaves_both_results(
    pair: list[Invitation], smtp: Server, send: Callable[[], Pass]
) -> None:
    smtp.say(rcpt=["250 ok", "550 5.1.1 nobody here"])

    with watched() as seen:
        send()

    assert seen == [INTENT, ALONE]
    assert states_of(pair) == ["sent", "failed"]
