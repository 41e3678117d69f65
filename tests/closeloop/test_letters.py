"""Texts to begin a reply with: kept by managers, offered to who writes."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from closeloop.default_texts import DEFAULT_TEXTS
from closeloop.letters import add_usual_templates, choose_suiting
from closeloop.models import FollowUp, ReplyTemplate
from surveys.models import Mail
from tests.closeloop.letters import make_template
from tests.factories import (
    make_account,
    make_campaign,
    make_contact,
    make_follow_up,
    make_invitation,
    make_organisation,
    make_response,
    make_sender,
    make_survey,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty_list() -> None:
    """Those that come with the product are there or not, as the tests before left the tables."""
    make_organisation(name="Voorbeeld")
    make_sender(lane="transactional", reply_to="klanten@voorbeeld.example")
    ReplyTemplate.objects.all().delete()


def make_answered(*, score: int = 9, address_form: str = "formal", **fields: Any) -> FollowUp:
    survey = make_survey(company="De Winkel", address_form=address_form)
    contact = make_contact(
        **{"first_name": "Daan", "last_name": "Duin", "email": "daan@klanten.example"} | fields
    )
    invitation = make_invitation(
        campaign=make_campaign(survey=survey), contact=contact, state="sent"
    )
    return make_follow_up(response=make_response(invitation=invitation, score=score, language="nl"))


def post_reply(
    client: Client, follow_up: FollowUp, name: str = "follow_up_reply", **values: Any
) -> Any:
    fields = {"version": follow_up.version, "subject": "Re: vraag"} | values
    return client.post(reverse(name, args=[follow_up.pk]), fields)


def text_of(answer: Any) -> str:
    return str(answer.context["forms"]["reply"]["text"].value())


# Which are offered


def test_offered_are_those_of_category_language_and_address_form(agent_client: Client) -> None:
    make_template(name="past")
    make_template(name="past ook", category="", address_form="formal")
    make_template(name="andere categorie", category="passive")
    make_template(name="andere taal", language="en")
    make_template(name="andere aanspreekvorm", address_form="informal")

    page = agent_client.get(make_answered().get_absolute_url())

    assert [offer.name for offer in page.context["draft"].offers] == ["past", "past ook"]


def test_chosen_of_several_is_the_one_made_for_them() -> None:
    everybody = make_template(name="a", category="")
    plain = make_template(name="b")
    polite = make_template(name="c", address_form="formal")
    response = make_answered().response

    assert choose_suiting([everybody, plain, polite], response) == polite
    assert choose_suiting([everybody, plain], response) == plain
    assert choose_suiting([make_template(name="d", language="en")], response) is None


# Filling in


def test_address_with_a_template_shows_its_text_filled_in(agent_client: Client) -> None:
    follow_up = make_answered(account=make_account(name="Duin BV"))
    template = make_template(
        subject="Over {{company}}",
        body="{{greeting}}\n\n{{first_name}} {{last_name}} ({{account}}) gaf een {{score}}.",
    )

    page = agent_client.get(follow_up.get_absolute_url(), {"template": template.pk})

    assert text_of(page) == "Beste Daan,\n\nDaan Duin (Duin BV) gaf een 9."
    assert page.context["forms"]["reply"]["subject"].value() == "Over De Winkel"


def test_name_that_looks_like_a_placeholder_stays_a_name(agent_client: Client) -> None:
    follow_up = make_answered(first_name="{{score}}")
    template = make_template(body="{{first_name}}: {{score}}")

    page = agent_client.get(follow_up.get_absolute_url(), {"template": template.pk})

    assert text_of(page) == "{{score}}: 9"


def test_what_is_not_known_is_told(agent_client: Client) -> None:
    template = make_template(body="Voor {{account}} en {{first_name}}.")

    page = agent_client.get(make_answered().get_absolute_url(), {"template": template.pk})

    assert "Nothing is known for: account." in page.content.decode()


@pytest.mark.parametrize("number", ["0", "x", "99999999999999999999"])
def test_template_that_is_not_offered_changes_nothing(agent_client: Client, number: str) -> None:
    page = agent_client.get(make_answered().get_absolute_url(), {"template": number})

    assert text_of(page) == "Beste Daan,\n\n"


def test_choosing_a_text_replaces_a_greeting_and_an_untouched_text(agent_client: Client) -> None:
    follow_up = make_answered()
    first, second = make_template(name="een", body="Een."), make_template(name="twee", body="Twee.")

    for typed in ("Beste Daan,\r\n\r\n", "Een.", ""):
        page = post_reply(
            agent_client, follow_up, "follow_up_template", text=typed, template=second.pk
        )
        assert (page.status_code, text_of(page)) == (200, "Twee.")
    assert first.pk


def test_choosing_a_text_keeps_what_was_typed_and_writes_nothing(agent_client: Client) -> None:
    follow_up = make_answered()
    template = make_template(body="Een.")

    page = post_reply(
        agent_client, follow_up, "follow_up_template",
        text="Mijn woorden", template=template.pk, subject="Mijn onderwerp", outcome="thanked",
    )  # fmt: skip

    form = page.context["forms"]["reply"]
    assert text_of(page) == "Mijn woorden\n\nEen."
    assert (form["subject"].value(), form["outcome"].value()) == ("Mijn onderwerp", "thanked")
    assert "What you had typed still stands there" in page.content.decode()
    assert FollowUp.objects.get(pk=follow_up.pk).version == follow_up.version


def test_choosing_no_text_keeps_what_was_typed(agent_client: Client) -> None:
    page = post_reply(
        agent_client, make_answered(), "follow_up_template", text="Mijn woorden", template=""
    )

    assert text_of(page) == "Mijn woorden"


def test_instruction_has_to_go_before_the_mail_can_leave(agent_client: Client) -> None:
    follow_up = make_answered()

    refused = post_reply(agent_client, follow_up, text="Beste Daan,\n\n[Ga hierop in.]")
    sent = post_reply(agent_client, follow_up, text="Beste Daan,\n\nIk ga [hier] op in.")

    assert (refused.status_code, sent.status_code) == (422, 302)
    assert "“[Ga hierop in.]”" in refused.content.decode()
    assert Mail.objects.count() == 1


@pytest.mark.parametrize(
    ("domain", "words"),
    [
        ("", "goes to klanten@voorbeeld.example and does not come back here"),
        ("in.voorbeeld.example", "comes back into this timeline"),
    ],
)
def test_page_says_where_the_answer_goes(
    agent_client: Client, settings: Any, domain: str, words: str
) -> None:
    settings.INBOUND_DOMAIN = domain

    html = agent_client.get(make_answered().get_absolute_url()).content.decode()

    assert words in html


# Keeping them


def test_list_shows_the_texts_by_category(manager_client: Client) -> None:
    make_template(name="Bedankt")
    make_template(name="Excuus", category="detractor")

    page = manager_client.get(reverse("reply_templates"))

    shown = {group.category: [t.name for t in group.templates] for group in page.context["groups"]}
    assert shown == {"detractor": ["Excuus"], "passive": [], "promoter": ["Bedankt"]}


def test_usual_texts_are_added_once_and_leave_changed_ones_alone(manager_client: Client) -> None:
    manager_client.post(reverse("reply_templates_usual"))
    ReplyTemplate.objects.filter(name="Bedankt").update(body="Van ons")
    manager_client.post(reverse("reply_templates_usual"))

    assert ReplyTemplate.objects.count() == len(DEFAULT_TEXTS)
    assert ReplyTemplate.objects.filter(body="Van ons").count() == 2
    assert add_usual_templates() == 0


FIELDS = {
    "name": "Bedankt", "category": "promoter", "language": "nl", "address_form": "formal",
    "subject": "", "body": "{{ greeting }}\r\n\r\nDank.",
}  # fmt: skip


def test_text_is_written_and_changed(manager_client: Client) -> None:
    manager_client.post(reverse("reply_template_new"), FIELDS)
    template = ReplyTemplate.objects.get()
    assert template.body == "{{ greeting }}\n\nDank."

    manager_client.post(template.get_absolute_url(), FIELDS | {"name": "Dank"})

    assert ReplyTemplate.objects.get().name == "Dank"


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"body": "{{nmae}}"}, "Nobody knows {{nmae}}. There are: {{greeting}}, {{first_name}}"),
        ({"subject": "{{nmae}}"}, "Nobody knows {{nmae}}."),
        ({"language": "en"}, "Only Dutch knows two forms of address."),
        ({"body": ""}, "This field is required."),
    ],
)
def test_wrong_text_is_refused_with_what_is_wrong(
    manager_client: Client, wrong: dict[str, str], error: str
) -> None:
    answer = manager_client.post(reverse("reply_template_new"), FIELDS | wrong)

    assert answer.status_code == 422
    assert error in answer.content.decode()
    assert ReplyTemplate.objects.count() == 0


def test_second_text_of_a_name_is_refused(manager_client: Client) -> None:
    manager_client.post(reverse("reply_template_new"), FIELDS)

    answer = manager_client.post(reverse("reply_template_new"), FIELDS)

    assert (answer.status_code, ReplyTemplate.objects.count()) == (422, 1)


def test_deleted_text_is_gone_and_mails_stay(manager_client: Client, agent_client: Client) -> None:
    template = make_template()
    post_reply(agent_client, make_answered(), text="Dank voor alles.")

    manager_client.post(reverse("reply_template_delete", args=[template.pk]))

    assert (ReplyTemplate.objects.count(), Mail.objects.count()) == (0, 1)
