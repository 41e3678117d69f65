"""What events do to mails, addresses and doubts: in any order, any number of times."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from npsapp.erasing.erase import erase
from npsapp.exporting import export_person
from surveys import tasks
from surveys.models import Invitation, Mail, ProviderEvent, Suppression
from surveys.tracking import processing
from surveys.tracking.processing import forget_events, process_events
from tests.factories import make_campaign, make_contact, make_invitation, make_mail

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)
MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)


def make_event(delivery: Invitation | Mail | None, kind: str, **fields: Any) -> ProviderEvent:
    return ProviderEvent.objects.create(
        **{
            "provider": "Postmark",
            "event_key": uuid.uuid4().hex,
            "kind": kind,
            "message_key": delivery.message_key if delivery else uuid.uuid4(),
            "happened_at": NOW,
            "received_at": NOW,
            "look_at": NOW,
        }
        | fields
    )


def make_sent(**fields: Any) -> Invitation:
    return make_invitation(
        **{"state": "sent", "attempt": 1, "sent_at": NOW - MINUTE, "intent_at": NOW - MINUTE}
        | fields
    )


def make_unknown(**fields: Any) -> Invitation:
    fields = {"state": "unknown", "reason": "interrupted", "unknown_since": NOW} | fields
    return make_sent(**{"sent_at": None} | fields)


def process(at: dt.datetime = NOW) -> str:
    return str(process_events(now=at))


def suppressed(delivery: Invitation | Mail) -> set[tuple[str, str]]:
    found = Suppression.objects.filter(address_hash=delivery.address_hash)
    return set(found.values_list("scope", "reason"))


ORDERS = [
    # What is told, and what must stand on the mail in the end: state, delivery status.
    ([("queued", ""), ("delivered", "")], ("sent", "delivered")),
    ([("delivered", ""), ("bounced", "hard")], ("sent", "bounced")),
    ([("delivered", ""), ("complained", ""), ("bounced", "soft")], ("sent", "complained")),
    ([("deferred", ""), ("deferred", ""), ("bounced", "soft")], ("sent", "soft_bounced")),
    ([("queued", ""), ("rejected", "block")], ("failed", "blocked")),
    ([("sent", ""), ("failed", "")], ("failed", "")),
    ([("deferred", ""), ("bounced", "block")], ("sent", "blocked")),
    ([("delivered", ""), ("rejected", "")], ("sent", "delivered")),
]


@pytest.mark.parametrize("start", ["sent", "unknown"])
@pytest.mark.parametrize(("told", "expected"), ORDERS)
def test_any_order_ends_the_same(
    start: str, told: list[tuple[str, str]], expected: tuple[str, str]
) -> None:
    ends = set()
    for order in itertools.permutations(told):
        delivery = make_sent() if start == "sent" else make_unknown()
        for moment, (kind, nature) in enumerate(order):
            make_event(delivery, kind, nature=nature, look_at=NOW - DAY + moment * MINUTE)
        process()
        delivery.refresh_from_db()
        ends.add((delivery.state, delivery.delivery_status))

    assert ends == {expected}


def test_processing_twice_changes_nothing_more() -> None:
    delivery = make_unknown()
    make_event(delivery, "delivered")
    process()
    before = Invitation.objects.values().get(pk=delivery.pk)
    ProviderEvent.objects.update(processed_at=None)

    process()

    assert Invitation.objects.values().get(pk=delivery.pk) == before


@pytest.mark.parametrize(("first", "second"), [("soft", "delivered"), ("delivered", "soft")])
def test_the_later_of_returned_and_delivered_counts(first: str, second: str) -> None:
    delivery = make_sent()
    for at, what in ((NOW - MINUTE, first), (NOW, second)):
        kind, nature = ("bounced", "soft") if what == "soft" else ("delivered", "")
        make_event(delivery, kind, nature=nature, happened_at=at)

    process()

    delivery.refresh_from_db()
    expected = "soft_bounced" if second == "soft" else "delivered"
    assert (delivery.delivery_status, delivery.delivery_at) == (expected, NOW)


@pytest.mark.parametrize(
    "kind", ["queued", "sent", "deferred", "delivered", "bounced", "complained"]
)
def test_proof_of_acceptance_settles_a_doubt(kind: str) -> None:
    delivery = make_unknown()
    make_event(delivery, kind, nature="hard" if kind == "bounced" else "", provider_id="<id@x>")

    process()

    delivery.refresh_from_db()
    assert (delivery.state, delivery.resolution, delivery.reason) == ("sent", "evidence", "")
    assert delivery.sent_at == delivery.intent_at
    assert delivery.provider_id == "<id@x>"


def test_doubt_about_a_mail_to_one_person_is_settled_too() -> None:
    mail = make_mail(state="unknown", attempt=1, intent_at=NOW, unknown_since=NOW)
    make_event(mail, "delivered")

    process()

    mail.refresh_from_db()
    assert (mail.state, mail.delivery_status) == ("sent", "delivered")


@pytest.mark.parametrize("kind", ["rejected", "failed"])
def test_mail_that_the_service_never_sent_has_failed(kind: str) -> None:
    doubtful, sent = make_unknown(), make_sent()
    for delivery in (doubtful, sent):
        make_event(delivery, kind, detail="The template is broken.")

    process()

    for delivery in (doubtful, sent):
        delivery.refresh_from_db()
        assert (delivery.state, delivery.reason) == ("failed", "refused")
        assert (delivery.sent_at, delivery.detail) == (None, "The template is broken.")
    assert doubtful.resolution == "evidence"


def test_answered_mail_never_fails_afterwards() -> None:
    delivery = make_sent(answered_at=NOW)
    make_event(delivery, "rejected")

    process()

    delivery.refresh_from_db()
    assert delivery.state == "sent"


def test_mail_to_be_sent_again_is_kept_back_when_the_first_arrived() -> None:
    again = make_sent(state="scheduled", sent_at=None, resolution="send_again")
    never_tried = make_sent(state="scheduled", sent_at=None, attempt=0)
    for delivery in (again, never_tried):
        make_event(delivery, "delivered")

    process()

    again.refresh_from_db()
    never_tried.refresh_from_db()
    assert (again.state, again.resolution) == ("sent", "evidence")
    assert never_tried.state == "scheduled"


def test_mail_that_is_just_leaving_is_looked_at_later() -> None:
    delivery = make_sent(state="sending", sent_at=None)
    make_event(delivery, "delivered")

    said = process()
    Invitation.objects.update(state="unknown", unknown_since=NOW)
    process(NOW + MINUTE)
    early = Invitation.objects.get().state
    process(NOW + 3 * MINUTE)

    assert said == "settled 0, later 1, not ours 0"
    assert (early, Invitation.objects.get().state) == ("unknown", "sent")


def test_event_without_our_key_finds_its_mail_by_the_services_id() -> None:
    delivery = make_sent(provider_id="883953f4")
    make_event(None, "delivered", message_key=None, provider_id="883953f4")
    make_event(None, "bounced", nature="hard", message_key=None, provider_id="")

    process()

    delivery.refresh_from_db()
    assert delivery.delivery_status == "delivered"


def test_event_about_somebody_elses_mail_is_given_up() -> None:
    make_event(None, "bounced", nature="hard", address_hash="a" * 64)

    first = process()
    last = process(NOW + DAY)

    assert first == "settled 0, later 1, not ours 0"
    assert last == "settled 0, later 0, not ours 1"
    assert not Suppression.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_mail_that_somebody_else_holds_is_not_waited_for() -> None:
    delivery = make_sent()
    make_event(delivery, "delivered")

    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT FROM surveys_invitation FOR UPDATE")
        said = process()
    process(NOW + 3 * MINUTE)

    delivery.refresh_from_db()
    assert said == "settled 0, later 1, not ours 0"
    assert delivery.delivery_status == "delivered"


def test_event_that_cannot_be_judged_keeps_no_other_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad, good = make_sent(), make_sent()
    real = processing._apply

    def stumble(event: ProviderEvent, delivery: Invitation) -> None:
        if delivery.pk == bad.pk:
            raise RuntimeError("nobody thought of this")
        real(event, delivery)

    monkeypatch.setattr(processing, "_apply", stumble)
    for delivery in (bad, good):
        make_event(delivery, "delivered")

    process()

    good.refresh_from_db()
    assert good.delivery_status == "delivered"
    assert ProviderEvent.objects.get(processed_at=None).look_at > NOW


@pytest.mark.parametrize(
    ("kind", "nature", "expected"),
    [
        ("bounced", "hard", {("all", "bounced")}),
        ("rejected", "hard", {("all", "bounced")}),
        ("complained", "", {("all", "complained")}),
        ("unsubscribed", "", {("surveys", "unsubscribed")}),
        ("rejected", "unsubscribed", {("surveys", "unsubscribed")}),
        ("bounced", "soft", set()),
        ("bounced", "block", set()),
        ("rejected", "block", set()),
        ("failed", "", set()),
        ("deferred", "", set()),
    ],
)
def test_who_is_suppressed(kind: str, nature: str, expected: set[tuple[str, str]]) -> None:
    invitation, mail = make_sent(), make_mail(state="sent", attempt=1, sent_at=NOW)
    for delivery in (invitation, mail):
        make_event(delivery, kind, nature=nature)

    process()

    assert suppressed(invitation) == suppressed(mail) == expected


def test_complaint_replaces_a_milder_reason() -> None:
    delivery = make_sent()
    for kind, nature in (("bounced", "hard"), ("complained", "")):
        make_event(delivery, kind, nature=nature)

    process()

    assert suppressed(delivery) == {("all", "complained")}


def soft_bounces(*days: int, answered_on: int | None = None) -> Invitation:
    """One mail to the same person per day, each of which came back for now."""
    contact = make_contact()
    for day in days:
        at = NOW + day * DAY
        answered_at = at + MINUTE if day == answered_on else None
        delivery = make_sent(contact=contact, sent_at=at, answered_at=answered_at)
        make_event(delivery, "bounced", nature="soft", happened_at=at)
    return delivery


@pytest.mark.parametrize(
    ("days", "is_suppressed"),
    [((0, 7), False), ((0, 7, 13), False), ((0, 7, 14), True), ((0, 200, 400), True)],
)
def test_soft_bounces_suppress_after_three_in_two_weeks(
    days: tuple[int, ...], is_suppressed: bool
) -> None:
    delivery = soft_bounces(*days)

    process()

    assert suppressed(delivery) == ({("all", "keeps_bouncing")} if is_suppressed else set())


def test_same_soft_bounce_told_often_is_one() -> None:
    delivery = make_sent()
    for day in range(20):
        make_event(delivery, "bounced", nature="soft", happened_at=NOW + day * DAY)

    process()

    assert suppressed(delivery) == set()


def test_answer_starts_the_count_of_soft_bounces_anew() -> None:
    delivery = soft_bounces(0, 7, 14, answered_on=7)

    process()

    assert suppressed(delivery) == set()


def test_delivery_starts_the_count_of_soft_bounces_anew() -> None:
    delivery = soft_bounces(0, 7, 14)
    arrived = make_sent(contact=delivery.contact)
    make_event(arrived, "delivered", happened_at=NOW + 8 * DAY, look_at=NOW - DAY)

    process()

    assert suppressed(delivery) == set()


def test_erased_person_stays_erased() -> None:
    delivery = make_sent(provider_id="883953f4")
    person, address_hash = delivery.contact, delivery.address_hash
    assert person is not None
    make_event(delivery, "delivered", address_hash=address_hash)

    erase(person.email, person, user=None, now=NOW)
    kept = ProviderEvent.objects.count()
    make_event(delivery, "bounced", nature="hard", provider_id="883953f4", detail="550 no Fenna")
    process()

    delivery.refresh_from_db()
    assert kept == 0
    assert (delivery.delivery_status, delivery.detail, delivery.provider_id) == ("bounced", "", "")


def test_export_tells_what_was_told() -> None:
    delivery = make_sent()
    make_event(delivery, "bounced", nature="hard", detail="550 5.1.1 no")
    process()
    assert delivery.contact is not None

    exported = export_person(delivery.contact, now=NOW)

    assert exported["told_by_mail_services"][0]["kind"] == "bounced"
    assert exported["invitations"][0]["delivery"] == "bounced"


def test_events_are_forgotten_after_a_month() -> None:
    delivery = make_sent()
    make_event(delivery, "delivered", received_at=NOW - 31 * DAY)
    fresh = make_event(delivery, "queued", received_at=NOW - 29 * DAY)

    assert forget_events(now=NOW) == 1

    assert list(ProviderEvent.objects.values_list("pk", flat=True)) == [fresh.pk]


def test_tasks_do_it(monkeypatch: pytest.MonkeyPatch) -> None:
    nudged: list[object] = []
    monkeypatch.setattr(tasks, "nudge", nudged.append)
    monkeypatch.setattr(processing, "BATCH", 2)
    campaign = make_campaign()
    for _ in range(3):
        make_event(make_sent(campaign=campaign), "delivered", look_at=timezone.now() - MINUTE)

    said = [tasks.process_provider_events(), tasks.process_provider_events()]

    assert said == ["settled 2, later 0, not ours 0", "settled 1, later 0, not ours 0"]
    assert nudged == [tasks.process_provider_events]
    assert tasks.forget_provider_events() == "forgot 0"
