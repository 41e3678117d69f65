"""Many answers of the list at once: tags and exclusion, with the way back."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from closeloop.models import Activity
from npsapp.models import User
from responses import bulk
from responses.judging import exclude_response, restore_response
from responses.models import AnswersAct, Response, Tag, TallySheet
from responses.tallies import advance
from responses.tally_check import find_differences
from responses.tasks import write_exports
from tests.closeloop.test_undo import press_undo
from tests.factories import (
    make_contact,
    make_follow_up,
    make_organisation,
    make_response,
    make_survey,
    make_user,
)

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
NOW = dt.datetime(2026, 7, 3, 10, tzinfo=dt.UTC)
URL = "/responses/bulk/"


def send(client: Client, *picked: Response, **fields: object) -> str:
    newest = Response.objects.order_by("-pk").first()
    sent = {"pick": [each.pk for each in picked], "seen": newest.pk if newest else 0, **fields}
    answer = client.post(URL, sent, follow=True)
    assert answer.status_code in (200, 422)
    return answer.content.decode()


def labels(response: Response) -> list[str]:
    return [tag.label for tag in response.tags.all()]


def status_of(response: Response) -> str:
    response.refresh_from_db()
    return response.status


def test_agent_tags_history_and_answers_with_a_follow_up(agent_client: Client, agent: User) -> None:
    history = make_response(channel="import")
    follow_up = make_follow_up()

    page = send(agent_client, history, follow_up.response, act="tag", add="Koerier, te  laat")

    assert "The tags of 2 answers are changed." in page
    assert labels(history) == labels(follow_up.response) == ["Koerier", "te laat"]
    line = Activity.objects.get(follow_up=follow_up, kind=Activity.Kind.TAGGED)
    assert (line.actor, line.details["added"]) == (agent, ["Koerier", "te laat"])


def test_tags_are_taken_back(agent_client: Client) -> None:
    history, follow_up = make_response(channel="import"), make_follow_up()
    old = Tag.objects.create(label="oud")
    follow_up.response.tags.add(old)
    page = send(agent_client, history, follow_up.response, act="tag", add="nieuw", remove=old.pk)
    assert labels(follow_up.response) == ["nieuw"]

    press_undo(agent_client, page)

    assert (labels(history), labels(follow_up.response)) == ([], ["oud"])
    assert AnswersAct.objects.count() == 0


def test_all_of_a_filter_are_meant_without_what_came_later(agent_client: Client) -> None:
    survey = make_survey(slug="levering")
    meant = [make_response(survey=survey, score=2) for _ in range(2)]
    other = make_response(survey=survey, score=9)
    seen = other.pk
    later = make_response(survey=survey, score=1)

    query = "survey=levering&category=detractor"
    send(agent_client, all="on", seen=seen, query=query, act="tag", add="traag")

    assert [labels(each) for each in (*meant, other, later)] == [["traag"], ["traag"], [], []]


def test_ninth_tag_is_refused_and_told(agent_client: Client) -> None:
    full, free = make_response(), make_response()
    full.tags.set([Tag.objects.create(label=f"tag {n}") for n in range(8)])

    page = send(agent_client, full, free, act="tag", add="negen")

    assert "1 has as many tags as there may be." in page
    assert (len(labels(full)), labels(free)) == (8, ["negen"])


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"act": "tag", "add": ""}, "Write a tag, or choose one to take off."),
        ({"act": "tag", "add": "x" * 41}, "A tag has at most 40 characters."),
        ({"act": "burn"}, "burn"),
    ],
)
def test_what_cannot_be_done_is_told_and_the_boxes_stay(
    agent_client: Client, fields: dict[str, str], told: str
) -> None:
    response = make_response()

    page = send(agent_client, response, **fields)

    assert told in page
    assert re.search(rf'value="{response.pk}" checked', page)


def test_nothing_ticked_is_told(agent_client: Client) -> None:
    assert "Tick the answers that this is about." in send(agent_client, act="tag", add="x")


def test_manager_excludes_after_a_page_that_tells_the_effect(
    manager_client: Client, manager: User
) -> None:
    happy, unhappy = make_response(score=9), make_response(score=2)
    doubtful = make_response(score=0, status="provisional")

    page = send(manager_client, happy, unhappy, doubtful, act="exclude")
    chosen = re.search(r'name="chosen" value="([^"]*)"', page)
    assert chosen is not None
    assert "2 answers will no longer count" in page
    assert "1 does not count anyway" in page
    assert status_of(happy) == "counted"

    sent = {"chosen": chosen.group(1), "reason": "own_test", "words": "Proef van maandag"}
    done = manager_client.post("/responses/exclude/", sent, follow=True).content.decode()

    assert "2 answers no longer count." in done
    assert [status_of(each) for each in (happy, unhappy)] == ["excluded", "excluded"]
    assert status_of(doubtful) == "provisional"
    assert (happy.status_reason, happy.status_by) == ("own_test: Proef van maandag", manager)
    assert happy.status_text == "A test of our own: Proef van maandag"

    press_undo(manager_client, done)

    assert [status_of(each) for each in (happy, unhappy)] == ["counted", "counted"]


def test_undo_leaves_what_somebody_judged_since(manager: User) -> None:
    first, second = make_response(), make_response()
    chosen = bulk.pick([first.pk, second.pk])
    done = bulk.exclude(chosen, reason="twice", user=manager, now=NOW)
    later = NOW + dt.timedelta(minutes=1)
    exclude_response(second, user=make_user(), reason="machine", now=later)
    assert done.act is not None

    outcome = bulk.undo(done.act, write=lambda *_: ([], []), user=manager, now=later)

    assert (outcome.done, outcome.unchanged) == (1, 1)
    assert (status_of(first), status_of(second)) == ("counted", "excluded")
    assert second.status_reason == "machine"


def test_what_a_colleague_did_meanwhile_is_left_alone(manager: User) -> None:
    survey, colleague = make_survey(), make_user()
    theirs, gone, mine = (make_response(survey=survey, channel="import") for _ in range(3))
    chosen = bulk.pick([theirs.pk, gone.pk, mine.pk])
    exclude_response(theirs, user=colleague, reason="Dubbel", now=NOW)
    gone.delete()

    done = bulk.exclude(chosen, reason="twice", user=manager, now=NOW)

    assert (done.done, done.unchanged) == (1, 2)
    assert (status_of(theirs), theirs.status_reason) == ("excluded", "Dubbel")
    assert theirs.status_by == colleague
    assert status_of(mine) == "excluded"


def test_what_counts_again_meanwhile_is_not_restored_twice(manager: User) -> None:
    survey, colleague = make_survey(), make_user()
    theirs, gone, mine = (
        make_response(survey=survey, channel="import", status="excluded", status_reason="Dubbel")
        for _ in range(3)
    )
    chosen = bulk.pick([theirs.pk, gone.pk, mine.pk])
    restore_response(theirs, user=colleague, now=NOW)
    gone.delete()

    done = bulk.restore(chosen, user=manager, now=NOW)

    assert (done.done, done.unchanged) == (1, 2)
    assert (status_of(theirs), theirs.status_by) == ("counted", colleague)
    assert done.act is not None
    assert [each["reason"] for each in done.act.done] == ["Dubbel"]


def test_settled_day_is_counted_once_for_many(manager: User) -> None:
    make_organisation()
    first, second = make_survey(), make_survey()
    old = NOW - 30 * DAY
    rows = [
        make_response(survey=survey, channel="import", answered_at=old)
        for survey in (first, second)
        for _ in range(6)
    ]
    advance(now=NOW)
    assert TallySheet.objects.filter(dimension="", through__gte=old.date()).count() == 2
    chosen = bulk.pick([row.pk for row in rows])

    with CaptureQueriesContext(connection) as ran:
        done = bulk.exclude(chosen, reason="twice", user=manager, now=NOW)

    counted = [q for q in ran.captured_queries if "INSERT INTO responses_dailytally" in q["sql"]]
    # Of each survey once for those that count, and once for those that do not.
    assert (done.done, len(counted)) == (12, 4)
    assert [*find_differences(first), *find_differences(second)] == []
    assert done.act is not None
    taken_back = bulk.undo(done.act, write=lambda *_: ([], []), user=manager, now=NOW)
    assert taken_back.done == 12
    assert [*find_differences(first), *find_differences(second)] == []


def test_manager_counts_again_and_takes_that_back(manager_client: Client, manager: User) -> None:
    response = exclude_response(make_response(), user=manager, reason="Oude reden", now=NOW)

    page = send(manager_client, response, act="restore")
    assert "1 answer counts again." in page
    assert status_of(response) == "counted"

    press_undo(manager_client, page)

    assert (status_of(response), response.status_reason) == ("excluded", "Oude reden")


def test_exclusion_without_a_reason_asks_again(manager_client: Client) -> None:
    response = make_response()

    answer = manager_client.post("/responses/exclude/", {"chosen": str(response.pk)})

    assert answer.status_code == 422
    assert "Choose a reason." in answer.content.decode()
    assert status_of(response) == "counted"


def test_filter_of_more_than_the_most_is_done_in_parts(
    manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST", 2)
    newest = [make_response() for _ in range(3)][-1]

    chosen = bulk.pick_all(Response.objects.all(), seen=newest.pk)

    assert (len(chosen.rows), chosen.matching) == (2, 3)


@pytest.mark.parametrize("act", ["exclude", "restore"])
def test_agents_judge_nothing(agent_client: Client, act: str) -> None:
    response = make_response()

    answer = agent_client.post(URL, {"pick": response.pk, "seen": response.pk, "act": act})

    assert answer.status_code == 403
    sent = {"chosen": str(response.pk), "reason": "own_test", "words": "Proef"}
    assert agent_client.post("/responses/exclude/", sent).status_code == 403
    assert status_of(response) == "counted"


def test_viewers_get_no_boxes_and_may_not_send_any(viewer_client: Client) -> None:
    response = make_response()

    assert 'name="pick"' not in viewer_client.get("/responses/").content.decode()
    act = {"pick": response.pk, "seen": response.pk, "act": "tag", "add": "Storing"}
    assert viewer_client.post(URL, act).status_code == 403
    assert not response.tags.exists()


def test_undo_belongs_to_one_person(manager_client: Client) -> None:
    theirs = AnswersAct.objects.create(user=make_user(), kind="tag", at=NOW)

    assert manager_client.post(f"{URL}{theirs.pk}/undo/").status_code == 404
    assert manager_client.get(f"{URL}{theirs.pk}/undo/").status_code == 405


def test_acts_are_kept_for_a_day(manager_client: Client, manager: User) -> None:
    now = timezone.now()
    old = AnswersAct.objects.create(user=manager, kind="tag", at=now - 2 * DAY)
    kept = AnswersAct.objects.create(user=make_user(), kind="tag", at=now)

    assert manager_client.post(f"{URL}{old.pk}/undo/").status_code == 404
    write_exports()

    assert list(AnswersAct.objects.all()) == [kept]


def test_reading_a_filled_in_address_leads_to_the_list(manager_client: Client) -> None:
    assert manager_client.get(URL).headers["Location"] == "/responses/"
    assert manager_client.get("/responses/exclude/").headers["Location"] == "/responses/"


def test_list_is_narrowed_to_a_tag_and_to_an_account(viewer_client: Client) -> None:
    tagged, other = make_response(contact=make_contact()), make_response()
    tag = Tag.objects.create(label="koerier")
    tagged.tags.add(tag)

    answer = viewer_client.get(f"/responses/?tag={tag.pk}")

    assert [each.pk for each in answer.context["page"]] == [tagged.pk]
    assert "Tag: koerier" in answer.content.decode()
    assert other.pk not in [each.pk for each in answer.context["page"]]
    assert viewer_client.get("/responses/?tag=987654").status_code == 422
