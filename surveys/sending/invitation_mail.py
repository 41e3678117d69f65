"""The words and the looks of the mail that asks the question."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cache

import css_inline
from django.conf import settings
from django.template.loader import render_to_string

from surveys.brand import find_brand
from surveys.models import Campaign, Organisation, Survey
from surveys.wording import fill, get_wording

# After the question in the list of mails: keeps programs from filling up with the next words.
PADDING = "\u2007\u034f" * 60


@dataclass(frozen=True)
class Words:
    subject: str
    text: str
    html: str = ""


@dataclass(frozen=True)
class Links:
    """Where the mail leads; a test mail has nothing to unsubscribe from."""

    answer: str
    unsubscribe: str

    def score(self, score: int) -> str:
        joint = "&" if "?" in self.answer else "?"
        return f"{self.answer}{joint}score={score}"


def ingredients(campaign: Campaign, organisation: Organisation) -> Hashable:
    """All that write_invitation and the headers read; equal values make equal mails.

    Neither what the engine counts on campaign and sender nor anything of the person is among it.
    """
    survey, sender = campaign.survey, campaign.sender
    return (
        campaign.pk,
        repr([getattr(survey, field.attname) for field in survey._meta.concrete_fields]),
        repr(
            [getattr(organisation, field.attname) for field in organisation._meta.concrete_fields]
        ),
        (sender.from_name, sender.from_email, sender.reply_to),
        settings.BASE_URL,
        settings.LINK_SIGNING_KEY,
    )


def write_invitation(
    campaign: Campaign,
    organisation: Organisation,
    *,
    language: str,
    first_name: str,
    links: Links,
    is_test: bool = False,
    is_reminder: bool = False,
) -> Words:
    """Write the mail in a language of the survey. Names may hold anything; none of it is markup."""
    survey = campaign.survey
    wording = get_wording(language, survey.address_form)
    company = " ".join(survey.company.split())
    first_name = " ".join(first_name.split())
    greeting = fill(wording.mail_greeting, first_name=first_name)
    subject = wording.mail_reminder_subject if is_reminder else wording.mail_subject
    intro = wording.mail_reminder_intro if is_reminder else wording.mail_intro
    scores = list(survey.scores)
    context = {
        "language": language,
        "test_note": wording.mail_test_note if is_test else "",
        "subject": fill(subject, company=company),
        "company": company,
        "greeting": greeting if first_name else wording.mail_greeting_nameless,
        "intro": fill(intro, company=company),
        "question": fill(wording.question, company=company),
        "padding": PADDING,
        "lowest": f"{scores[0]} = {_inside_a_line(wording.lowest)}",
        "highest": f"{scores[-1]} = {_inside_a_line(wording.highest)}",
        "click": wording.mail_click,
        "open": wording.mail_open,
        "closing": wording.mail_closing,
        "from_name": " ".join(campaign.sender.from_name.split()),
        "why": fill(wording.mail_why, company=company),
        "organisation": organisation,
        "brand": find_brand(organisation),
        "unsubscribe": wording.unsubscribe_link,
        "privacy": wording.privacy_link,
        "privacy_url": organisation.privacy_url or f"{links.answer}#privacy",
        "links": links,
        # Two tables, so that a narrow window stacks them: 0 to 5 above 6 to 10.
        "halves": [
            [(score, links.score(score)) for score in scores if score <= 5],
            [(score, links.score(score)) for score in scores if score > 5],
        ],
    }
    title = render_to_string("mail/invitation_subject.txt", context)
    text = render_to_string("mail/invitation_text.txt", context)
    html = _inliner().inline(render_to_string("mail/invitation.html", context))
    return Words(" ".join(title.split()), text.strip() + "\n", html)


def write_subject(survey: Survey, *, language: str) -> str:
    wording = get_wording(language, survey.address_form)
    return fill(wording.mail_subject, company=" ".join(survey.company.split()))


def _inside_a_line(label: str) -> str:
    return label[:1].lower() + label[1:]


@cache
def _inliner() -> css_inline.CSSInliner:
    """Mail programs drop style sheets: each rule goes onto its element. Only @media stays."""
    return css_inline.CSSInliner(
        load_remote_stylesheets=False, keep_style_tags=False, keep_at_rules=True
    )
