"""Leaving the surveys: asked once by GET, done by POST, in one click for mail programs."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from surveys.addresses import hash_address
from surveys.models import Suppression, SuppressionRemoval
from surveys.suppressing import suppress
from tests.factories import make_contact, make_organisation
from tests.responses.customers import answer_path, ask, text_of, unsubscribe_path

pytestmark = pytest.mark.django_db
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.mark.parametrize("method", ["get", "head"])
def test_unsubscribe_looking_changes_nothing(client: Client, method: str) -> None:
    response = getattr(client, method)(unsubscribe_path(ask()))

    assert response.status_code == 200
    assert not Suppression.objects.exists()


def test_unsubscribe_page_asks_in_the_persons_language(client: Client) -> None:
    make_organisation(name="Winkel BV")
    invitation = ask(language="nl")

    text = text_of(client.get(unsubscribe_path(invitation)))
    english = text_of(client.get(unsubscribe_path(invitation) + "?lang=en"))

    assert "<h1>Geen enquêtes meer van Winkel BV?</h1>" in text
    assert "<h1>No more surveys from Winkel BV?</h1>" in english
    assert "Fenna" not in text
    assert "@klanten.example" not in text


def test_unsubscribe_page_takes_two_queries(client: Client, django_assert_num_queries: Any) -> None:
    path = unsubscribe_path(ask())

    with django_assert_num_queries(2):
        client.get(path)


def test_unsubscribe_by_the_button_stops_surveys_only(client: Client) -> None:
    invitation = ask(contact=make_contact(email="fenna@klanten.example"))

    response = client.post(unsubscribe_path(invitation))

    assert "U bent afgemeld" in text_of(response)
    listed = Suppression.objects.get()
    assert listed.address_hash == hash_address("fenna@klanten.example")
    assert (listed.scope, listed.reason) == ("surveys", "unsubscribed")


def test_unsubscribe_one_click_is_done_without_cookie_token_or_redirect() -> None:
    mail_program = Client(enforce_csrf_checks=True)
    invitation = ask()

    response = mail_program.post(unsubscribe_path(invitation), ONE_CLICK)

    assert response.status_code == 200
    assert not response.cookies
    assert Suppression.objects.get().address_hash == invitation.address_hash


def test_unsubscribe_one_click_urlencoded_from_anywhere_is_done() -> None:
    """RFC 8058 allows either kind of form; the one above is multipart."""
    invitation = ask()

    response = Client().post(
        unsubscribe_path(invitation),
        "List-Unsubscribe=One-Click",
        content_type="application/x-www-form-urlencoded",
        headers={"Sec-Fetch-Site": "cross-site"},
    )

    assert response.status_code == 200
    assert Suppression.objects.count() == 1


def test_unsubscribe_twice_is_once(client: Client) -> None:
    path = unsubscribe_path(ask())

    client.post(path)
    response = client.post(path, ONE_CLICK)

    assert response.status_code == 200
    assert Suppression.objects.count() == 1


def test_unsubscribe_covers_the_address_written_to_and_the_one_of_today(client: Client) -> None:
    contact = make_contact(email="oud@klanten.example")
    invitation = ask(contact=contact)
    contact.email = "nieuw@klanten.example"
    contact.address_hash = hash_address(contact.email)
    contact.save()

    client.post(unsubscribe_path(invitation))

    assert set(Suppression.objects.values_list("address_hash", "scope")) == {
        (hash_address("oud@klanten.example"), "surveys"),
        (hash_address("nieuw@klanten.example"), "surveys"),
    }


def test_unsubscribe_headers_keep_it_private(client: Client) -> None:
    path = unsubscribe_path(ask())

    for response in (client.get(path), client.post(path), client.put(path)):
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert not response.cookies


def test_unsubscribe_other_methods_are_not_allowed(client: Client) -> None:
    assert client.delete(unsubscribe_path(ask())).status_code == 405


def test_unsubscribed_person_is_told_and_comes_back_by_a_button(client: Client) -> None:
    invitation = ask(contact=make_contact(email="fenna@klanten.example", language="en"))
    path = unsubscribe_path(invitation)
    page = text_of(client.post(path))
    assert f'action="{path}back/"' in page
    assert "You are unsubscribed from surveys." in text_of(client.get(answer_path(invitation)))
    assert "You are unsubscribed" in text_of(client.get(path))

    back = client.post(f"{path}back/")

    assert "Welcome back" in text_of(back)
    assert not Suppression.objects.exists()
    removal = SuppressionRemoval.objects.get()
    assert (removal.reason, removal.removed_by) == ("unsubscribed", None)
    assert "No more surveys" in text_of(client.get(answer_path(invitation)))


def test_coming_back_lifts_nothing_but_the_unsubscription(client: Client) -> None:
    invitation = ask()
    for scope, reason in (("surveys", "manual"), ("all", "complained")):
        suppress(invitation.address_hash, scope=scope, reason=reason)

    client.post(f"{unsubscribe_path(invitation)}back/")

    assert Suppression.objects.count() == 2


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_at_the_way_back_changes_nothing(client: Client, method: str) -> None:
    invitation = ask()
    client.post(unsubscribe_path(invitation))

    response = getattr(client, method)(f"{unsubscribe_path(invitation)}back/")

    assert response.headers["Location"] == unsubscribe_path(invitation)
    assert Suppression.objects.count() == 1


def test_another_site_cannot_bring_somebody_back(client: Client) -> None:
    invitation = ask()
    client.post(unsubscribe_path(invitation))

    response = client.post(
        f"{unsubscribe_path(invitation)}back/", headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert response.status_code == 403
    assert Suppression.objects.count() == 1
