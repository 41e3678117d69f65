"""The list of those we no longer write to."""

from __future__ import annotations

import pytest

from surveys.suppressing import suppress
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


def test_suppression_stands_once_with_its_first_reason() -> None:
    contact = make_contact()

    first = suppress(contact.address_hash, scope="surveys", reason="unsubscribed")
    again = suppress(contact.address_hash, scope="surveys", reason="manual")

    assert first == again
    assert again.reason == "unsubscribed"
