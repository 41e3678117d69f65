"""Writing back to the customer, through the same engine that never sends twice."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from closeloop.changing import demand_open, locked, record
from closeloop.closing import Closing, check, finish
from closeloop.conversation import find_thread
from closeloop.letters import (
    greet,
    list_suiting,
    name_writer,
    propose_subject,
    wording_of,
    write_letter,
)
from closeloop.models import Activity, FollowUp, Member, ReplyTemplate
from closeloop.reply_address import make_reply_address
from npsapp.models import User
from responses.models import Response
from surveys.models import Mail, get_organisation
from surveys.sending.queueing import NoSender, find_sender, queue_mail
from surveys.suppressing import find_block
from surveys.wording import Wording, fill


class CannotReply(Exception):
    """There is an `Obstacle`."""


class Obstacle(enum.StrEnum):
    """Why nobody can write to a person by mail."""

    NO_ADDRESS = "no_address"
    NO_WISH = "no_wish"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply before anybody wrote it: in the customer's language, to be completed.

    `offers` are texts to begin with, `template` the one that was chosen, `missing` the names in it
    for which nothing is known. `answers_to`: where the customer's answer goes; it `comes_back` if
    that is the timeline.
    """

    subject: str
    text: str
    footer: str
    language: str
    offers: list[ReplyTemplate]
    template: ReplyTemplate | None
    missing: tuple[str, ...]
    answers_to: str
    comes_back: bool


@dataclass(frozen=True, slots=True)
class Recipient:
    email: str
    name: str
    first_name: str


def find_recipient(response: Response) -> Recipient | None:
    """To whom a reply goes: the customer, or the colleague whose test it is."""
    contact, tester = response.contact, response.tester
    if contact and contact.email:
        return Recipient(contact.email, contact.full_name, contact.first_name)
    if tester:
        return Recipient(tester.email, tester.name, tester.get_short_name())
    return None


def find_obstacle(response: Response) -> Obstacle | None:
    """Return what keeps us from writing: known before anybody types a word."""
    if response.may_contact is False:
        return Obstacle.NO_WISH
    if find_recipient(response) is None:
        return Obstacle.NO_ADDRESS
    contact = response.contact
    return Obstacle.BLOCKED if contact and find_block(contact.address_hash) else None


def draft_reply(follow_up: FollowUp, *, user: User, template: str | None = None) -> Draft:
    """Begin a reply: subject and greeting, or the text of the template with that number."""
    response = follow_up.response
    wording = wording_of(response)
    offers = list_suiting(response)
    chosen = next((each for each in offers if str(each.pk) == template), None)
    subject, text = propose_subject(response), greet(response, _first_name(response)) + "\n\n"
    missing: tuple[str, ...] = ()
    if chosen:
        letter = write_letter(chosen, follow_up, agent=name_writer(user))
        subject, text, missing = letter.subject or subject, letter.text, letter.missing
    back = make_reply_address(follow_up.pk)
    return Draft(
        subject=subject,
        text=text,
        footer=_write_footer(response, wording, user),
        language=wording.language,
        offers=offers,
        template=chosen,
        missing=missing,
        answers_to=back or _find_answer_address(user),
        comes_back=bool(back),
    )


def insert_template(
    draft: Draft, typed: str, follow_up: FollowUp, *, user: User
) -> tuple[str, bool]:
    """Return the text of a form in which a template was chosen, and whether own words are in it.

    They stay, above the template. A greeting or another template that nobody touched goes.
    """
    typed = typed.replace("\r\n", "\n").strip()
    untouched = {"", greet(follow_up.response, _first_name(follow_up.response)).strip()}
    for offer in draft.offers:
        letter = write_letter(offer, follow_up, agent=name_writer(user))
        untouched.add(letter.text.strip())
    if typed in untouched:
        return draft.text, False
    return (f"{typed}\n\n{draft.text}" if draft.template else typed), True


def _first_name(response: Response) -> str:
    recipient = find_recipient(response)
    return recipient.first_name if recipient else ""


def _find_answer_address(user: User) -> str:
    try:
        return find_sender().reply_to or user.email
    except NoSender:
        return user.email


def _write_footer(response: Response, wording: Wording, user: User) -> str:
    """The closing line, the signature, and the answer it is about as mail programs quote."""
    member = Member.objects.filter(user=user).first()
    signature = member.signature if member else ""
    signature = signature.strip() or f"{user}\n{get_organisation().name}".strip()
    # Many people paste a signature that begins with "Kind regards," already.
    has_closing = signature.splitlines()[0].rstrip().endswith(",")
    ending = signature if has_closing else f"{wording.mail_closing}\n{signature}"
    quoted = [fill(wording.thanks_score, score=response.score), *response.comment.splitlines()]
    quote = "\n".join(f"> {line}".rstrip() for line in quoted)
    return f"{ending}\n\n{quote}"


def send_reply(
    follow_up: FollowUp,
    *,
    subject: str,
    text: str,
    user: User,
    version: int,
    now: dt.datetime,
    closing: Closing | None = None,
) -> FollowUp:
    """Queue a mail to the customer and, with a `closing`, close the follow-up in the same breath.

    The person no longer counts as waiting, but the first contact is only noted once the server has
    the mail: see closeloop.settling. Raises CannotReply, Unfinished or NoSender, writing nothing.
    """
    kind = Activity.Kind.REPLY
    with locked(follow_up, user=user, version=version, kind=kind, text=text) as fresh:
        demand_open(fresh)
        recipient = find_recipient(fresh.response)
        if find_obstacle(fresh.response) or recipient is None:
            raise CannotReply
        if closing:
            check(fresh, closing)
        mail = _queue(fresh, recipient, subject=subject, text=text, user=user, now=now)
        fresh.state = FollowUp.State.IN_PROGRESS
        fresh.awaiting_contact = False
        record(fresh, kind, now=now, user=user, text=text, details={"subject": subject}, mail=mail)
        if closing:
            finish(fresh, closing, user=user, now=now)
    return fresh


def _queue(
    fresh: FollowUp, to: Recipient, *, subject: str, text: str, user: User, now: dt.datetime
) -> Mail:
    response, thread = fresh.response, find_thread(fresh)
    return queue_mail(
        kind=Mail.Kind.REPLY,
        # One version is written from once: whatever goes wrong around this, it is one mail.
        dedupe_key=f"reply:{fresh.pk}:{fresh.version}",
        to_email=to.email,
        to_name=to.name,
        subject=subject,
        text=f"{text}\n\n{_write_footer(response, wording_of(response), user)}\n",
        in_reply_to=thread.in_reply_to,
        references=thread.references,
        reply_to=make_reply_address(fresh.pk),
        created_by=user,
        now=now,
    )
