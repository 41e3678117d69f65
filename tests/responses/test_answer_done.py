"""Thank you: what was received, and room for a word more."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from responses.models import Response
from surveys.wording import fill, get_wording
from tests.factories import make_organisation
from tests.responses.customers import (
    answer_path,
    ask,
    done_path,
    preview_path,
    send_answer,
    text_of,
)

pytestmark = pytest.mark.django_db
FORMAL = get_wording("nl", "formal")


def test_done_page_says_what_was_received_and_what_comes(client: Client) -> None:
    invitation = ask()
    send_answer(client, invitation, score=9, comment="Snel\n<script>")

    text = text_of(client.get(done_path(invitation)))

    assert "Uw cijfer: 9" in text
    assert "Snel<br>&lt;script&gt;" in text
    assert fill(FORMAL.thanks_next, company="Voorbeeld") in text
    assert f'href="{answer_path(invitation)}?change=1"' in text


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("", "U kunt uw antwoord wijzigen tot woensdag 4 november, 11:00."),
        ("?lang=en", "You can change your answer until Wednesday 4 November, 11:00."),
    ],
)
def test_done_page_says_until_when_in_words(client: Client, lang: str, words: str) -> None:
    make_organisation(time_zone="Europe/Amsterdam")
    with time_machine.travel(dt.datetime(2026, 11, 3, 10, 0, tzinfo=dt.UTC), tick=False):
        invitation = ask()
        send_answer(client, invitation, score=9)

        assert words in text_of(client.get(done_path(invitation) + lang))


def test_done_page_before_an_answer_leads_to_the_question(client: Client) -> None:
    invitation = ask()

    response = client.get(done_path(invitation) + "?lang=en")

    assert response.headers["Location"] == answer_path(invitation) + "?lang=en"


def test_done_page_takes_a_comment_into_the_same_answer(client: Client) -> None:
    invitation = ask()
    send_answer(client, invitation, score=9)

    response = send_answer(client, invitation, path=done_path(invitation), comment="Nog dit")

    recorded = Response.objects.get()
    assert response.headers["Location"] == done_path(invitation)
    assert (recorded.score, recorded.comment, recorded.versions.count()) == (9, "Nog dit", 0)


def test_done_page_too_long_a_comment_keeps_it(client: Client) -> None:
    invitation = ask()
    send_answer(client, invitation, score=9, comment="Kort")

    response = send_answer(client, invitation, path=done_path(invitation), comment="y" * 4001)

    assert response.status_code == 422
    assert "y" * 4001 in text_of(response)
    assert Response.objects.get().comment == "Kort"


def test_done_page_wish_for_no_contact_is_kept_and_can_be_taken_back(client: Client) -> None:
    invitation = ask()
    send_answer(client, invitation, score=3)

    send_answer(client, invitation, path=done_path(invitation), no_contact="on")
    asked = Response.objects.get().may_contact
    text = text_of(client.get(done_path(invitation)))
    send_answer(client, invitation, path=done_path(invitation))

    assert asked is False
    assert fill(FORMAL.thanks_next_quiet, company="Voorbeeld") in text
    assert Response.objects.get().may_contact is None


def test_done_page_without_a_change_window_still_thanks(client: Client) -> None:
    invitation = ask(survey_change_window_hours=0)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        send_answer(client, invitation, score=9)
        soon = client.get(done_path(invitation))
        refused = send_answer(client, invitation, path=done_path(invitation), comment="Meer")
        clock.shift(3601)
        later = client.get(done_path(invitation))

    assert "Dank u wel" in text_of(soon)
    assert "<form" not in text_of(soon)
    assert (soon.status_code, refused.status_code, later.status_code) == (200, 410, 410)
    assert Response.objects.get().comment == ""


def test_preview_shows_the_question_and_says_what_it_is(client: Client) -> None:
    campaign = ask().campaign

    text = text_of(client.get(preview_path(campaign) + "?score=9&lang=nl"))

    assert "Dit is een voorbeeld. Wat u hier verstuurt, wordt niet bewaard." in text
    assert "U koos een 9." in text
    assert 'href="/u/' not in text


def test_preview_post_thanks_and_keeps_nothing(client: Client) -> None:
    campaign = ask().campaign

    response = client.post(preview_path(campaign) + "?lang=nl", {"score": "9", "comment": "Proef"})

    text = text_of(response)
    assert response.status_code == 200
    assert "Dit is een voorbeeld." in text
    assert "Uw cijfer: 9" in text
    assert "Proef" in text
    assert not Response.objects.exists()


def test_preview_post_without_a_number_is_mended_as_usual(client: Client) -> None:
    response = client.post(preview_path(ask().campaign), {"comment": "Proef"})

    assert response.status_code == 422


def test_preview_link_is_no_answer_link(client: Client) -> None:
    campaign = ask().campaign

    token = preview_path(campaign).split("/")[-2]

    assert client.get(f"/s/{token}/").status_code == 404
