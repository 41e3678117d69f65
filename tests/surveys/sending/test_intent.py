"""The last question before the body: everything that may have changed since the claim."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from surveys.models import Campaign, Invitation, Mail, Sender
from surveys.sending import record as record_module
from surveys.sending.compose import compose_row
from surveys.sending.intent import record_intent
from surveys.sending.ledger import INVITATIONS, MAILS
from surveys.sending.release import Pass
from surveys.suppressing import suppress
from tests.factories import make_invitation, make_mail
from tests.surveys.sending.smtp_server import Server

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = uuid.UUID(int=7)


def make_claimed(**fields: Any) -> Invitation:
    return make_invitation(
        **{
            "state": "claimed",
            "claim_token": TOKEN,
            "lease_until": timezone.now() + dt.timedelta(minutes=1),
        }
        | fields
    )


def may_leave(invitation: Invitation, *, token: uuid.UUID = TOKEN) -> bool:
    return record_intent(
        INVITATIONS,
        invitation.pk,
        token,
        address_hash=invitation.address_hash,
        now=timezone.now(),
    )


def test_intent_is_written_once() -> None:
    invitation = make_claimed()

    answers = [may_leave(invitation), may_leave(invitation)]

    invitation.refresh_from_db()
    assert answers == [True, False]
    assert (invitation.state, invitation.attempt) == ("sending", 1)
    assert invitation.intent_at is not None


def test_intent_needs_our_token() -> None:
    assert not may_leave(make_claimed(), token=uuid.uuid4())


def test_intent_needs_a_live_lease() -> None:
    over = timezone.now() - dt.timedelta(seconds=1)

    assert not may_leave(make_claimed(lease_until=over))


@pytest.mark.parametrize("state", ["scheduled", "sending", "sent", "skipped", "unknown", "failed"])
def test_intent_needs_a_claimed_row(state: str) -> None:
    assert not may_leave(make_claimed(state=state))


@pytest.mark.parametrize("state", ["paused", "cancelled", "finished"])
def test_intent_needs_a_running_campaign(state: str) -> None:
    invitation = make_claimed()
    Campaign.objects.update(state=state)

    assert not may_leave(invitation)


@pytest.mark.parametrize("scope", ["surveys", "all"])
def test_intent_refuses_a_suppressed_address(scope: Any) -> None:
    invitation = make_claimed()
    suppress(invitation.address_hash, scope=scope, reason="unsubscribed")

    assert not may_leave(invitation)


def test_intent_refuses_who_answered() -> None:
    first = make_claimed(answered_at=timezone.now())
    reminder = make_claimed(campaign=first.campaign, contact=first.contact, sequence=1, first=first)

    assert not may_leave(first)
    assert not may_leave(reminder)


def test_intent_refuses_after_the_window() -> None:
    assert not may_leave(make_claimed(not_after=timezone.now()))


def test_intent_knows_no_window_without_an_end() -> None:
    assert may_leave(make_claimed(not_after=None))


def test_intent_refuses_a_held_sender() -> None:
    invitation = make_claimed()
    Sender.objects.update(held_until=timezone.now() + dt.timedelta(minutes=1))

    assert not may_leave(invitation)


def test_intent_of_a_mail_asks_only_for_the_address() -> None:
    lease = timezone.now() + dt.timedelta(minutes=1)
    rows = [make_mail(state="claimed", claim_token=TOKEN, lease_until=lease) for _ in range(3)]
    suppress(rows[1].address_hash, scope="surveys", reason="unsubscribed")
    suppress(rows[2].address_hash, scope="all", reason="bounced")

    answers = [
        record_intent(MAILS, row.pk, TOKEN, address_hash=row.address_hash, now=timezone.now())
        for row in rows
    ]

    assert answers == [True, True, False]


Change = Callable[[Invitation], object]


@pytest.mark.parametrize(
    ("change", "state", "reason"),
    [
        (lambda row: Campaign.objects.update(state="paused"), "scheduled", ""),
        (lambda row: Campaign.objects.update(state="cancelled"), "skipped", "cancelled"),
        (
            lambda row: Invitation.objects.update(answered_at=timezone.now()),
            "skipped",
            "answered",
        ),
        (
            lambda row: suppress(row.address_hash, scope="surveys", reason="unsubscribed"),
            "skipped",
            "suppressed",
        ),
        (lambda row: Invitation.objects.update(claim_token=uuid.uuid4()), "claimed", ""),
    ],
)
def test_change_while_the_mail_is_composed_stops_it(
    smtp: Server,
    send: Callable[[], Pass],
    monkeypatch: pytest.MonkeyPatch,
    change: Change,
    state: str,
    reason: str,
) -> None:
    """The server already said 354 when the intent is refused: not a byte of the body leaves."""
    invitation = make_invitation()
    real = compose_row

    def compose_and_change(row: Invitation, *composer: Any) -> Any:
        message = real(row, *composer)
        change(row)
        return message

    monkeypatch.setattr("surveys.sending.deliver.compose_row", compose_and_change)

    done = send()

    invitation.refresh_from_db()
    assert done.counts["withdrawn"] == 1
    assert (invitation.state, invitation.reason) == (state, reason)
    assert "DATA" in smtp.commands
    assert smtp.messages == []


def test_next_mail_leaves_after_a_refused_intent(
    smtp: Server, send: Callable[[], Pass], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_invitation()
    make_invitation(campaign=first.campaign)
    real = compose_row

    def compose_and_answer(row: Invitation, *composer: Any) -> Any:
        Invitation.objects.filter(pk=first.pk).update(answered_at=timezone.now())
        return real(row, *composer)

    monkeypatch.setattr("surveys.sending.deliver.compose_row", compose_and_answer)

    done = send()

    assert (done.counts["withdrawn"], done.counts["sent"]) == (1, 1)
    assert len(smtp.messages) == 1


def test_database_away_at_the_intent_sends_nothing(
    smtp: Server, send: Callable[[], Pass], monkeypatch: pytest.MonkeyPatch
) -> None:
    invitation = make_invitation()

    def fail(*args: Any, **options: Any) -> bool:
        # The worst case: it was written, and the line dropped before that was said.
        record_intent(*args, **options)
        raise OperationalError("gone")

    monkeypatch.setattr("surveys.sending.deliver.record_intent", fail)

    send()

    invitation.refresh_from_db()
    assert smtp.messages == []
    assert (invitation.state, invitation.retries) == ("scheduled", 1)


def test_result_is_written_when_the_database_comes_back(
    smtp: Server, send: Callable[[], Pass], monkeypatch: pytest.MonkeyPatch
) -> None:
    invitation = make_invitation()
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    cuts = iter(range(2))

    def cut_the_line(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "SET state = 'sent'" in sql and next(cuts, None) is not None:
            wrapper = context["connection"]
            pid = wrapper.connection.info.backend_pid
            with psycopg.connect(**wrapper.get_connection_params() | {"pool": None}) as other:
                other.execute("SELECT pg_terminate_backend(%s)", [pid])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(cut_the_line):
        send()

    invitation.refresh_from_db()
    assert next(cuts, None) is None
    assert invitation.state == "sent"
    assert len(smtp.messages) == 1


def test_late_result_corrects_what_was_thought_meanwhile(smtp: Server) -> None:
    """A worker was silent so long that its row was called doubtful, then its 250 arrives."""
    from surveys.sending import outcome

    invitation = make_invitation(state="unknown", claim_token=TOKEN, unknown_since=timezone.now())

    record_module.record_outcome(
        INVITATIONS,
        invitation,
        TOKEN,
        outcome.sent("250 ok"),
        sender=invitation.campaign.sender,
        address_hash=invitation.address_hash,
        now=timezone.now(),
    )

    invitation.refresh_from_db()
    assert (invitation.state, invitation.unknown_since) == ("sent", None)


def test_late_result_of_an_old_claim_changes_nothing() -> None:
    from surveys.sending import outcome

    invitation = make_invitation(state="sending", claim_token=uuid.uuid4())

    record_module.record_outcome(
        INVITATIONS,
        invitation,
        TOKEN,
        outcome.retry("450 later"),
        sender=invitation.campaign.sender,
        address_hash=invitation.address_hash,
        now=timezone.now(),
    )

    invitation.refresh_from_db()
    assert invitation.state == "sending"


def test_mail_that_cannot_be_composed_fails_alone(smtp: Server, send: Callable[..., Pass]) -> None:
    bad = make_mail(to_email="a@b@c")
    good = make_mail(sender=bad.sender)

    send(MAILS)

    states = dict(Mail.objects.values_list("pk", "state"))
    assert states == {bad.pk: "failed", good.pk: "sent"}
