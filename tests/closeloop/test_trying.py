"""A colleague's answer to their own test mail: real in the queue, and in no number anywhere."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from closeloop.models import Activity, FollowUp
from closeloop.opening import open_follow_up, sweep
from closeloop.reports.queue import count_mine, queue_counts
from closeloop.reports.team import draw_team
from closeloop.trying import NotATest, remove_test
from npsapp.models import User
from responses.models import Response
from responses.trying import record_test
from surveys.links import trial_url
from surveys.models import Campaign, Mail, Sender, Survey, get_organisation
from surveys.sending.compose import compose_test_mail
from tests.factories import (
    make_campaign,
    make_follow_up,
    make_member,
    make_organisation,
    make_response,
    make_sender,
    make_survey,
    make_test,
    make_user,
)
from tests.snapshots import snapshot_rows

pytestmark = pytest.mark.django_db


def count_loads() -> list[int]:
    return [row.load for row in draw_team(get_organisation(), now=timezone.now()).members]


@pytest.fixture
def campaign() -> Campaign:
    make_organisation()
    return make_campaign(survey=make_survey(name="Klanten", languages=["en"]))


def read_link(campaign: Campaign, tester: User, score: int) -> str:
    """The address behind a number of the test mail, as somebody clicks it."""
    _subject, _text, html = compose_test_mail(campaign, language="en", user=tester)
    links = [unescape(link) for link in re.findall(r'href="([^"]+)"', html)]
    (link,) = [link for link in links if link.endswith(f"score={score}")]
    return "/" + link.partition("://")[2].partition("/")[2]


def test_link_of_the_test_mail_writes_nothing_when_opened(
    campaign: Campaign, manager: User, client: Client
) -> None:
    link = read_link(campaign, manager, 3)
    before = snapshot_rows()

    page = client.get(link)
    client.head(link)
    done = client.get(link.partition("?")[0] + "done/")

    assert snapshot_rows() == before
    assert "This is your test." in page.content.decode()
    assert 'value="3" id="score-3"\n                   checked' in page.content.decode()
    assert done.status_code == 302


def test_sending_it_in_opens_a_follow_up_of_the_tester(
    campaign: Campaign, manager: User, client: Client
) -> None:
    make_member()

    sent = client.post(
        read_link(campaign, manager, 3), {"score": "3", "comment": "Probeersel"}, follow=True
    )
    swept = sweep(now=timezone.now())
    follow_up = FollowUp.everything.get()

    assert "Probeersel" in sent.content.decode()
    assert swept == 1
    assert (follow_up.is_test, follow_up.owner, follow_up.state) == (True, manager, "open")
    assert get_organisation().test_answered_at is not None
    assert Mail.objects.count() == 0  # no notice of a detractor


def test_second_answer_changes_the_first(campaign: Campaign, manager: User) -> None:
    first = record_test(
        campaign, tester=manager, score=3, comment="", language="en", now=timezone.now()
    )
    open_follow_up(first.pk, now=timezone.now())

    again = record_test(
        campaign, tester=manager, score=10, comment="", language="en", now=timezone.now()
    )
    follow_up = open_follow_up(again.pk, now=timezone.now())

    assert again.pk == first.pk
    assert again.category == "promoter"
    assert follow_up is not None
    assert Activity.objects.filter(follow_up=follow_up, kind="answer_changed").count() == 1


def read_pages(client: Client, paths: list[str]) -> list[str]:
    """What the pages say, without the tokens that are new each time, and the time of printing."""
    pages = [b"".join(client.get(path)).decode() for path in paths]
    # The list of first steps leads to the test: that is no count.
    step = r'href="[^"]*">Your own answer to it'
    return [re.sub(rf"[A-Za-z0-9]{{64}}|{step}|\d\d:\d\d</p>", "", page) for page in pages]


def test_test_is_in_no_count(manager: User, manager_client: Client) -> None:
    make_organisation()
    make_member(user=manager)
    real = make_response(score=10)
    before = {
        "queue": queue_counts(user=manager, now=timezone.now()),
        "mine": count_mine(manager, now=timezone.now()),
        "load": count_loads(),
    }
    survey = real.survey
    assert real.invitation is not None
    paths = [
        reverse("dashboard") + "?period=all",
        reverse("responses"),
        reverse("responses_export"),
        reverse("surveys"),
    ]
    pages = read_pages(manager_client, paths)
    make_test(tester=manager, campaign=real.invitation.campaign, score=0, comment="Probeersel")

    after = {
        "queue": queue_counts(user=manager, now=timezone.now()),
        "mine": count_mine(manager, now=timezone.now()),
        "load": count_loads(),
    }

    assert after == before
    assert list(Response.objects.all()) == [real]
    assert list(survey.responses.all()) == [real]
    assert list(Response.everything.counted()) == [real]
    assert read_pages(manager_client, paths) == pages


def test_test_does_not_lock_the_question(manager: User) -> None:
    survey = make_survey()
    make_test(tester=manager, campaign=make_campaign(survey=survey, state="draft"))

    assert Survey.objects.get(pk=survey.pk).find_lock() == ""


def test_test_answer_has_no_page_among_the_responses(manager: User, manager_client: Client) -> None:
    test = make_test(tester=manager)

    seen = manager_client.get(reverse("response", args=[test.response_id]))
    excluded = manager_client.post(
        reverse("response_exclude", args=[test.response_id]), {"reason": "x"}
    )

    assert (seen.status_code, excluded.status_code) == (404, 404)


def test_queue_shows_it_apart_and_labelled(manager: User, manager_client: Client) -> None:
    test = make_test(tester=manager, comment="Probeersel")
    make_follow_up(owner=manager)

    response = manager_client.get(reverse("follow_ups"))
    html = response.content.decode()

    assert len(response.context["page"]) == 1
    assert 'id="tests-title"' in html
    assert html.index("Probeersel") < html.index('aria-label="Views"')
    assert reverse("follow_up_remove_test", args=[test.pk]) in html


def test_test_can_be_worked_on_like_any_other(manager: User, manager_client: Client) -> None:
    make_organisation()
    make_sender(lane=Sender.Lane.TRANSACTIONAL)
    test = make_test(tester=manager, score=10)
    page = manager_client.get(test.get_absolute_url()).content.decode()

    manager_client.post(
        reverse("follow_up_reply", args=[test.pk]),
        {
            "version": test.version, "subject": "Re: dank", "text": "Dank je wel",
            "outcome": "thanked", "then": "close",
        },
    )  # fmt: skip
    test.refresh_from_db(from_queryset=FollowUp.everything.all())
    mail = Mail.objects.get(kind="reply")

    assert "Test by Marga Meting" in page
    assert f"To {manager.email}" in page
    assert mail.to_email == manager.email
    assert test.state == "closed"


def test_removing_one_takes_everything_of_it(manager: User, agent_client: Client) -> None:
    make_organisation()
    before = {
        table: rows
        for table, rows in snapshot_rows().items()
        if table.startswith(("responses_", "closeloop_followup", "closeloop_activity"))
    }
    test = make_test(tester=manager)

    agent_client.post(reverse("follow_up_remove_test", args=[test.pk]))

    after = snapshot_rows()
    assert {table: after[table] for table in before} == before


def test_removing_all_leaves_what_customers_said(manager_client: Client) -> None:
    make_organisation()
    real = make_follow_up()
    make_test()
    make_test()

    said = manager_client.post(reverse("follow_ups_remove_tests"), follow=True).content.decode()
    single = manager_client.post(reverse("follow_up_remove_test", args=[real.pk]))

    assert "2 test answers are removed." in said
    assert single.status_code == 404
    assert list(FollowUp.everything.all()) == [real]
    with pytest.raises(NotATest):
        remove_test(real)


def test_link_of_a_deactivated_colleague_is_dead(
    campaign: Campaign, manager: User, client: Client
) -> None:
    url = trial_url(campaign.pk, manager.pk).partition("://")[2].partition("/")[2]
    manager.is_active = False
    manager.save(update_fields=["is_active"])

    assert client.post("/" + url, {"score": "9"}).status_code == 404
    assert Response.everything.count() == 0


def test_database_refuses_a_test_that_could_count(manager: User) -> None:
    real = make_response()

    for wrong in ({"tester": manager}, {"status": "test"}):
        with pytest.raises((IntegrityError, ValidationError)), transaction.atomic():
            Response.everything.filter(pk=real.pk).update(**wrong)


def test_nobody_on_duty_gets_a_viewers_test() -> None:
    make_member()

    test = make_test(tester=make_user(role="viewer"))

    assert test.owner is None
