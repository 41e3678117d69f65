"""The outer loop: who may do what, what it did to the score, and telling those who asked for it."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from closeloop.changing import StaleVersion
from closeloop.improvement_wording import write_news
from closeloop.improving import add_voices, change, mark_told, move
from closeloop.models import FollowUp, Improvement, ImprovementVoice
from closeloop.reports.improvements import measure_effect
from npsapp.erasing.erase import erase
from npsapp.exporting import export_person
from npsapp.models import User
from responses.models import Response
from surveys.models import Mail, get_organisation
from tests.factories import (
    make_contact,
    make_follow_up,
    make_improvement,
    make_invitation,
    make_organisation,
    make_property,
    make_response,
    make_sender,
    make_survey,
    make_test,
    make_user,
)

NOW = dt.datetime(2026, 11, 24, 14, tzinfo=ZoneInfo("Europe/Amsterdam"))
DAY = dt.timedelta(days=1)
# Session, user, organisation, the rail and its banner; the tabs, the rows.
LIST_QUERIES = 8


def kinds(improvement: Improvement) -> list[str]:
    return list(improvement.events.values_list("kind", flat=True))


def named_follow_up(**fields: Any) -> FollowUp:
    person = make_contact(
        email="fenna.echt@klanten.example", first_name="Fenna", last_name="Echtwaar"
    )
    invitation = make_invitation(contact=person, state="sent", sent_at=timezone.now())
    answer = make_response(invitation=invitation, score=3, comment="De doos was nat.")
    return make_follow_up(response=answer, **fields)


def test_agent_writes_one_down_with_the_customers_it_begins_with(
    agent_client: Client, agent: User
) -> None:
    follow_ups = [make_follow_up(), make_follow_up()]
    survey = make_survey()
    url = f"{reverse('improvement_new')}?follow_up={follow_ups[0].pk}"
    assert agent_client.get(url).context["follow_ups"] == [follow_ups[0].pk]

    response = agent_client.post(
        reverse("improvement_new"),
        {
            "title": "Dozen die droog blijven",
            "owner": agent.pk,
            "due_on": "2026-12-31",
            "survey": survey.pk,
            "category": "detractor",
            "follow_up": [each.pk for each in follow_ups],
        },
    )

    improvement = Improvement.objects.get()
    assert response.headers["Location"] == improvement.get_absolute_url()
    assert set(improvement.follow_ups.all()) == set(follow_ups)
    assert kinds(improvement) == ["created", "added"]


def test_form_sent_twice_makes_one(agent_client: Client) -> None:
    url = reverse("improvement_new")
    once = str(agent_client.get(url).context["form"]["once"].value())

    first, second = (
        agent_client.post(url, {"title": "Droge dozen", "once": once}) for _n in range(2)
    )

    improvement = Improvement.objects.get()
    assert [page.headers["Location"] for page in (first, second)] == [
        improvement.get_absolute_url()
    ] * 2
    assert kinds(improvement) == ["created"]
    assert str(agent_client.get(url).context["form"]["once"].value()) != once


def test_category_without_a_survey_is_refused(agent_client: Client) -> None:
    data = {"title": "Dozen", "category": "detractor"}

    response = agent_client.post(reverse("improvement_new"), data)

    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["survey"]
    assert not Improvement.objects.exists()


def test_whoever_is_given_one_gets_a_mail_unless_it_is_their_own(
    agent_client: Client, agent: User, viewer: User
) -> None:
    make_sender(lane="transactional")
    make_organisation()
    improvement = make_improvement(description="Karton van 4 mm.")

    for owner in (agent, viewer, viewer):
        improvement.refresh_from_db()
        change(improvement, values={"owner": owner}, version=improvement.version, user=agent,
               now=NOW)  # fmt: skip

    mail = Mail.objects.get()
    assert (mail.to_email, mail.subject) == (viewer.email, f"Given to you: {improvement.title}")
    assert "Karton van 4 mm." in mail.text


def test_viewer_reads_what_was_said_but_not_by_whom(viewer_client: Client) -> None:
    improvement = make_improvement(follow_ups=[named_follow_up()], news="Nieuwe dozen.")

    html = viewer_client.get(improvement.get_absolute_url()).content.decode()

    assert "De doos was nat." in html
    for trace in ("fenna.echt", "Fenna", "Echtwaar", "/follow-ups/", "/contacts/"):
        assert trace not in html


def test_agent_reads_by_whom_it_was_said(agent_client: Client) -> None:
    improvement = make_improvement(follow_ups=[named_follow_up()])

    assert "Fenna Echtwaar" in agent_client.get(improvement.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("improvement_state", {"state": "doing", "version": 1}),
        ("improvement_note", {"text": "Besteld."}),
        ("improvement_edit", {"title": "Anders", "version": 1}),
    ],
)
def test_viewer_changes_only_what_is_theirs(
    viewer_client: Client, viewer: User, name: str, data: dict[str, Any]
) -> None:
    mine, other = make_improvement(owner=viewer), make_improvement()

    refused = viewer_client.post(reverse(name, args=[other.pk]), data)
    done = viewer_client.post(reverse(name, args=[mine.pk]), data)

    assert (refused.status_code, done.status_code) == (403, 302)
    assert (len(kinds(other)), len(kinds(mine))) == (0, 1)


def test_viewer_sees_no_button_on_what_is_not_theirs(viewer_client: Client) -> None:
    html = viewer_client.get(make_improvement().get_absolute_url()).content.decode()

    assert "Save the state" not in html
    assert "Add the note" not in html


def test_done_notes_the_day_and_going_back_clears_it(agent: User) -> None:
    improvement = make_improvement()

    done = move(improvement, state="done", version=1, user=agent, now=NOW)
    assert done.done_on == NOW.date()
    again = move(done, state="doing", version=2, user=agent, now=NOW)

    assert again.done_on is None
    assert kinds(improvement) == ["moved", "moved"]


def test_second_saver_sees_what_came_between_and_loses_nothing(
    agent_client: Client, agent: User
) -> None:
    improvement = make_improvement(title="Eerst")
    change(improvement, values={"title": "Intussen"}, version=1, user=make_user(), now=NOW)
    url = reverse("improvement_edit", args=[improvement.pk])

    response = agent_client.post(url, {"title": "Mijn titel", "version": 1})

    html = response.content.decode()
    assert response.status_code == 409
    assert "Intussen" in html
    assert 'value="Mijn titel"' in html
    agent_client.post(url, {"title": "Mijn titel", "version": 2})
    improvement.refresh_from_db()
    assert improvement.title == "Mijn titel"


def test_stale_state_is_refused(agent: User) -> None:
    improvement = make_improvement()
    move(improvement, state="doing", version=1, user=agent, now=NOW)

    with pytest.raises(StaleVersion):
        move(improvement, state="done", version=1, user=agent, now=NOW)


def answer(survey: Any, scores: list[int], *, at: dt.datetime, **fields: Any) -> None:
    for score in scores:
        make_response(survey=survey, score=score, answered_at=at, channel="import",
                      invitation=None, **fields)  # fmt: skip


def test_effect_stands_before_and_since_for_the_segment_only(db: None) -> None:
    make_organisation(time_zone="Europe/Amsterdam")
    make_property(key="regio", label="Regio", is_segment=True)
    survey, done = make_survey(), NOW - 20 * DAY
    north, south = {"properties": {"regio": "Noord"}}, {"properties": {"regio": "Zuid"}}
    answer(survey, [3, 3, 3, 9, 8, 7], at=done - DAY, **north)
    answer(survey, [10] * 9, at=done - DAY, **south)
    answer(survey, [10] * 9, at=done - 91 * DAY, **north)
    answer(survey, [9, 9, 9, 9, 8, 3], at=done + DAY, **north)
    improvement = make_improvement(
        survey=survey, segment_key="regio", segment_value="Noord", category="detractor",
        state="done", done_on=done.date(),
    )  # fmt: skip

    effect = measure_effect(improvement, today=NOW.date(), organisation=get_organisation())

    assert effect is not None
    before, since = effect.stretches
    assert (before.n, since.n) == (6, 6)
    assert (round(before.nps or 0), round(since.nps or 0)) == (-33, 50)
    assert (before.in_category, since.in_category) == (3, 1)
    assert effect.difference is not None
    assert effect.difference.verdict.value == "too_few"


def test_too_few_answers_show_counts_only(agent_client: Client) -> None:
    make_organisation()
    survey = make_survey()
    answer(survey, [9, 9, 3, 3], at=timezone.now())
    improvement = make_improvement(survey=survey, category="detractor")

    html = agent_client.get(improvement.get_absolute_url()).content.decode()

    assert "4 answers" in html
    assert "Detractor: 2 of 4" in html
    assert 'improvement-nps"><span' not in html
    assert "%)" not in html


def test_effect_of_an_improvement_without_survey_is_none(db: None) -> None:
    organisation = make_organisation()

    assert measure_effect(make_improvement(), today=NOW.date(), organisation=organisation) is None


def test_customers_are_added_once_and_tests_never(agent: User) -> None:
    improvement, follow_up, test = make_improvement(), make_follow_up(), make_test()

    first = add_voices(improvement, [follow_up.pk, test.pk], user=agent, now=NOW)
    second = add_voices(improvement, [follow_up.pk], user=agent, now=NOW)

    assert (first, second) == (1, 0)
    assert kinds(improvement) == ["added"]


def test_gathering_from_the_page_of_a_follow_up(agent_client: Client) -> None:
    improvement, follow_up = make_improvement(), make_follow_up()
    page = agent_client.get(follow_up.get_absolute_url()).content.decode()
    url = f"{reverse('improvement_gather')}?follow_up={follow_up.pk}"
    assert f'href="{url}"' in page

    assert agent_client.get(url).status_code == 200
    agent_client.post(
        reverse("improvement_gather"),
        {"follow_up": follow_up.pk, "improvement": improvement.pk},
    )

    assert improvement.title in agent_client.get(follow_up.get_absolute_url()).content.decode()


@pytest.mark.parametrize("chosen", [{}, {"follow_up": "404"}])
def test_gathering_nobody_is_refused(agent_client: Client, chosen: dict[str, str]) -> None:
    improvement = make_improvement()

    url = reverse("improvement_gather")
    response = agent_client.post(url, {"improvement": improvement.pk} | chosen)

    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == ["No follow-up is chosen"]
    assert kinds(improvement) == []


def test_taking_off_can_be_undone(agent_client: Client) -> None:
    improvement = make_improvement(follow_ups=[make_follow_up()], state="dropped")
    voice = improvement.voices.get()

    agent_client.post(reverse("voice_remove", args=[voice.pk]))
    assert not improvement.voices.exists()
    agent_client.post(
        reverse("improvement_gather"),
        {"follow_up": voice.follow_up_id, "improvement": improvement.pk},
    )

    assert improvement.voices.get().follow_up_id == voice.follow_up_id


def test_who_is_put_back_was_told_still(agent_client: Client, agent: User) -> None:
    improvement = make_improvement(follow_ups=[make_follow_up()])
    voice = improvement.voices.get()
    mark_told(voice, told=True, user=agent, now=NOW)

    agent_client.post(reverse("voice_remove", args=[voice.pk]))
    agent_client.post(
        reverse("improvement_gather"),
        {"follow_up": voice.follow_up_id, "improvement": improvement.pk},
    )

    back = improvement.voices.get()
    assert (back.told_at, back.told_by) == (NOW, agent)


def test_telling_of_somebody_taken_off_a_moment_ago_is_not_found(
    agent_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = make_improvement(follow_ups=[make_follow_up()]).voices.get()
    ImprovementVoice.objects.all().delete()
    monkeypatch.setattr("closeloop.views.voices.get_voice", lambda pk: voice)

    assert agent_client.post(reverse("voice_told", args=[voice.pk])).status_code == 404


def test_writing_opens_a_closed_follow_up_with_a_draft_in_the_customers_language(
    agent_client: Client,
) -> None:
    make_sender(lane="transactional")
    follow_up = named_follow_up()
    FollowUp.objects.filter(pk=follow_up.pk).update(
        state="closed", closed_at=NOW, outcome="noted", awaiting_contact=False
    )
    improvement = make_improvement(
        follow_ups=[follow_up],
        news="De dozen zijn nu waterdicht.",
        state="done",
        done_on=NOW.date(),
    )

    response = agent_client.post(
        reverse("voice_write", args=[improvement.voices.get().pk]), follow=True
    )

    follow_up.refresh_from_db()
    draft = response.context["draft"].text
    assert follow_up.state == "open"
    assert "U schreef ons eerder: “De doos was nat.”" in draft
    assert "De dozen zijn nu waterdicht." in draft


def test_writing_waits_until_it_is_done_and_warns_of_a_closed_follow_up(
    agent_client: Client,
) -> None:
    follow_up = named_follow_up()
    improvement = make_improvement(follow_ups=[follow_up])
    write_url = reverse("voice_write", args=[improvement.voices.get().pk])

    pages = []
    for state, is_closed in (("doing", False), ("done", False), ("done", True)):
        Improvement.objects.filter(pk=improvement.pk).update(
            state=state, done_on=NOW.date() if state == "done" else None
        )
        if is_closed:
            FollowUp.objects.filter(pk=follow_up.pk).update(
                state="closed", closed_at=NOW, outcome="noted", awaiting_contact=False
            )
        pages.append(agent_client.get(improvement.get_absolute_url()).content.decode())

    assert [write_url in page for page in pages] == [False, True, True]
    assert ["Open it and write" in page for page in pages] == [False, False, True]


@pytest.mark.parametrize(
    ("state", "told", "wish", "said"),
    [
        ("doing", False, None, "is not done, or not any more"),
        ("dropped", False, None, "is not done, or not any more"),
        ("done", True, None, "told this customer already"),
        ("done", False, False, "No mail can leave for this person"),
    ],
)
def test_writing_that_an_older_page_offered_is_refused_and_opens_nothing(
    agent_client: Client, state: str, told: bool, wish: bool | None, said: str
) -> None:
    follow_up = named_follow_up()
    FollowUp.objects.filter(pk=follow_up.pk).update(
        state="closed", closed_at=NOW, outcome="noted", awaiting_contact=False
    )
    Response.objects.filter(pk=follow_up.response_id).update(may_contact=wish)
    done_on = NOW.date() if state == "done" else None
    improvement = make_improvement(follow_ups=[follow_up], state=state, done_on=done_on)
    voice = improvement.voices.get()
    ImprovementVoice.objects.update(told_at=NOW if told else None)

    page = agent_client.post(reverse("voice_write", args=[voice.pk]), follow=True)

    follow_up.refresh_from_db()
    assert follow_up.state == "closed"
    assert page.redirect_chain[-1][0] == improvement.get_absolute_url()
    assert said in page.content.decode()


def test_draft_of_what_is_not_done_any_more_tells_nothing(agent_client: Client) -> None:
    follow_up = named_follow_up()
    improvement = make_improvement(follow_ups=[follow_up], news="Alles is nieuw", state="doing")
    url = f"{follow_up.get_absolute_url()}?improvement={improvement.pk}"

    assert "Alles is nieuw" not in agent_client.get(url).context["draft"].text


def test_draft_of_somebody_elses_improvement_is_not_taken_over(agent_client: Client) -> None:
    improvement = make_improvement(news="Geheim", state="done", done_on=NOW.date())
    url = f"{named_follow_up().get_absolute_url()}?improvement={improvement.pk}"

    assert "Geheim" not in agent_client.get(url).context["draft"].text


def test_told_is_noted_with_the_day_and_can_be_taken_back(agent: User) -> None:
    improvement = make_improvement(follow_ups=[make_follow_up()])
    voice = improvement.voices.get()

    mark_told(voice, told=True, user=agent, now=NOW)
    mark_told(voice, told=True, user=agent, now=NOW + DAY)
    voice.refresh_from_db()
    assert (voice.told_at, voice.told_by) == (NOW, agent)
    mark_told(voice, told=False, user=agent, now=NOW)

    assert kinds(improvement) == ["told", "not_told"]


@pytest.mark.parametrize("rows", [1, 3])
def test_list_costs_the_same_queries_for_any_number(
    viewer_client: Client, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_organisation()
    for _ in range(rows):
        make_improvement(owner=make_user(), survey=make_survey(), follow_ups=[make_follow_up()])

    with django_assert_num_queries(LIST_QUERIES):
        page = viewer_client.get(reverse("improvements"))

    assert [each.voice_count for each in page.context["page"]] == [1] * rows


def test_views_hold_what_they_say(viewer_client: Client, viewer: User) -> None:
    mine = make_improvement(owner=viewer)
    other = make_improvement()
    done = make_improvement(state="done", done_on=NOW.date())

    def read(view: str) -> set[Improvement]:
        return set(viewer_client.get(reverse("improvements"), {"view": view}).context["page"])

    assert read("mine") == {mine}
    assert read("open") == {mine, other}
    assert read("done") == {done}
    assert read("nonsense") == {mine, other}


def test_erased_person_is_gone_from_improvements_and_their_pages_open(
    agent_client: Client, agent: User
) -> None:
    follow_up = named_follow_up()
    person = follow_up.response.contact
    assert person is not None
    improvement = make_improvement(
        follow_ups=[follow_up], description="Fenna Echtwaar vroeg erom: fenna.echt@klanten.example"
    )
    improvement.events.create(kind="note", actor=agent, at=NOW, text="Bel Fenna Echtwaar")

    erase(person.email, person, user=agent, now=NOW, note=False)

    html = agent_client.get(improvement.get_absolute_url()).content.decode()
    assert "Echtwaar" not in html
    assert "fenna.echt" not in html
    assert "Erased person" in html


def test_notices_that_name_several_people_are_emptied_for_an_erased_one(agent: User) -> None:
    make_sender(lane="transactional")
    follow_up = named_follow_up()
    person = follow_up.response.contact
    assert person is not None
    mail = Mail.objects.create(
        sender=make_sender(lane="transactional"), kind="notice", dedupe_key="digest:1:2026-11-24",
        to_email=agent.email, subject="1 overdue", state="sent",
        text=f"3 · Fenna\n“De doos was nat.”\nhttp://x{follow_up.get_absolute_url()}\n",
    )  # fmt: skip

    erase(person.email, person, user=agent, now=NOW, note=False)

    mail.refresh_from_db()
    assert mail.text == ""
    assert mail.to_email == agent.email


def test_export_names_the_improvements_a_person_is_behind(agent: User) -> None:
    follow_up = named_follow_up()
    improvement = make_improvement(follow_ups=[follow_up], title="Droge dozen")
    mark_told(improvement.voices.get(), told=True, user=agent, now=NOW)
    person = follow_up.response.contact
    assert person is not None

    exported = export_person(person, now=NOW)

    assert [each["title"] for each in exported["follow_ups"][0]["improvements"]] == ["Droge dozen"]


@pytest.mark.parametrize(
    ("language", "form", "begin"),
    [
        ("nl", "formal", "U schreef ons eerder: “a {news} b”"),
        ("nl", "informal", "Je schreef ons eerder: “a {news} b”"),
        ("en", "formal", "You wrote to us earlier: “a {news} b”"),
        ("en", "informal", "You wrote to us earlier: “a {news} b”"),
        ("fr", "formal", "You wrote to us earlier: “a {news} b”"),
    ],
)
def test_news_is_worded_in_the_language_and_takes_braces_as_words(
    language: str, form: str, begin: str
) -> None:
    text = write_news(language=language, address_form=form, score=3, comment="a {news} b", news="X")

    assert text.startswith(begin)
    assert " X\n" in text


def test_news_of_somebody_without_words_speaks_of_the_score() -> None:
    text = write_news(language="nl", address_form="formal", score=3, comment="", news="")

    assert text.startswith("U gaf ons eerder een 3.")
    assert "  " not in text
