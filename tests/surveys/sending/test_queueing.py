"""Mail to one person: written down once, and refused with a sentence."""

from __future__ import annotations

import pytest
from django.utils import timezone

from surveys.addresses import InvalidAddress, hash_address
from surveys.models import Mail, Sender
from surveys.sending.queueing import NoSender, queue_mail
from tests.factories import make_sender

pytestmark = pytest.mark.django_db


def queue(dedupe_key: str = "reply:1:1", to_email: str = "Fenna@Klanten.example") -> Mail:
    return queue_mail(
        kind=Mail.Kind.REPLY,
        dedupe_key=dedupe_key,
        to_email=to_email,
        to_name="Fenna\r\nBcc: x@kwaad.example",
        subject="Uw\r\nantwoord",
        text="Hallo\n",
        in_reply_to="<inv.1@winkel.example>",
        now=timezone.now(),
    )


@pytest.fixture
def sender() -> Sender:
    make_sender(lane=Sender.Lane.BULK)
    return make_sender(lane=Sender.Lane.TRANSACTIONAL)


def test_queued_mail_is_due_from_the_transactional_sender(sender: Sender) -> None:
    mail = queue()

    assert (mail.state, mail.sender) == ("scheduled", sender)
    assert mail.to_email == "fenna@klanten.example"
    assert mail.address_hash == hash_address("fenna@klanten.example")
    assert (mail.subject, mail.to_name) == ("Uw antwoord", "Fenna Bcc: x@kwaad.example")


def test_same_key_is_the_same_mail(sender: Sender) -> None:
    first, second, other = queue(), queue(), queue("reply:1:2")

    assert first.pk == second.pk
    assert other.pk != first.pk


def test_without_a_sender_nothing_is_written() -> None:
    make_sender(lane=Sender.Lane.BULK)

    with pytest.raises(NoSender, match="Settings"):
        queue()

    assert Mail.objects.count() == 0


def test_impossible_address_is_refused(sender: Sender) -> None:
    with pytest.raises(InvalidAddress):
        queue(to_email="nobody")
