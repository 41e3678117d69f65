"""No link of a customer in any log."""

from __future__ import annotations

import logging

import pytest

from npsapp.masking import MaskSecrets, mask_secrets
from surveys.links import ANSWER, UNSUBSCRIBE, sign

TOKEN = "17.mS0x9vYQ3kq-3nZkD5w_Qm1s9pXvT7cUe2bRfGhJkLm"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"GET /s/{TOKEN}/?score=3 HTTP/1.1", "GET /s/…/?score=3 HTTP/1.1"),
        (f"Not Found: /u/{TOKEN}/", "Not Found: /u/…/"),
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
