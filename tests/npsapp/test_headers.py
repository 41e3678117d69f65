"""The whole set of security headers on every kind of answer."""

from __future__ import annotations

import pytest
from django.http import HttpResponse, HttpResponseBase
from django.test import Client, RequestFactory
from django.urls import reverse

from npsapp.middleware import bodyless_head
from tests.factories import make_user

CSP = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "frame-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "object-src 'none'",
    "frame-ancestors 'none'",
}
EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
FORBIDDEN = ("Server", "X-Powered-By")


def assert_headers(response: HttpResponseBase) -> None:
    assert {name: response.headers.get(name) for name in EXPECTED} == EXPECTED
    assert set(response.headers["Content-Security-Policy"].split("; ")) == CSP


@pytest.fixture
def staff(db: None) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(make_user(role="admin"))
    return client


@pytest.mark.parametrize(
    ("path", "status"),
    [("/login/", 200), ("/s/nothing/", 404), ("/u/nothing/", 404)],
)
@pytest.mark.django_db
def test_headers_on_public_pages(client: Client, path: str, status: int) -> None:
    response = client.get(path)

    assert response.status_code == status
    assert_headers(response)
    assert not any(name in response.headers for name in FORBIDDEN)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/contacts/987654321/", 404), ("/no-such-page/", 404)],
)
def test_headers_on_staff_pages(staff: Client, path: str, status: int) -> None:
    response = staff.get(path)

    assert response.status_code == status
    assert_headers(response)
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_headers_on_a_redirect_and_a_refusal(client: Client) -> None:
    redirect = client.get("/")
    client.force_login(make_user(role="viewer"))
    refusal = client.get("/settings/")

    assert (redirect.status_code, refusal.status_code) == (302, 403)
    for response in (redirect, refusal):
        assert_headers(response)


@pytest.mark.django_db
def test_permissions_policy_switches_features_off(client: Client) -> None:
    policy = client.get("/login/").headers["Permissions-Policy"]

    assert {"camera=()", "geolocation=()", "microphone=()"} <= set(policy.split(", "))


def test_head_is_answered_without_a_body(rf: RequestFactory) -> None:
    # Not through the test client, which takes the body away by itself.
    answer = bodyless_head(lambda request: HttpResponse("words", headers={"Content-Length": 5}))

    assert answer(rf.get("/")).content == b"words"
    assert answer(rf.head("/")).content == b""
    assert answer(rf.head("/")).headers["Content-Length"] == "5"


@pytest.mark.django_db
def test_address_of_a_button_tells_staff_what_it_is(manager_client: Client) -> None:
    response = manager_client.get(reverse("team_share_out"))

    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    assert "There is no page here" in response.content.decode()


@pytest.mark.django_db
def test_refused_page_leaves_no_traceback(
    viewer_client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    assert viewer_client.get(reverse("settings")).status_code == 403

    assert [record for record in caplog.records if record.name == "django.request"] == []
