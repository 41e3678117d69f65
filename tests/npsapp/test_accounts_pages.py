"""Accounts with what their people answered last, who never did, and what is still to be done."""

from __future__ import annotations

import datetime as dt
import html

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from npsapp.models import User
from surveys.models import Account, Contact, Survey
from tests.factories import (
    make_account,
    make_campaign,
    make_contact,
    make_follow_up,
    make_invitation,
    make_response,
    make_survey,
)

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 7, 3, 10, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
URL = "/contacts/accounts/"


def say(account: Account, survey: Survey, *scores: int, at: dt.datetime = NOW) -> list[Contact]:
    """Let new people of the account give these scores, each a minute after the one before."""
    people = [make_contact(account=account) for _ in scores]
    for number, (person, score) in enumerate(zip(people, scores, strict=True)):
        moment = at + dt.timedelta(minutes=number)
        make_response(survey=survey, contact=person, score=score, answered_at=moment)
    return people


def names(client: Client, query: str = "") -> list[str]:
    return [row.account.name for row in client.get(URL + query).context["rows"]]


def row_of(client: Client, account: Account, query: str = "") -> object:
    rows = client.get(URL + query).context["rows"]
    return next(row for row in rows if row.account == account)


def test_account_is_measured_by_the_last_answer_of_each_person(agent_client: Client) -> None:
    survey, account = make_survey(), make_account()
    first, *_rest = say(account, survey, 0, 9, 10, 7, 3)
    make_response(survey=survey, contact=first, score=10, answered_at=NOW + DAY)
    make_response(survey=make_survey(), contact=first, score=0, answered_at=NOW - DAY)

    measured = row_of(agent_client, account).measured  # type: ignore[attr-defined]

    # 10, 9, 10 against 3: (3 - 1) / 5.
    assert (measured.n, measured.nps, measured.answers) == (5, 40.0, 6)
    assert measured.newest == NOW + DAY


def test_too_few_people_for_a_score_are_shown_one_by_one(agent_client: Client) -> None:
    survey, account = make_survey(), make_account(name="Bakkerij Vlieg")
    say(account, survey, 2, 9, 8, 10)

    measured = row_of(agent_client, account).measured  # type: ignore[attr-defined]
    page = agent_client.get(URL).content.decode()

    assert measured.nps is None
    assert [score for score, _category in measured.scores] == [10, 8, 9, 2]
    assert '<span class="mark mark-detractor">2</span>' in page


def test_what_does_not_count_is_not_shown(agent_client: Client) -> None:
    survey, account = make_survey(), make_account()
    (person,) = say(account, survey, 9)
    later = {"contact": person, "survey": survey, "answered_at": NOW + DAY}
    make_response(score=0, status="excluded", **later)
    make_response(score=0, status="provisional", **later)

    measured = row_of(agent_client, account).measured  # type: ignore[attr-defined]

    assert (measured.scores, measured.answers) == ([(9, "promoter")], 1)


def test_list_is_filtered_and_ordered(agent_client: Client, agent: User) -> None:
    survey = make_survey()
    anna, bas, cor = (make_account(name=name) for name in ("Anna", "Bas", "Cor"))
    make_account(name="Dirk", owner=agent)
    say(anna, survey, 9, at=NOW)
    (recovered,) = say(bas, survey, 2, at=NOW + DAY)
    make_response(survey=survey, contact=recovered, score=9, answered_at=NOW + 2 * DAY)
    say(cor, survey, 5, 9, 9, at=NOW - DAY)

    assert names(agent_client) == ["Anna", "Bas", "Cor", "Dirk"]
    assert names(agent_client, "?q=a") == ["Anna", "Bas"]
    assert names(agent_client, f"?owner={agent.pk}") == ["Dirk"]
    assert names(agent_client, "?owner=none") == ["Anna", "Bas", "Cor"]
    assert names(agent_client, "?detractors=on") == ["Cor"]  # Bas gave a 9 since
    assert names(agent_client, "?sort=newest") == ["Bas", "Anna", "Cor"]
    assert names(agent_client, "?sort=answers") == ["Cor", "Bas", "Anna"]
    assert names(agent_client, "?sort=newest&q=a&detractors=on") == []


def test_survey_that_is_shown_is_the_one_that_is_chosen(agent_client: Client) -> None:
    old, new = make_survey(slug="aaa"), make_survey(slug="zzz")
    account = make_account()
    say(account, old, 9, at=NOW - DAY)
    say(account, new, 3)

    page = agent_client.get(URL)
    assert page.context["survey"] == new
    assert 'value="zzz" selected' in page.content.decode()
    assert row_of(agent_client, account, "?survey=aaa").measured.scores == [(9, "promoter")]  # type: ignore[attr-defined]


def test_wrong_filter_is_told(agent_client: Client) -> None:
    assert agent_client.get(f"{URL}?sort=colour").status_code == 422
    assert agent_client.get(f"{URL}?owner=987654").status_code == 422


def test_list_takes_the_same_queries_for_any_number(agent_client: Client) -> None:
    survey, counts = make_survey(), []
    for _ in range(3):
        account = make_account()
        for person in say(account, survey, 2, 9):
            make_follow_up(response=person.responses.get())
        with CaptureQueriesContext(connection) as queries:
            agent_client.get(URL)
        counts.append(len(queries))

    assert len(set(counts)) == 1


def test_numbers_lead_to_their_rows(agent_client: Client) -> None:
    survey, account = make_survey(slug="levering"), make_account()
    say(account, survey, 2, 9)
    say(make_account(), survey, 5)
    address = f"/responses/?account={account.pk}&survey=levering&period=all&status=counted"

    assert f'href="{address}"' in html.unescape(agent_client.get(URL).content.decode())
    rows = agent_client.get(address).context["page"]
    assert sorted(each.score for each in rows) == [2, 9]


def test_account_tells_who_never_answered_and_who_is_next(agent_client: Client) -> None:
    survey, account = make_survey(), make_account(name="Bakkerij Vlieg")
    campaign = make_campaign(survey=survey, name="Herfst")
    (answered,) = say(account, survey, 9)
    silent = make_contact(account=account, last_name="Stil")
    make_invitation(campaign=campaign, contact=silent, state="sent", sent_at=NOW)
    coming = make_contact(account=account, last_name="Straks")
    make_invitation(campaign=campaign, contact=coming, scheduled_for=NOW + DAY)

    page = agent_client.get(f"{URL}{account.pk}/")
    lists = {}
    for who in ("silent", "never"):
        rows = agent_client.get(f"{URL}{account.pk}/?who={who}").context["rows"]
        lists[who] = [person for person, _last in rows]

    assert page.context["numbers"] == {"all": 3, "answered": 1, "silent": 1, "never": 1}
    assert lists == {"silent": [silent], "never": [coming]}
    assert [each.contact for each in page.context["coming"]] == [coming]
    assert {person: bool(last) for person, last in page.context["rows"]}[answered]


def test_account_shows_its_years_and_open_follow_ups(agent_client: Client) -> None:
    survey, account = make_survey(), make_account()
    say(account, survey, 3, 9, at=NOW - 365 * DAY)
    people = say(account, survey, 10, 10, 9, 9, 2)
    follow_up = make_follow_up(response=people[-1].responses.get())

    page = agent_client.get(f"{URL}{account.pk}/")

    years = [(each.year, each.measured.n, each.measured.nps) for each in page.context["years"]]
    assert years == [(2026, 5, 60.0), (2025, 2, None)]
    assert follow_up.get_absolute_url() in page.content.decode()
    assert page.context["n_open"] == 1


def test_account_without_answers_is_a_page_too(agent_client: Client) -> None:
    account = make_account()
    make_contact(account=account)

    page = agent_client.get(f"{URL}{account.pk}/?who=strange&survey=none").content.decode()

    assert "Nobody of them has answered yet." in page
    assert "Nothing waits for us here." in page


def test_account_takes_the_same_queries_for_any_number_of_people(agent_client: Client) -> None:
    survey, account, counts = make_survey(), make_account(), []
    for _ in range(3):
        say(account, survey, 2, 9)
        with CaptureQueriesContext(connection) as queries:
            agent_client.get(f"{URL}{account.pk}/")
        counts.append(len(queries))

    assert len(set(counts)) == 1


def test_accounts_are_not_for_viewers(viewer_client: Client) -> None:
    account = make_account()

    assert viewer_client.get(URL).status_code == 403
    assert viewer_client.get(f"{URL}{account.pk}/").status_code == 403
