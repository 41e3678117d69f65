"""The staff's list of answers and the page of one."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from npsapp.models import User
from responses.judging import exclude_response
from responses.models import Response
from responses.recording import record_response
from tests.factories import (
    make_account,
    make_campaign,
    make_contact,
    make_invitation,
    make_property,
    make_response,
    make_survey,
)
from tests.responses.customers import ask, text_of

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 3, 10, 0, tzinfo=dt.UTC)


def provisional(**fields: Any) -> Response:
    return record_response(
        ask(), score=0, comment="", language="nl", now=NOW, automatic_reason="too_fast", **fields
    )


def listed(client: Client, query: str = "") -> list[int]:
    page = client.get(f"/responses/{query}").context["page"]
    return [response.pk for response in page]


def test_list_shows_newest_first_with_score_word_and_comment(viewer_client: Client) -> None:
    old = make_response(score=3, comment="Oud", answered_at=NOW)
    new = make_response(score=9, comment="Nieuw", answered_at=NOW + dt.timedelta(days=1))

    text = text_of(viewer_client.get("/responses/"))

    assert text.index("Nieuw") < text.index("Oud")
    assert '<span class="mark mark-detractor">3</span>' in text
    assert '<span class="word-promoter">Promoter</span>' in text
    assert listed(viewer_client) == [new.pk, old.pk]


def test_list_tabs_count_each_status(viewer_client: Client, manager: User) -> None:
    make_response()
    provisional()
    exclude_response(make_response(), user=manager, reason="Test", now=NOW)

    tabs = viewer_client.get("/responses/").context["tabs"]

    assert [tab.n for tab in tabs] == [3, 1, 1, 1]
    assert [tab.is_current for tab in tabs] == [True, False, False, False]


@pytest.mark.parametrize(("status", "number"), [("counted", 2), ("provisional", 1)])
def test_list_by_status(viewer_client: Client, status: str, number: int) -> None:
    make_response()
    make_response()
    provisional()

    assert len(listed(viewer_client, f"?status={status}")) == number


def test_list_searches_comments_in_any_case(viewer_client: Client) -> None:
    found = make_response(comment="De LEVERING was 100% goed")
    make_response(comment="Niets")

    assert listed(viewer_client, "?q=levering") == [found.pk]
    assert listed(viewer_client, "?q=100%25") == [found.pk]
    assert listed(viewer_client, "?q=1%25%25") == []


def test_list_narrows_by_survey_category_score_and_days(viewer_client: Client) -> None:
    survey = make_survey(slug="herfst")
    hit = make_response(survey=survey, score=3, answered_at=NOW)
    make_response(score=3, answered_at=NOW)
    make_response(survey=survey, score=9, answered_at=NOW)
    make_response(survey=survey, score=4, answered_at=NOW)
    make_response(survey=survey, score=3, answered_at=NOW - dt.timedelta(days=9))

    query = "?survey=herfst&category=detractor&score=3&from=2026-11-01&to=2026-11-03"

    assert listed(viewer_client, query) == [hit.pk]


def test_list_each_filter_can_be_taken_away(viewer_client: Client) -> None:
    make_response(score=3, comment="levering")

    filters = viewer_client.get("/responses/?q=levering&score=3").context["filters"]

    assert [chip.text for chip in filters] == ["Comment with “levering”", "Score 3"]
    assert filters[0].url == "?period=all&score=3"
    assert filters[1].url == "?period=all&q=levering"


@pytest.mark.parametrize(
    "query", ["score=99", "from=yesterday", "survey=none", "segment=x", "status=x"]
)
def test_list_filter_that_makes_no_sense_is_422(viewer_client: Client, query: str) -> None:
    response = viewer_client.get(f"/responses/?{query}")

    assert response.status_code == 422
    assert 'id="error-summary"' in text_of(response)


def test_list_without_answers_says_what_will_stand_there(viewer_client: Client) -> None:
    assert "Nobody has answered yet" in text_of(viewer_client.get("/responses/"))


def test_list_without_a_fit_offers_a_way_back(viewer_client: Client) -> None:
    make_response(comment="Iets")

    text = text_of(viewer_client.get("/responses/?q=niets"))

    assert "No answer fits these filters" in text


def test_list_pages_keep_the_filter(viewer_client: Client) -> None:
    survey = make_survey()
    contact = make_contact()
    Response.objects.bulk_create(
        Response(
            survey=survey,
            contact=contact,
            scale_min=0,
            score=9,
            comment=f"pakket {n}",
            channel="import",
            answered_at=NOW - dt.timedelta(minutes=n),
        )
        for n in range(51)
    )

    first = viewer_client.get("/responses/?q=pakket")
    second = viewer_client.get("/responses/?q=pakket&page=2")

    assert len(first.context["page"].object_list) == 50
    assert "?period=all&amp;q=pakket&amp;page=2" in text_of(first)
    assert [response.comment for response in second.context["page"]] == ["pakket 50"]


def test_list_takes_the_same_queries_for_any_number(agent_client: Client) -> None:
    counts = []
    for number in (1, 2):
        for _ in range(number):
            make_response(contact=make_contact(account=make_account()))
        with CaptureQueriesContext(connection) as queries:
            agent_client.get("/responses/")
        counts.append(len(queries))
        # Tabs, rows and their tags, the values to tick, files asked for, the newest answer, and
        # three times the tags to choose from; the rest is the frame.
        assert sum('FROM "responses_' in query["sql"] for query in queries) == 9

    assert counts[0] == counts[1]


def test_list_shows_no_address_to_a_viewer(viewer_client: Client, agent_client: Client) -> None:
    contact = make_contact(first_name="", last_name="", email="stil@klanten.example")
    response = make_response(contact=contact)

    pages = ["/responses/", response.get_absolute_url()]

    assert all("stil@klanten.example" not in text_of(viewer_client.get(page)) for page in pages)
    assert all("stil@klanten.example" in text_of(agent_client.get(page)) for page in pages)


def test_pages_show_a_viewer_no_address_that_stands_in_another_field(
    viewer_client: Client, agent_client: Client
) -> None:
    fields = ("naam", "bedrijf", "bestelling", "ronde")
    name, account, order, campaign_name = (f"{word}@klanten.example" for word in fields)
    contact = make_contact(first_name="", last_name=name, account=make_account(name=account))
    campaign = make_campaign(name=campaign_name, state="running")
    sent = {"state": "sent", "sent_at": timezone.now(), "answered_at": timezone.now()}
    invitation = make_invitation(campaign=campaign, contact=contact, **sent)
    response = make_response(invitation=invitation, occasion=order, score=9)
    invited = f"/responses/invited/?survey={campaign.survey.slug}"
    holding = {
        "/responses/": [name, account],
        response.get_absolute_url(): [name, account, order, campaign_name],
        invited: [name, account],
        "/": [],
    }

    for page, words in holding.items():
        seen, known = text_of(viewer_client.get(page)), text_of(agent_client.get(page))
        assert [word for word in words if word not in known] == []
        assert [word for word in (name, account, order) if word in seen] == []
    assert campaign_name not in text_of(viewer_client.get(response.get_absolute_url()))
    chosen = f"?campaign={campaign.pk}"
    for page in ("/", f"/{chosen}", "/responses/", f"/responses/{chosen}", invited):
        assert campaign_name not in viewer_client.get(page).content.decode()
    for page in (f"/{chosen}", f"/responses/{chosen}"):
        assert campaign_name in text_of(agent_client.get(page))


def test_page_shows_answer_versions_and_properties(viewer_client: Client) -> None:
    make_property(key="segment", label="Klantgroep")
    invitation = ask(contact=make_contact(properties={"segment": "Goud", "mail": "a@b.example"}))
    recorded = record_response(invitation, score=9, comment="Eerst", language="nl", now=NOW)
    later = NOW + dt.timedelta(hours=1)
    record_response(invitation, score=4, comment="Daarna", language="nl", now=later)

    text = text_of(viewer_client.get(recorded.get_absolute_url()))

    assert text.index("Daarna") < text.index("Eerst")
    assert "<dt>Klantgroep</dt> <dd>Goud</dd>" in text
    assert "a@b.example" not in text
    assert "replaced on 3 Nov. 2026, 12:00" in text


def test_page_says_why_an_answer_looks_automatic(viewer_client: Client) -> None:
    text = text_of(viewer_client.get(provisional().get_absolute_url()))

    assert "This answer looks automatic and does not count yet." in text
    assert "It was sent faster than a person can click." in text


def test_page_shows_markup_in_a_comment_as_text(viewer_client: Client) -> None:
    response = make_response(comment="<script>alert(1)</script>\n=cmd()")

    for page in ("/responses/", response.get_absolute_url()):
        text = text_of(viewer_client.get(page))
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)" in text


def test_page_of_nothing_is_404(viewer_client: Client) -> None:
    assert viewer_client.get("/responses/987654321/").status_code == 404


@pytest.mark.parametrize("action", ["accept", "exclude", "restore"])
def test_judging_needs_a_manager(agent_client: Client, action: str) -> None:
    response = provisional()

    answer = agent_client.post(f"/responses/{response.pk}/{action}/", {"reason": "Weg ermee"})

    response.refresh_from_db()
    assert answer.status_code == 403
    assert response.status == "provisional"


@pytest.mark.parametrize("action", ["accept", "exclude", "restore"])
def test_judging_by_get_is_not_allowed(manager_client: Client, action: str) -> None:
    response = provisional()

    answer = manager_client.get(f"/responses/{response.pk}/{action}/")

    response.refresh_from_db()
    if action == "exclude":  # where a refused form is drawn
        assert answer.headers["Location"] == response.get_absolute_url()
    else:
        assert answer.status_code == 405
    assert response.status == "provisional"


def test_accept_by_a_manager_counts(manager_client: Client, manager: User) -> None:
    response = provisional()

    answer = manager_client.post(f"/responses/{response.pk}/accept/", follow=True)

    response.refresh_from_db()
    assert (response.status, response.status_by) == ("counted", manager)
    assert "This answer counts now" in text_of(answer)
    assert "Decided by Marga Meting" in text_of(answer)


def test_exclude_by_a_manager_shows_the_reason_to_all(
    manager_client: Client, viewer_client: Client
) -> None:
    response = make_response()

    manager_client.post(
        f"/responses/{response.pk}/exclude/", {"reason": "own_test", "words": "Testmail"}
    )

    text = text_of(viewer_client.get(response.get_absolute_url()))
    assert "This answer does not count." in text
    assert "A test of our own: Testmail" in text
    assert "Decided by Marga Meting" in text


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"reason": ""},
        {"reason": "it hurts"},
        {"reason": "other", "words": "  "},
        {"reason": "twice", "words": "x" * 161},
    ],
)
def test_exclude_without_a_proper_reason_is_422(
    manager_client: Client, sent: dict[str, str]
) -> None:
    response = make_response()

    answer = manager_client.post(f"/responses/{response.pk}/exclude/", sent)

    response.refresh_from_db()
    assert answer.status_code == 422
    assert response.status == "counted"


def test_restore_by_a_manager_counts_again(manager_client: Client, manager: User) -> None:
    response = exclude_response(make_response(), user=manager, reason="Test", now=NOW)

    manager_client.post(f"/responses/{response.pk}/restore/")

    response.refresh_from_db()
    assert response.status == "counted"


def test_page_takes_the_same_queries_for_any_number_of_versions(agent_client: Client) -> None:
    invitation = ask()
    counts = []
    for number in range(4):
        now = NOW + dt.timedelta(minutes=number)
        recorded = record_response(invitation, score=number, comment="", language="nl", now=now)
        with CaptureQueriesContext(connection) as queries:
            agent_client.get(recorded.get_absolute_url())
        counts.append(len(queries))
        # The answer with all that belongs to it, its versions, its tags and those to choose from.
        assert sum('FROM "responses_' in query["sql"] for query in queries) == 4

    assert len(set(counts)) == 1
