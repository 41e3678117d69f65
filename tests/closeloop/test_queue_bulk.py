"""One act on many rows: each from the version that was seen; undo takes back what still stands."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from closeloop import assigning, improving
from closeloop.forms.improving import ChosenForm
from closeloop.models import (
    Activity,
    BulkAct,
    FollowUp,
    Improvement,
    ImprovementVoice,
    RootCause,
)
from closeloop.noting import add_note
from closeloop.tasks import forget_received
from npsapp.models import User
from responses.models import Tag
from tests.closeloop.test_undo import press_undo
from tests.factories import (
    make_contact,
    make_follow_up,
    make_invitation,
    make_organisation,
    make_response,
    make_user,
)

URL = "/follow-ups/bulk/"
NOW = dt.datetime(2026, 11, 23, 14, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def make_named(last_name: str, *, score: int = 9, **fields: Any) -> FollowUp:
    contact = make_contact(first_name="Fenna", last_name=last_name)
    invitation = make_invitation(contact=contact, state="sent")
    return make_follow_up(response=make_response(invitation=invitation, score=score), **fields)


@pytest.fixture
def three(db: None) -> list[FollowUp]:
    make_organisation()
    return [make_named(name) for name in ("Jansen", "Bakker", "Visser")]


def act(client: Client, rows: list[FollowUp], name: str, **fields: Any) -> Any:
    picked = [f"{row.pk}-{row.version}" for row in rows]
    asked = {"act": name, "seen": 0, "query": "view=all", "pick": picked}
    return client.post(URL, asked | fields, follow=True)


def said(response: Any) -> str:
    return str(next(iter(response.context["messages"])))


def states(rows: list[FollowUp]) -> list[tuple[str, User | None]]:
    found = FollowUp.objects.in_bulk([row.pk for row in rows])
    return [(found[row.pk].state, found[row.pk].owner) for row in rows]


def test_own_takes_all_ticked_ones_and_undo_gives_them_back(
    agent_client: Client, agent: User, three: list[FollowUp]
) -> None:
    other = make_user()
    FollowUp.objects.filter(pk=three[0].pk).update(owner=other)

    page = act(agent_client, three[:2], "own")

    assert said(page) == "2 follow-ups are yours now."
    assert [owner for _state, owner in states(three)] == [agent, agent, None]
    assert page.request["QUERY_STRING"] == "view=all"
    assert "2 follow-ups are as they were." in press_undo(agent_client, page.content.decode())
    assert states(three) == [("open", other), ("open", None), ("open", None)]


def test_undo_gives_nothing_to_whoever_may_not_have_it_any_more(
    agent_client: Client, three: list[FollowUp]
) -> None:
    gone, reader = make_user(), make_user()
    FollowUp.objects.filter(pk=three[0].pk).update(owner=gone)
    FollowUp.objects.filter(pk=three[1].pk).update(owner=reader)
    page = act(agent_client, three[:2], "own")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    User.objects.filter(pk=reader.pk).update(role="viewer")

    press_undo(agent_client, page.content.decode())

    assert [owner for _state, owner in states(three)] == [None, None, None]


def test_row_that_changed_meanwhile_is_left_and_named(
    agent_client: Client, agent: User, three: list[FollowUp]
) -> None:
    colleague = make_user()
    assigning.take(three[1], user=colleague, version=1, now=timezone.now())

    page = act(agent_client, three, "own")

    assert said(page) == (
        "2 follow-ups are yours now. 1 was left as it is, because it changed meanwhile: "
        "Fenna Bakker (9)."
    )
    assert [owner for _state, owner in states(three)] == [agent, colleague, agent]


def test_undo_leaves_what_changed_since_and_works_once(
    agent_client: Client, agent: User, three: list[FollowUp]
) -> None:
    page = act(agent_client, three, "close", outcome="thanked")
    closed = FollowUp.objects.get(pk=three[2].pk)
    add_note(closed, text="Nog iets", user=make_user(), version=2, now=timezone.now())
    bulk_act = BulkAct.objects.get()

    html = press_undo(agent_client, page.content.decode())

    assert "2 follow-ups are as they were. 1 was left as it is" in html
    assert "Fenna Visser (9)" in html
    assert [state for state, _owner in states(three)] == ["open", "open", "closed"]
    assert agent_client.post(f"{URL}{bulk_act.pk}/undo/").status_code == 404


def test_ticked_ones_are_put_behind_an_improvement(
    agent_client: Client, agent: User, three: list[FollowUp]
) -> None:
    idea = improving.write_down(Improvement(title="Sneller bezorgen"), user=agent, now=NOW)

    page = act(agent_client, three[:2], "gather")
    assert page.context["follow_ups"] == three[:2]
    assert (BulkAct.objects.count(), ImprovementVoice.objects.count()) == (0, 0)

    asked = re.findall(r'name="follow_up" value="(\d+)"', page.content.decode())
    agent_client.post(page.request["PATH_INFO"], {"improvement": idea.pk, "follow_up": asked})
    voices = ImprovementVoice.objects.filter(improvement=idea)
    assert sorted(voices.values_list("follow_up", flat=True)) == [row.pk for row in three[:2]]


def test_no_more_are_put_behind_an_improvement_than_an_address_names(
    agent_client: Client, three: list[FollowUp], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ChosenForm, "MOST", 2)

    page = act(agent_client, [], "gather", all="on", seen=Activity.objects.latest("pk").pk)

    assert said(page) == "Of 3 that match only the first 2 were looked at."
    assert len(page.context["follow_ups"]) == 2


def test_nobody_takes_back_what_another_did(
    agent_client: Client, manager_client: Client, three: list[FollowUp]
) -> None:
    act(agent_client, three, "close", outcome="thanked")

    response = manager_client.post(f"{URL}{BulkAct.objects.get().pk}/undo/")

    assert response.status_code == 404
    assert [state for state, _owner in states(three)] == ["closed"] * 3


def test_assign_gives_them_to_a_colleague_or_to_nobody(
    agent_client: Client, three: list[FollowUp]
) -> None:
    colleague = make_user(role="agent")

    act(agent_client, three, "assign", to=colleague.pk)
    assert [owner for _state, owner in states(three)] == [colleague] * 3
    fresh = list(FollowUp.objects.order_by("pk"))
    act(agent_client, fresh[:1], "assign", to="")

    assert [owner for _state, owner in states(three)] == [None, colleague, colleague]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("x" * 60, "A tag has at most 40 characters."),
        ("a\0b", "Null characters are not allowed."),
    ],
)
def test_tag_that_cannot_be_kept_is_refused(
    agent_client: Client, three: list[FollowUp], words: str, error: str
) -> None:
    page = act(agent_client, three, "tag", add=f"levering, {words}")

    assert (page.status_code, page.context["bulk"].errors) == (422, {"add": [error]})
    assert Tag.objects.count() == 0


def test_tags_are_added_and_taken_off_and_undo_restores_each_row(
    agent_client: Client, three: list[FollowUp]
) -> None:
    old = Tag.objects.create(label="oud")
    three[0].tags.add(old)

    page = act(agent_client, three, "tag", add="levering, Doos", remove=old.pk)

    assert said(page) == "The tags of 3 follow-ups are changed."
    labels = [sorted(row.tags.values_list("label", flat=True)) for row in three]
    assert labels == [["Doos", "levering"]] * 3
    press_undo(agent_client, page.content.decode())
    labels = [sorted(row.tags.values_list("label", flat=True)) for row in three]
    assert labels == [["oud"], [], []]


def test_snooze_ends_at_the_start_of_a_working_day_and_undo_wakes(
    agent_client: Client, three: list[FollowUp]
) -> None:
    until = timezone.now() + 2 * DAY
    FollowUp.objects.filter(pk=three[0].pk).update(snoozed_until=until)

    page = act(agent_client, three, "snooze", until="week")

    later = FollowUp.objects.filter(snoozed_until__gt=timezone.now() + 5 * DAY)
    assert later.values("snoozed_until").distinct().count() == 1
    assert later.count() == 3
    press_undo(agent_client, page.content.decode())
    fresh = FollowUp.objects.in_bulk()
    assert [fresh[row.pk].snoozed_until for row in three] == [until, None, None]


def test_closing_of_what_slept_is_taken_back_with_its_sleep(
    agent_client: Client, three: list[FollowUp]
) -> None:
    until = timezone.now() + 2 * DAY
    FollowUp.objects.filter(pk=three[0].pk).update(snoozed_until=until)
    page = act(agent_client, three, "close", outcome="thanked")

    press_undo(agent_client, page.content.decode())

    fresh = FollowUp.objects.get(pk=three[0].pk)
    assert (fresh.state, fresh.snoozed_until) == ("open", until)


def test_detractor_is_not_closed_without_a_root_cause(
    agent_client: Client, three: list[FollowUp]
) -> None:
    low = make_named("Laag", score=3)
    cause = RootCause.objects.filter(is_active=True).first()
    assert cause is not None

    refused = act(agent_client, [*three, low], "close", outcome="solved")
    assert refused.status_code == 422
    assert "Choose what caused the detractors’ scores." in refused.content.decode()
    # What was ticked is ticked still, and the panel is open.
    assert len(re.findall(r'name="pick"[^>]* checked', refused.content.decode())) == 4
    assert re.search(r'id="act-close"[^>]* open', refused.content.decode())
    assert FollowUp.objects.closed().count() == 0
    act(agent_client, [*three, low], "close", outcome="solved", root_cause=cause.pk)

    assert FollowUp.objects.closed().filter(root_cause=cause).count() == 4


@pytest.mark.parametrize(
    ("name", "fields", "error"),
    [
        ("close", {}, "Choose what came of it."),
        ("tag", {}, "Write a tag, or choose one to take off."),
        ("tag", {"add": "x" * 41}, "A tag has at most 40 characters."),
        ("snooze", {"until": "never"}, "Select a valid choice."),
        ("own", {"pick": []}, "Tick the follow-ups that this is about."),
        ("own", {"pick": ["1-1; DROP"]}, "Tick the follow-ups that this is about."),
        ("delete", {}, "Select a valid choice."),
    ],
)
def test_act_without_what_it_needs_changes_nothing(
    agent_client: Client, three: list[FollowUp], name: str, fields: dict[str, Any], error: str
) -> None:
    refused = act(agent_client, three, name, **fields)

    assert refused.status_code == 422
    assert error in refused.content.decode()
    assert Activity.objects.exclude(kind="opened").count() == 0


def test_all_that_match_are_done_but_for_what_changed_after_the_page(
    agent_client: Client, agent: User, three: list[FollowUp]
) -> None:
    seen = agent_client.get("/follow-ups/?view=all").context["seen"]
    make_named("Later")
    add_note(three[0], text="Pas op", user=make_user(), version=1, now=timezone.now())
    make_named("Ander", score=2)

    asked = {"act": "own", "all": "on", "seen": seen, "query": "view=all&category=promoter"}
    page = agent_client.post(URL, asked, follow=True)

    assert said(page) == (
        "2 follow-ups are yours now. 2 were left as they are, because they changed meanwhile: "
        "Fenna Jansen (9), Fenna Later (9)."
    )
    mine = FollowUp.objects.mine(agent).order_by("pk")
    assert list(mine) == three[1:]


def test_no_more_than_the_most_are_done_at_once(
    agent_client: Client, agent: User, three: list[FollowUp], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("closeloop.bulk.MOST", 2)

    seen = agent_client.get("/follow-ups/?view=all").context["seen"]
    asked = {"act": "own", "all": "on", "seen": seen, "query": "view=all"}
    page = agent_client.post(URL, asked, follow=True)

    assert "Of 3 that match only the first 2 were looked at." in said(page)
    assert FollowUp.objects.mine(agent).count() == 2


def test_every_row_has_its_line_in_the_timeline(
    agent_client: Client, agent: User, three: list[FollowUp]
) -> None:
    act(agent_client, three, "close", outcome="thanked", closing_note="Allen gebeld")

    lines = Activity.objects.filter(kind="closed", actor=agent, text="Allen gebeld")
    assert set(lines.values_list("follow_up", flat=True)) == {row.pk for row in three}


def test_test_answers_are_not_among_them(agent_client: Client, three: list[FollowUp]) -> None:
    FollowUp.objects.filter(pk=three[0].pk).update(is_test=True)

    assert said(act(agent_client, three, "own")) == "2 follow-ups are yours now."


def test_erased_person_is_named_as_such(agent_client: Client, three: list[FollowUp]) -> None:
    add_note(three[0], text="Pas op", user=make_user(), version=1, now=timezone.now())
    three[0].response.contact = None
    three[0].response.save(update_fields=["contact"])

    assert "Erased person (9)" in said(act(agent_client, three, "own"))


def test_viewer_may_not(viewer_client: Client, three: list[FollowUp]) -> None:
    assert act(viewer_client, three, "own").status_code == 403


def test_old_acts_are_forgotten(agent_client: Client, agent: User, three: list[FollowUp]) -> None:
    act(agent_client, three, "own")
    kept = BulkAct.objects.get()
    old = BulkAct.objects.create(user=agent, kind="close", at=timezone.now() - 2 * DAY)

    assert agent_client.post(f"{URL}{old.pk}/undo/").status_code == 404
    forget_received()

    assert list(BulkAct.objects.all()) == [kept]
