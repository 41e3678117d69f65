"""Texts to begin a reply with: which suit somebody, and how they read for that person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from closeloop.default_texts import DEFAULT_TEXTS
from closeloop.models import FollowUp, ReplyTemplate
from closeloop.placeholders import fill_in
from npsapp.models import User
from responses.models import Response
from surveys.models import get_organisation
from surveys.wording import Wording, fill, get_wording

# What may stand between double braces, and what it becomes.
PLACEHOLDERS: dict[str, str | Promise] = {
    "greeting": _("“Dear Fenna,” – or a greeting without a name when there is none"),
    "first_name": _("the first name"),
    "last_name": _("the last name"),
    "score": _("the score they gave"),
    "company": _("the company or product of the question"),
    "account": _("the account they belong to"),
    "agent": _("the name of who writes"),
    "organisation": _("the name of your organisation"),
}


@dataclass(frozen=True, slots=True)
class Letter:
    """A template as it reads for one person. `missing`: names for which nothing is known."""

    subject: str
    text: str
    missing: tuple[str, ...]


def wording_of(response: Response) -> Wording:
    language = response.survey.language_for(response.language)
    return get_wording(language, response.survey.address_form)


def greet(response: Response, first_name: str) -> str:
    wording = wording_of(response)
    greeting = wording.mail_greeting if first_name else wording.mail_greeting_nameless
    return fill(greeting, first_name=first_name)


def propose_subject(response: Response) -> str:
    """The subject of the mail that asked, so that the conversation keeps it."""
    subject = fill(wording_of(response).mail_subject, company=response.survey.company)
    return f"Re: {subject}"


def list_suiting(response: Response) -> list[ReplyTemplate]:
    """What can be offered for an answer: its category's own texts first."""
    wording = wording_of(response)
    found = ReplyTemplate.objects.suiting(
        category=response.category,
        language=wording.language,
        address_form=response.survey.address_form,
    )
    return list(found)


def choose_suiting(templates: Iterable[ReplyTemplate], response: Response) -> ReplyTemplate | None:
    """Of some texts the one for this answer; None when nobody wrote one in its language."""
    language = response.survey.language_for(response.language)
    suiting = [
        template
        for template in templates
        if template.category in {"", response.category}
        and template.language == language
        and template.address_form in {"", response.survey.address_form}
    ]
    # As in the query: the one made for them before the one that fits everybody.
    order = [(bool(each.category), bool(each.address_form), -(each.pk or 0)) for each in suiting]
    return suiting[order.index(max(order))] if suiting else None


def write_letter(template: ReplyTemplate, follow_up: FollowUp, *, agent: str) -> Letter:
    values = list_values(follow_up, agent=agent)
    body = fill_in(template.body, values)
    subject = fill_in(template.subject, values)
    return Letter(" ".join(subject.text.split()), body.text, body.missing)


def list_values(follow_up: FollowUp, *, agent: str) -> dict[str, str]:
    response = follow_up.response
    contact, tester = response.contact, response.tester
    first_name = contact.first_name if contact else tester.get_short_name() if tester else ""
    values = {
        "greeting": greet(response, first_name),
        "first_name": first_name,
        "last_name": contact.last_name if contact else "",
        "score": str(response.score),
        "company": response.survey.company,
        "account": str(contact.account) if contact and contact.account else "",
        "agent": agent,
        "organisation": get_organisation().name,
    }
    # Names come from files: a line break in one must not break the text.
    return {name: " ".join(value.split()) for name, value in values.items()}


def name_writer(user: User) -> str:
    return user.name or str(user)


def add_usual_templates() -> int:
    """Put the texts that the product brings (back) beside those there are; return how many."""
    known = set(ReplyTemplate.objects.values_list("category", "language", "address_form", "name"))
    new = [ReplyTemplate(**text._asdict()) for text in DEFAULT_TEXTS if text[:4] not in known]
    ReplyTemplate.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)
