"""The list of those we no longer write to."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from npsapp.models import User
from surveys.models import Suppression, SuppressionRemoval
from surveys.suppressing import lift, suppress
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


def test_suppression_stands_once_with_its_first_reason() -> None:
    contact = make_contact()

    first = suppress(contact.address_hash, scope="surveys", reason="unsubscribed")
    again = suppress(contact.address_hash, scope="surveys", reason="manual")

    assert first == again
    assert again.reason == "unsubscribed"


def test_the_reason_of_a_removal_is_kept_and_shown(
    manager_client: Client, manager: User, agent_client: Client
) -> None:
    contact = make_contact()
    listed = suppress(contact.address_hash, scope="surveys", reason="unsubscribed")

    url = reverse("suppression_remove", args=[listed.pk])
    manager_client.post(url, {"reason": "Called and asked for it", "confirmed": "on"})

    removal = SuppressionRemoval.objects.get()
    assert (removal.address_hash, removal.scope) == (contact.address_hash, "surveys")
    assert (removal.reason, removal.suppressed_at) == ("unsubscribed", listed.created_at)
    assert removal.removed_by == manager
    assert not Suppression.objects.exists()
    found = manager_client.post(reverse("suppressions"), {"address": contact.email})
    shown = agent_client.get(contact.get_absolute_url())
    assert list(found.context["removals"]) == [removal]
    assert "Called and asked for it" in found.content.decode()
    assert "Called and asked for it" in shown.content.decode()


def test_removals_of_others_are_not_shown_on_a_person(agent_client: Client, manager: User) -> None:
    other, contact = make_contact(), make_contact(email="")
    listed = suppress(other.address_hash, scope="all", reason="manual")
    lift(listed, explanation="Somebody else", user=manager, now=timezone.now())

    assert "Somebody else" not in agent_client.get(contact.get_absolute_url()).content.decode()


def test_a_removal_without_a_reason_is_refused(manager_client: Client) -> None:
    listed = suppress(make_contact().address_hash, scope="all", reason="bounced")

    response = manager_client.post(reverse("suppression_remove", args=[listed.pk]), {"reason": " "})

    assert response.status_code == 422
    assert Suppression.objects.get() == listed
    assert not SuppressionRemoval.objects.exists()
