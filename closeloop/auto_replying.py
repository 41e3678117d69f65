"""Mail that goes out by itself to whoever nobody has contacted yet; off until a manager wants it.

It is no contact: the person goes on waiting for somebody of ours.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from closeloop.changing import lock, record
from closeloop.conversation import find_thread
from closeloop.default_texts import automatic_notice
from closeloop.letters import choose_suiting, propose_subject, wording_of, write_letter
from closeloop.models import Activity, AutomaticReply, FollowUp, ReplyTemplate
from closeloop.reply_address import make_reply_address
from closeloop.replying import find_recipient
from npsapp.models import User
from responses.models import Category, Response
from surveys.models import Mail
from surveys.sending.leases import Lease
from surveys.sending.queueing import NoSender, queue_mail
from surveys.wording import fill

logger = logging.getLogger(__name__)
# An automatic mail that is a week late is worse than none: after a standstill, say.
TOO_LATE = dt.timedelta(days=7)
_TOUCHED = (
    Activity.Kind.AUTO_REPLY,
    Activity.Kind.REPLY,
    Activity.Kind.CALL,
    Activity.Kind.RECEIVED,
)


def list_automatic() -> list[AutomaticReply]:
    """One for each category; those that nobody touched yet are not saved."""
    known = {each.category: each for each in AutomaticReply.objects.all()}
    return [known.get(each.value) or AutomaticReply(category=each.value) for each in Category]


def set_automatic(
    reply: AutomaticReply,
    *,
    is_on: bool,
    hours: int,
    templates: Iterable[ReplyTemplate],
    user: User,
    now: dt.datetime,
) -> AutomaticReply:
    """Turn it on or off. What was answered before it is turned on is left alone."""
    with transaction.atomic():
        saved, _new = AutomaticReply.objects.select_for_update().get_or_create(
            category=reply.category
        )
        if is_on and not saved.is_on:
            saved.on_since = now
        saved.is_on, saved.hours, saved.changed_by = is_on, hours, user
        saved.save()
        saved.templates.set(templates)
    return saved


def reply_automatically(*, now: dt.datetime, lease: Lease | None = None) -> int:
    """Write to everybody whose time has come; return how many mails were queued."""
    queued = 0
    for reply in AutomaticReply.objects.filter(is_on=True).prefetch_related("templates"):
        templates = list(reply.templates.all())
        for follow_up in find_due(reply, now=now).select_related("response__survey"):
            template = choose_suiting(templates, follow_up.response)
            if template is None:
                continue
            try:
                queued += _reply(reply, template, follow_up.pk, now=now)
            except NoSender as problem:
                logger.warning("No automatic reply leaves: %s", problem)
                return queued
            except Exception:
                logger.exception("No automatic reply to follow-up %s", follow_up.pk)
            if lease is not None:
                lease.renew()
    return queued


def find_due(reply: AutomaticReply, *, now: dt.datetime) -> QuerySet[FollowUp]:
    """Whom nobody has contacted, who has not had one, and who did not ask to be left alone."""
    if reply.on_since is None:
        return FollowUp.objects.none()
    touched = Activity.objects.filter(follow_up=OuterRef("pk"), kind__in=_TOUCHED)
    long_enough_ago = now - dt.timedelta(hours=reply.hours)
    return (
        FollowUp.objects.open()
        .reachable()
        .filter(
            ~Exists(touched),
            awaiting_contact=True,
            first_contacted_at__isnull=True,
            response__category=reply.category,
            response__status=Response.Status.COUNTED,
            response__answered_at__gte=max(reply.on_since, long_enough_ago - TOO_LATE),
            response__answered_at__lte=long_enough_ago,
        )
        .order_by("response__answered_at", "pk")
    )


def _reply(reply: AutomaticReply, template: ReplyTemplate, pk: int, *, now: dt.datetime) -> bool:
    with transaction.atomic():
        follow_up = lock(pk)
        recipient = find_recipient(follow_up.response)
        # Somebody may have got there since the list was made.
        if recipient is None or not find_due(reply, now=now).filter(pk=pk).exists():
            return False
        company = follow_up.response.survey.company
        # Nobody wrote it: it is signed by the company, whoever owns the follow-up.
        letter = write_letter(template, follow_up, agent=company)
        subject = letter.subject or propose_subject(follow_up.response)
        thread = find_thread(follow_up)
        mail = queue_mail(
            kind=Mail.Kind.AUTO_REPLY,
            dedupe_key=f"automatic:{follow_up.pk}",
            to_email=recipient.email,
            to_name=recipient.name,
            subject=subject,
            text=f"{letter.text}\n\n{_write_footer(follow_up.response)}\n",
            in_reply_to=thread.in_reply_to,
            references=thread.references,
            reply_to=make_reply_address(follow_up.pk),
            now=now,
        )
        details = {"subject": subject, "hours": reply.hours}
        kind = Activity.Kind.AUTO_REPLY
        record(follow_up, kind, now=now, text=letter.text, details=details, mail=mail)
    return True


def _write_footer(response: Response) -> str:
    wording = wording_of(response)
    company = response.survey.company
    notice = automatic_notice(wording.language, response.survey.address_form)
    return f"{wording.mail_closing}\n{company}\n\n{fill(notice, company=company)}"
