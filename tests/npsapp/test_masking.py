"""No log shows a link with which somebody else could answer."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
from django.test import Client

from npsapp.masking import mask
from surveys import links
from tests.factories import make_invitation


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
    token = links.sign(links.ANSWER, invitation.pk)

    response = client.post(f"/s/{token}/", {})

    assert response.status_code == 422
    assert f"/s/{invitation.pk}." in log.getvalue()
    assert token not in log.getvalue()


def test_mask_leaves_other_words_alone() -> None:
    assert mask("Not Found: /contacts/12/ after 0.25 s") == "Not Found: /contacts/12/ after 0.25 s"
