"""Writing to many, one after the other, without losing the place."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from closeloop.closing import Closing, close
from closeloop.models import Draft, FollowUp, ReplyTemplate, RoundItem, WritingRound
from closeloop.noting import add_note
from npsapp.models import User
from surveys.models import Mail
from surveys.suppressing import suppress
from tests.closeloop.letters import make_template
from tests.factories import (
    make_contact,
    make_follow_up,
    make_invitation,
    make_organisation,
    make_response,
    make_sender,
    make_user,
)

pytestmark = pytest.mark.django_db
URL = "/follow-ups/write/"


@pytest.fixture(autouse=True)
def house() -> None:
    make_organisation(name="Voorbeeld")
    make_sender(lane="transactional")
    ReplyTemplate.objects.all().delete()


def make_promoter(
    owner: User | None, *, score: int = 9, language: str = "nl", **fields: Any
) -> FollowUp:
    contact = make_contact(first_name="Daan")
    invitation = make_invitation(contact=contact, state="sent", sent_at=timezone.now())
    response = make_response(invitation=invitation, score=score, language=language, **fields)
    return make_follow_up(response=response, owner=owner)


def begin(client: Client, *templates: ReplyTemplate, owners: str = "mine", query: str = "") -> Any:
    fields = {"owners": owners, "templates": [each.pk for each in templates]}
    return client.post(URL + query, fields)


def press(client: Client, then: str, **fields: Any) -> Any:
    """Press a button under the mail that is shown."""
    url = WritingRound.objects.latest("pk").get_absolute_url()
    page = client.get(url)
    form = page.context["form"]
    shown = {name: form[name].value() or "" for name in ("version", "subject", "text", "outcome")}
    return client.post(url, shown | {"item": page.context["item"].pk, "then": then} | fields)


def title(client: Client) -> str:
    html = client.get(WritingRound.objects.latest("pk").get_absolute_url()).content.decode()
    found = re.search(r"<h1>([^<]*)</h1>", html)
    assert found
    return found[1]


def test_each_is_shown_filled_in_and_sent_closed_or_skipped(
    agent_client: Client, agent: User
) -> None:
    followed = [make_promoter(agent) for _ in range(3)]
    begin(agent_client, make_template())
    titles = []

    for then in ("close", "", "skip"):
        titles.append(title(agent_client))
        press(agent_client, then)
    titles.append(title(agent_client))

    states = list(RoundItem.objects.values_list("state", flat=True))
    assert titles == ["1 of 3", "2 of 3", "3 of 3", "All done"]
    assert states == ["closed", "sent", "skipped"]
    assert [FollowUp.objects.get(pk=each.pk).outcome for each in followed] == ["thanked", "", ""]
    assert [mail.text[:29] for mail in Mail.objects.all()] == [
        "Beste Daan,\n\nDank voor de 9.\n"
    ] * 2


def test_each_gets_the_text_in_their_language(agent_client: Client, agent: User) -> None:
    make_promoter(agent, language="en")
    begin(agent_client, make_template(), make_template(language="en", body="Thank you."))

    press(agent_client, "")

    assert Mail.objects.get().text.startswith("Thank you.")


def test_text_that_was_changed_is_what_leaves(agent_client: Client, agent: User) -> None:
    make_promoter(agent)
    begin(agent_client, make_template())

    press(agent_client, "", text="Beste Daan, tot ziens.")

    assert Mail.objects.get().text.startswith("Beste Daan, tot ziens.")


def test_without_a_template_a_greeting_alone_is_refused(agent_client: Client, agent: User) -> None:
    make_promoter(agent)
    begin(agent_client)

    answer = press(agent_client, "")

    assert (answer.status_code, Mail.objects.count()) == (422, 0)


def test_leaving_and_coming_back_finds_the_same_place(agent_client: Client, agent: User) -> None:
    for _ in range(3):
        make_promoter(agent)
    begin(agent_client, make_template())
    press(agent_client, "")

    page = agent_client.get(URL)

    [(unfinished, progress)] = page.context["unfinished"]
    assert (progress.number, progress.total) == (2, 3)
    assert unfinished.get_absolute_url() in page.content.decode()
    assert title(agent_client) == "2 of 3"


@pytest.mark.parametrize("then", ["skip", "stop"])
def test_what_was_typed_is_kept_as_a_draft_when_leaving(
    agent_client: Client, agent: User, then: str
) -> None:
    follow_up = make_promoter(agent)
    begin(agent_client, make_template())

    press(agent_client, then, text="Beste Daan,\n\nhalf")

    draft = Draft.objects.get()
    page = agent_client.get(follow_up.get_absolute_url())
    assert (draft.user, draft.follow_up, draft.text) == (agent, follow_up, "Beste Daan,\n\nhalf")
    assert page.context["forms"]["reply"]["text"].value() == "Beste Daan,\n\nhalf"
    assert Mail.objects.count() == 0


def test_round_goes_on_with_what_was_typed_before_and_sending_ends_the_draft(
    agent_client: Client, agent: User
) -> None:
    make_promoter(agent)
    begin(agent_client, make_template())
    stopped = press(agent_client, "stop", text="Beste Daan, half")

    url = WritingRound.objects.get().get_absolute_url()
    page = agent_client.get(url)
    shown = page.context["form"]["text"].value()
    press(agent_client, "")

    assert (stopped.url, shown) == (URL, "Beste Daan, half")
    assert "Draft saved" in page.content.decode()
    assert Mail.objects.get().text.startswith("Beste Daan, half")
    assert Draft.objects.count() == 0


def test_mail_that_was_only_looked_at_is_no_draft(agent_client: Client, agent: User) -> None:
    make_promoter(agent)
    begin(agent_client, make_template())

    press(agent_client, "stop")
    press(agent_client, "skip")

    assert Draft.objects.count() == 0
    assert RoundItem.objects.get().state == "skipped"


def test_what_was_typed_survives_a_colleague_who_was_first(
    agent_client: Client, agent: User
) -> None:
    follow_up = make_promoter(agent)
    begin(agent_client, make_template())
    url = WritingRound.objects.get().get_absolute_url()
    item = agent_client.get(url).context["item"]
    close(follow_up, Closing(outcome="thanked"), user=make_user(), version=1, now=timezone.now())

    sent = {"item": item.pk, "version": 1, "subject": "Re", "text": "Beste Daan, dank", "then": ""}
    page = agent_client.post(url, sent, follow=True)

    assert Draft.objects.get().text == "Beste Daan, dank"
    assert "is kept as a draft" in page.content.decode()


def test_text_that_no_mail_may_have_skips_nobody(agent_client: Client, agent: User) -> None:
    make_promoter(agent)
    begin(agent_client, make_template())

    page = press(agent_client, "skip", text="x" * 8001)

    assert page.status_code == 422
    assert RoundItem.objects.get().state == "waiting"
    assert page.context["form"]["text"].value() == "x" * 8001


def test_thrown_away_draft_leads_back_to_the_round(agent_client: Client, agent: User) -> None:
    follow_up = make_promoter(agent)
    begin(agent_client, make_template())
    press(agent_client, "stop", text="Beste Daan, half")
    url = WritingRound.objects.get().get_absolute_url()

    discard = f"{follow_up.get_absolute_url()}draft/discard/"
    page = agent_client.post(discard, {"kind": "reply", "next": url}, follow=True)

    assert page.redirect_chain == [(url, 302)]
    assert page.context["form"]["text"].value() != "Beste Daan, half"


def test_second_click_sends_no_second_mail(agent_client: Client, agent: User) -> None:
    make_promoter(agent)
    make_promoter(agent)
    begin(agent_client, make_template())
    url = WritingRound.objects.get().get_absolute_url()
    page = agent_client.get(url)
    fields = {
        "item": page.context["item"].pk,
        "then": "",
        "version": page.context["form"]["version"].value(),
        "subject": "Re", "text": "Dank je wel.",
    }  # fmt: skip

    agent_client.post(url, fields)
    agent_client.post(url, fields)

    assert Mail.objects.count() == 1
    assert title(agent_client) == "2 of 2"


def test_what_nobody_had_becomes_ones_own(agent_client: Client, agent: User) -> None:
    follow_up = make_promoter(None)
    begin(agent_client, make_template(), owners="unassigned")

    press(agent_client, "close")

    follow_up.refresh_from_db()
    assert (follow_up.owner, follow_up.outcome) == (agent, "thanked")


def test_person_whom_a_colleague_reached_is_passed_over(agent_client: Client, agent: User) -> None:
    first, _second = make_promoter(agent), make_promoter(agent)
    begin(agent_client, make_template())

    close(first, Closing("thanked"), user=make_user(), version=1, now=timezone.now())

    assert title(agent_client) == "2 of 2"


def test_person_who_belongs_to_a_colleague_now_is_passed_over(
    agent_client: Client, agent: User
) -> None:
    follow_up = make_promoter(None)
    begin(agent_client, make_template(), owners="unassigned")

    FollowUp.objects.filter(pk=follow_up.pk).update(owner=make_user())

    assert title(agent_client) == "All done"


def test_note_of_a_colleague_is_shown_before_anything_leaves(
    agent_client: Client, agent: User
) -> None:
    follow_up = make_promoter(agent)
    begin(agent_client, make_template())
    url = WritingRound.objects.get().get_absolute_url()
    item = agent_client.get(url).context["item"]
    add_note(follow_up, text="Niet mailen!", user=make_user(), version=1, now=timezone.now())
    fields = {"item": item.pk, "then": "", "version": "1", "subject": "Re", "text": "Mijn woorden"}

    refused = agent_client.post(url, fields)
    again = agent_client.post(url, fields | {"version": refused.context["form"]["version"].value()})

    assert (refused.status_code, again.status_code, Mail.objects.count()) == (409, 302, 1)
    assert "Mijn woorden" in refused.content.decode()


def test_whoever_may_not_be_written_to_is_not_among_them(agent_client: Client, agent: User) -> None:
    make_promoter(agent, may_contact=False)
    blocked = make_promoter(agent)
    assert blocked.response.contact is not None
    suppress(blocked.response.contact.address_hash, scope="all", reason="manual")
    make_promoter(agent, score=8)
    make_promoter(make_user())
    wanted = make_promoter(agent)

    begin(agent_client)

    assert list(RoundItem.objects.values_list("follow_up", flat=True)) == [wanted.pk]


def test_other_category_asks_for_the_outcome(agent_client: Client, agent: User) -> None:
    make_promoter(agent, score=3)
    begin(agent_client, make_template(category="detractor"), query="?category=detractor")

    answer = press(agent_client, "close")

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"outcome", "root_cause"}


def test_nobody_to_write_to_begins_nothing(agent_client: Client) -> None:
    answer = begin(agent_client)

    assert (answer.status_code, WritingRound.objects.count()) == (422, 0)


def test_round_of_a_colleague_is_not_found(
    agent_client: Client, manager_client: Client, agent: User
) -> None:
    make_promoter(agent)
    begin(agent_client)

    answer = manager_client.get(WritingRound.objects.get().get_absolute_url())

    assert answer.status_code == 404


@pytest.mark.parametrize("item", ["", "x", "99999999", "99999999999999999999"])
def test_item_that_is_none_sends_nothing(agent_client: Client, agent: User, item: str) -> None:
    make_promoter(agent)
    begin(agent_client)

    answer = agent_client.post(WritingRound.objects.get().get_absolute_url(), {"item": item})

    assert (answer.status_code, Mail.objects.count()) == (302, 0)
