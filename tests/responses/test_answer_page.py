"""The page with the question: what it shows, what it keeps, what it refuses."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from responses.judging import exclude_response
from responses.models import Response
from responses.recording import record_response
from tests.factories import make_contact, make_organisation, make_user
from tests.responses.customers import answer_path, ask, done_path, send_answer, text_of

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def is_chosen(response: Any, score: int) -> bool:
    return f'value="{score}" id="score-{score}" checked>' in text_of(response)


def count_chosen(response: Any) -> int:
    return text_of(response).count("checked>")


def test_answer_page_link_from_the_mail_chooses_that_number_only(client: Client) -> None:
    response = client.get(answer_path(ask()) + "?score=9")

    assert response.status_code == 200
    assert is_chosen(response, 9)
    assert count_chosen(response) == 1
    assert "U koos een 9. Nog één klik:" in text_of(response)


def test_answer_page_without_a_number_chooses_none(client: Client) -> None:
    response = client.get(answer_path(ask()))

    assert count_chosen(response) == 0


@pytest.mark.parametrize("score", ["11", "-1", "9.0", " 9", "٩", "９", "nine", "", "09", "1e1"])
def test_answer_page_number_that_is_none_is_ignored(client: Client, score: str) -> None:
    response = client.get(answer_path(ask()), {"score": score})

    assert response.status_code == 200
    assert count_chosen(response) == 0


def test_answer_page_scale_from_one_has_no_zero(client: Client) -> None:
    response = client.get(answer_path(ask(survey_scale_min=1)) + "?score=0")

    assert 'id="score-0"' not in text_of(response)
    assert text_of(response).count('type="radio"') == 10
    assert "1 = helemaal niet waarschijnlijk" in text_of(response)


def test_answer_page_has_the_markup_of_one_question(client: Client) -> None:
    text = text_of(client.get(answer_path(ask(survey_company="De Kast & Zn."))))

    question = "Hoe waarschijnlijk is het dat u De Kast &amp; Zn. zou aanbevelen"
    assert f"<legend><h1>{question}" in text
    assert text.count('type="radio"') == 11
    assert text.index("<fieldset") < text.index('id="scale-hint"') < text.index('type="radio"')
    assert "<script" not in text
    assert "style=" not in text


def test_answer_page_shows_nothing_of_the_person(client: Client) -> None:
    make_organisation()
    contact = make_contact(
        first_name="Wilhelmina", last_name="Geheimnis", email="wil@geheim.example"
    )
    invitation = ask(contact=contact)
    send_answer(client, invitation, score=9)

    for path in (answer_path(invitation), done_path(invitation)):
        text = text_of(client.get(path))
        assert not any(word in text for word in ("Wilhelmina", "Geheimnis", "geheim.example"))


def test_answer_page_says_who_asks_and_how_to_leave(client: Client) -> None:
    make_organisation(
        name="Winkel BV", postal_address="Teststraat 1", contact_email="hulp@winkel.example"
    )

    text = text_of(client.get(answer_path(ask())))

    assert "Deze vraag wordt gesteld door Winkel BV." in text
    assert "Teststraat 1" in text
    assert 'href="mailto:hulp@winkel.example"' in text
    assert 'href="/u/' in text
    assert "Wat er met uw antwoord gebeurt" in text


def test_answer_page_headers_keep_it_private(client: Client) -> None:
    invitation = ask()
    path = answer_path(invitation)
    responses = [
        client.get(path),
        client.head(path),
        client.get(path[:-2] + "x/"),
        client.put(path),
        client.post(path, {}),
        send_answer(client, invitation, score=9),
        client.get(done_path(invitation)),
    ]

    assert [response.status_code for response in responses] == [200, 200, 404, 405, 422, 302, 200]
    for response in responses:
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert not response.cookies
    assert not client.cookies


def test_answer_page_takes_two_queries(client: Client, django_assert_num_queries: Any) -> None:
    make_organisation()
    path = answer_path(ask())

    with django_assert_num_queries(2):
        client.get(path + "?score=3")


def test_answer_page_post_records_and_thanks(client: Client) -> None:
    invitation = ask()

    response = send_answer(client, invitation, score=9, comment=" Snel\r\nen goed ")

    recorded = Response.objects.get()
    assert (recorded.score, recorded.comment) == (9, "Snel\nen goed")
    assert (recorded.status, recorded.language) == ("counted", "nl")
    assert response.headers["Location"] == done_path(invitation)


def test_answer_page_post_without_a_number_keeps_the_words(client: Client) -> None:
    response = send_answer(client, ask(), comment="Dit blijft staan <b>")

    text = text_of(response)
    assert response.status_code == 422
    assert "<title>Fout: " in text
    assert '<a href="#score-0">Kies eerst een cijfer.</a>' in text
    assert "Dit blijft staan &lt;b&gt;</textarea>" in text
    assert not Response.objects.exists()


def test_answer_page_post_of_4000_characters_fits(client: Client) -> None:
    send_answer(client, ask(), score=9, comment="é\r\n" * 2000)

    assert len(Response.objects.get().comment) == 3999  # the last line end is trimmed


def test_answer_page_post_of_too_many_characters_keeps_them(client: Client) -> None:
    response = send_answer(client, ask(), score=9, comment="x" * 4001)

    assert response.status_code == 422
    assert "Er is plaats voor 4000 tekens." in text_of(response)
    assert "x" * 4001 in text_of(response)
    assert is_chosen(response, 9)
    assert not Response.objects.exists()


def test_answer_page_post_of_a_book_is_refused_unread(client: Client) -> None:
    response = send_answer(client, ask(), score=9, comment="x" * 70_000)

    assert response.status_code == 413
    assert "Dit is te veel tekst" in text_of(response)
    assert not Response.objects.exists()


def test_answer_page_post_with_nul_is_kept_without_it(client: Client) -> None:
    send_answer(client, ask(), score=9, comment="a\x00b")

    assert Response.objects.get().comment == "ab"


@pytest.mark.parametrize("site", ["cross-site", "same-site", "evil"])
def test_answer_page_post_from_another_site_is_refused(client: Client, site: str) -> None:
    response = client.post(answer_path(ask()), {"score": "9"}, headers={"Sec-Fetch-Site": site})

    assert response.status_code == 403
    assert "Dit is niet vanaf onze pagina verstuurd" in text_of(response)
    assert not Response.objects.exists()


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_answer_page_post_from_our_page_is_taken(client: Client, site: str) -> None:
    response = client.post(answer_path(ask()), {"score": "9"}, headers={"Sec-Fetch-Site": site})

    assert response.status_code == 302


def test_answer_page_post_needs_no_csrf_token() -> None:
    response = send_answer(Client(enforce_csrf_checks=True), ask(), score=9)

    assert response.status_code == 302
    assert Response.objects.get().status == "counted"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"second_remark": "http://spam.example"}, "hidden_field"),
        ({"drawn": ""}, "not_our_page"),
        ({"drawn": "1-2.forged"}, "not_our_page"),
        ({"seconds": 0.2}, "too_fast"),
    ],
)
def test_answer_page_post_that_looks_automatic_gets_the_same_thanks(
    client: Client, fields: dict[str, Any], reason: str
) -> None:
    invitation = ask()

    response = send_answer(client, invitation, score=0, **fields)

    recorded = Response.objects.get()
    assert (recorded.status, recorded.status_reason) == ("provisional", reason)
    assert response.headers["Location"] == done_path(invitation)
    assert "Dank u wel" in text_of(client.get(done_path(invitation)))


def test_answer_page_post_at_delivery_looks_automatic(client: Client) -> None:
    invitation = ask(sent_at=timezone.now() - dt.timedelta(seconds=2))

    send_answer(client, invitation, score=0)

    assert Response.objects.get().status_reason == "at_delivery"


def test_answer_page_stamp_of_another_person_looks_automatic(client: Client) -> None:
    theirs, mine = ask(), ask()

    send_answer(client, theirs, score=9, path=answer_path(mine))

    assert Response.objects.get(invitation=mine).status_reason == "not_our_page"


def test_answer_page_drawn_and_posted_as_a_person_does(client: Client) -> None:
    invitation = ask()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        page = text_of(client.get(answer_path(invitation) + "?score=9"))
        drawn = page.split('name="drawn" value="')[1].split('"')[0]
        clock.shift(1.2)

        client.post(answer_path(invitation), {"score": "9", "comment": "", "drawn": drawn})

    assert Response.objects.get().status == "counted"


def test_answer_page_does_not_show_a_scanners_answer_to_the_person(client: Client) -> None:
    invitation = ask()
    send_answer(client, invitation, seconds=0.1, score=0, comment="probe")

    response = client.get(answer_path(invitation))

    assert count_chosen(response) == 0
    assert "probe" not in text_of(response)


def test_answer_page_shows_the_answer_given_while_it_may_change(client: Client) -> None:
    invitation = ask()
    send_answer(client, invitation, score=9, comment="Goed")

    response = client.get(answer_path(invitation))

    assert is_chosen(response, 9)
    assert "Goed</textarea>" in text_of(response)
    assert "Wijziging opslaan" in text_of(response)


def test_answer_page_other_number_in_the_mail_is_chosen_but_not_kept(client: Client) -> None:
    invitation = ask()
    send_answer(client, invitation, score=9)

    response = client.get(answer_path(invitation) + "?score=4")

    assert is_chosen(response, 4)
    assert Response.objects.get().score == 9


def test_answer_page_a_day_later_is_final_and_shows_nothing(client: Client) -> None:
    invitation = ask()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        send_answer(client, invitation, score=9, comment="Vertrouwelijk")
        clock.shift(24 * HOUR - dt.timedelta(seconds=1))
        before = client.get(answer_path(invitation))
        clock.shift(1)
        after = [
            client.get(answer_path(invitation) + "?score=2"),
            send_answer(client, invitation, score=2),
            client.get(done_path(invitation)),
        ]

    assert before.status_code == 200
    assert [response.status_code for response in after] == [410, 410, 410]
    assert all("Uw antwoord staat vast" in text_of(response) for response in after)
    assert not any("Vertrouwelijk" in text_of(response) for response in after)
    assert Response.objects.get().score == 9


def test_answer_page_never_locks_the_person_out_after_a_scanner(client: Client) -> None:
    invitation = ask()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        send_answer(client, invitation, seconds=0.1, score=0)
        clock.shift(72 * HOUR)
        send_answer(client, invitation, score=9)

    recorded = Response.objects.get()
    assert (recorded.score, recorded.status) == (9, "counted")


def test_answer_page_change_of_an_excluded_answer_stays_excluded(client: Client) -> None:
    invitation = ask()
    now = timezone.now() - HOUR
    recorded = record_response(invitation, score=9, comment="", language="nl", now=now)
    exclude_response(recorded, user=make_user(), reason="test", now=now)

    send_answer(client, invitation, score=3)

    recorded.refresh_from_db()
    assert (recorded.score, recorded.status) == (3, "excluded")


@pytest.mark.parametrize("known", ["nl", "nl-BE", "NL"])
def test_answer_page_speaks_the_language_of_the_contact(client: Client, known: str) -> None:
    response = client.get(answer_path(ask(language=known)), headers={"Accept-Language": "en"})

    assert '<html lang="nl">' in text_of(response)
    assert response.headers["Content-Language"] == "nl"


def test_answer_page_language_by_hand_goes_first_and_stays(client: Client) -> None:
    invitation = ask(language="nl")
    path = answer_path(invitation) + "?score=9&lang=en"

    text = text_of(client.get(path))
    done = send_answer(client, invitation, score=9, path=path)

    assert "How likely are you to recommend" in text
    assert f'action="{answer_path(invitation)}?lang=en"' in text
    assert f'href="{answer_path(invitation)}?score=9&amp;lang=nl" lang="nl"' in text
    assert done.headers["Location"] == done_path(invitation) + "?lang=en"
    assert Response.objects.get().language == "en"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("en-GB,nl;q=0.5", "en"), ("de, nl;q=0.3", "nl"), ("", "nl"), ("fr", "nl"), (";;;q=", "nl")],
)
def test_answer_page_of_an_unknown_language_asks_the_browser(
    client: Client, accepted: str, language: str
) -> None:
    response = client.get(answer_path(ask(language="")), headers={"Accept-Language": accepted})

    assert response.headers["Content-Language"] == language


def test_answer_page_of_one_language_offers_no_switch(client: Client) -> None:
    response = client.get(answer_path(ask(survey_languages=["en"])) + "?lang=nl")

    assert response.headers["Content-Language"] == "en"
    assert "hreflang" not in text_of(response)


def test_answer_page_informal_is_informal_throughout(client: Client) -> None:
    invitation = ask(survey_address_form="informal")

    text = text_of(client.get(answer_path(invitation) + "?score=9"))

    assert "dat je Voorbeeld zou aanbevelen" in text
    assert "Je koos een 9" in text
    assert " uw " not in text


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_answer_page_other_methods_are_not_allowed(client: Client, method: str) -> None:
    assert getattr(client, method)(answer_path(ask())).status_code == 405


def test_answer_page_of_an_erased_person_is_gone(client: Client) -> None:
    invitation = ask()
    path = answer_path(invitation)
    invitation.contact = None
    invitation.save()

    assert client.get(path).status_code == 404
    assert client.post(path, {"score": "9"}).status_code == 404


def test_answer_that_was_given_waits_for_no_click(client: Client) -> None:
    invitation = ask(language="en")
    client.post(answer_path(invitation), {"score": "9"})

    page = text_of(client.get(answer_path(invitation) + "?change=1"))

    assert "You answered 9." in page
    assert "You chose 9. One more click:" not in page
    assert "You chose 8. One more click:" in page
