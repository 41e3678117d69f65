"""Writing back to the customer, through the same engine that never sends twice."""

from __future__ import annotations

import datetime as dt
import enum
import logging
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, Func, JSONField, Min, OuterRef, Q
from django.db.models.functions import Coalesce

from closeloop.changing import demand_open, lock, locked, record
from closeloop.closing import Closing, check, finish, restart
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
from surveys.models import Delivery, Mail, get_organisation
from surveys.sending.queueing import NoSender, find_sender, queue_mail
from surveys.suppressing import find_block
from surveys.wording import Wording, fill

logger = logging.getLogger(__name__)
LEFT = [Delivery.State.SENT]
NEVER_LEFT = [Delivery.State.FAILED, Delivery.State.SKIPPED]
# What a mail service tells later: for good, so nobody will read it.
RETURNED = [Delivery.DeliveryStatus.BOUNCED, Delivery.DeliveryStatus.BLOCKED]
NOT_READ = Q(mail__state__in=NEVER_LEFT) | Q(mail__delivery_status__in=RETURNED)
SPOKEN_TO = Q(kind=Activity.Kind.CALL, details__reached=True)
# A contact of which nothing says that it failed.
GOT_THROUGH = SPOKEN_TO | (
    Q(kind=Activity.Kind.REPLY, mail__state__in=LEFT) & ~Q(mail__delivery_status__in=RETURNED)
)


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
    the mail: see `settle_replies`. Raises CannotReply, Unfinished or NoSender, writing nothing.
    """
    kind = Activity.Kind.REPLY
    with locked(follow_up, user=user, version=version, kind=kind, text=text) as fresh:
        demand_open(fresh)
        response = fresh.response
        recipient = find_recipient(response)
        if find_obstacle(response) or recipient is None:
            raise CannotReply
        if closing:
            check(fresh, closing)
        thread = find_thread(fresh)
        mail = queue_mail(
            kind=Mail.Kind.REPLY,
            # One version is written from once: whatever goes wrong above, this is one mail.
            dedupe_key=f"reply:{fresh.pk}:{version}",
            to_email=recipient.email,
            to_name=recipient.name,
            subject=subject,
            text=f"{text}\n\n{_write_footer(response, wording_of(response), user)}\n",
            in_reply_to=thread.in_reply_to,
            references=thread.references,
            reply_to=make_reply_address(fresh.pk),
            created_by=user,
            now=now,
        )
        fresh.state = FollowUp.State.IN_PROGRESS
        fresh.awaiting_contact = False
        record(fresh, kind, now=now, user=user, text=text, details={"subject": subject}, mail=mail)
        if closing:
            finish(fresh, closing, user=user, now=now)
    return fresh


def settle_replies(*, now: dt.datetime) -> int:
    """Take note of what became of replies: sent is a contact, failed brings the follow-up back."""
    finished = Activity.objects.with_mail_under_way().filter(mail__state__in=LEFT + NEVER_LEFT)
    settled = 0
    for pk in list(finished.order_by("pk").values_list("pk", flat=True)):
        try:
            settled += _settle(pk, now=now)
        except Exception:
            logger.exception("Could not settle the reply of activity %s", pk)
    return settled


def _settle(activity_pk: int, *, now: dt.datetime) -> bool:
    with transaction.atomic():
        follow_up_pk = Activity.objects.values_list("follow_up_id", flat=True).get(pk=activity_pk)
        follow_up = lock(follow_up_pk)
        activity = Activity.objects.select_related("mail").get(pk=activity_pk)
        mail = activity.mail
        if mail is None or activity.mail_settled_at is not None:
            return False
        activity.mail_settled_at = now
        activity.save(update_fields=["mail_settled_at"])
        if activity.kind == Activity.Kind.AUTO_REPLY:
            # No person wrote it: whatever became of it, the customer waits for one.
            return True
        if mail.state in LEFT:
            _note_sent(follow_up, mail, now=now)
        else:
            _note_failure(follow_up, activity, now=now)
    return True


def notice_returned(*, now: dt.datetime) -> int:
    """Bring back the follow-ups whose reply left and was returned, or refused, afterwards."""
    told = Activity.objects.filter(
        kind=Activity.Kind.NOT_DELIVERED,
        follow_up=OuterRef("follow_up"),
        details__reply=Func(OuterRef("pk"), function="to_jsonb", output_field=JSONField()),
    )
    returned = Activity.objects.filter(
        NOT_READ, ~Exists(told), kind=Activity.Kind.REPLY, mail_settled_at__isnull=False
    )
    found = list(returned.order_by("pk").values_list("pk", "follow_up_id"))
    for pk, follow_up_pk in found:
        with transaction.atomic():
            follow_up = lock(follow_up_pk)
            if not Activity.objects.filter(pk=pk).filter(Exists(told)).exists():
                reply = Activity.objects.select_related("mail").get(pk=pk)
                _note_failure(follow_up, reply, now=now)
    return len(found)


def _note_sent(follow_up: FollowUp, mail: Mail, *, now: dt.datetime) -> None:
    if follow_up.first_contacted_at is None:
        follow_up.first_contacted_at = mail.sent_at or now
        # Nothing that a reader saw has changed, so the version stays.
        follow_up.save(update_fields=["first_contacted_at"])


def _note_failure(follow_up: FollowUp, reply: Activity, *, now: dt.datetime) -> None:
    """The person did not hear from us: they wait again, against the target there was."""
    if reply.mail and reply.mail.sent_at == follow_up.first_contacted_at:
        follow_up.first_contacted_at = _find_first_contact(follow_up)
    if not _was_contacted_after(follow_up, reply):
        due = follow_up.due_at
        if follow_up.is_closed:
            restart(follow_up, since=now)
        follow_up.due_at = due
        follow_up.awaiting_contact = True
    details = {"reply": reply.pk}
    record(follow_up, Activity.Kind.NOT_DELIVERED, now=now, details=details)


def _was_contacted_after(follow_up: FollowUp, reply: Activity) -> bool:
    later = follow_up.activities.after(reply.version)
    mails = later.filter(kind=Activity.Kind.REPLY).exclude(NOT_READ)
    return mails.exists() or later.filter(SPOKEN_TO).exists()


def _find_first_contact(follow_up: FollowUp) -> dt.datetime | None:
    """When the person first heard from us, leaving out what did not get through."""
    contacts = follow_up.activities.filter(GOT_THROUGH)
    first: dt.datetime | None = contacts.aggregate(at=Min(Coalesce("mail__sent_at", "at")))["at"]
    return first
