"""No link of a customer in any log."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
from django.test import Client

from npsapp.masking import MaskSecrets, mask_secrets
from surveys.links import ANSWER, UNSUBSCRIBE, sign
from tests.factories import make_invitation

TOKEN = "17.mS0x9vYQ3kq-3nZkD5w_Qm1s9pXvT7cUe2bRfGhJkLm"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"GET /s/{TOKEN}/?score=3 HTTP/1.1", "GET /s/…/?score=3 HTTP/1.1"),
        (f"Not Found: /u/{TOKEN}/", "Not Found: /u/…/"),
        (f"GET /s/test/{TOKEN}/done/ HTTP/1.1", "GET /s/test/…/done/ HTTP/1.1"),
        (
            f"https://nps.voorbeeld.example/s/{TOKEN}/done/",
            "https://nps.voorbeeld.example/s/…/done/",
        ),
        (f"/reset/MQ/c8a3bh-{TOKEN[3:]}/", "/reset/MQ/…/"),
        ("GET /campaigns/12/people/?page=2", "GET /campaigns/12/people/?page=2"),
        ("GET /static/css/base.4f1e2d3c4b5a.css", "GET /static/css/base.4f1e2d3c4b5a.css"),
    ],
)
def test_mask_takes_out_what_is_signed(text: str, masked: str) -> None:
    assert mask_secrets(text) == masked


@pytest.mark.parametrize("pk", [1, 999_999_999_999])
@pytest.mark.parametrize("purpose", [ANSWER, UNSUBSCRIBE])
def test_mask_knows_our_own_links(purpose: str, pk: int) -> None:
    token = sign(purpose, pk)

    assert token not in mask_secrets(f"/s/{token}/")


def test_filter_masks_addresses_and_leaves_other_messages() -> None:
    kept = MaskSecrets()
    request = logging.LogRecord(
        "django.request", 30, "", 0, "Not Found: %s", (f"/s/{TOKEN}/",), None
    )
    other = logging.LogRecord(
        "surveys", 30, "", 0, "In %s", ("/srv/a_long_name_of_a_folder/",), None
    )

    assert kept.filter(request)
    assert kept.filter(other)
    assert request.getMessage() == "Not Found: /s/…/"
    assert other.getMessage() == "In /srv/a_long_name_of_a_folder/"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the handler of the product writes, as settings set it up."""
    (handler,) = [
        handler
        for handler in logging.getLogger().handlers
        if handler.get_name() == "console" and isinstance(handler, logging.StreamHandler)
    ]
    stream = io.StringIO()
    before = handler.setStream(stream)
    yield stream
    handler.setStream(before)


@pytest.mark.django_db
def test_answer_without_a_number_leaves_no_link_in_the_log(
    client: Client, log: io.StringIO
) -> None:
    invitation = make_invitation(state="sent")
    token = sign(ANSWER, invitation.pk)

    response = client.post(f"/s/{token}/", {})

    # A 422 is no line of its own; what is said of a page is masked all the same.
    logging.getLogger("django.request").error("Refused: %s", response.wsgi_request.path)
    assert response.status_code == 422
    assert "/s/…/" in log.getvalue()
    assert token not in log.getvalue()
