"""The list of those we no longer write to."""

from __future__ import annotations

import pytest

from surveys.models import Suppression
from surveys.suppressing import stop_asking, suppress
from tests.factories import make_contact, make_invitation

pytestmark = pytest.mark.django_db


def test_suppression_stands_once_with_its_first_reason() -> None:
    contact = make_contact()

    first = suppress(contact.address_hash, scope="surveys", reason="unsubscribed")
    again = suppress(contact.address_hash, scope="surveys", reason="manual")

    assert first == again
    assert again.reason == "unsubscribed"


def test_leaving_covers_the_old_address_and_the_new() -> None:
    old, new = make_contact(), make_contact()
    invitation = make_invitation(contact=new, address_hash=old.address_hash)

    stop_asking(invitation)

    assert set(Suppression.objects.values_list("address_hash", "scope")) == {
        (old.address_hash, "surveys"),
        (new.address_hash, "surveys"),
    }
