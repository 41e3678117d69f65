"""Figures by mail: every Monday and every first of the month, to whom a manager chose.

Whoever has `told` of a period has had its mail: the row is locked, and the date and the mail are
committed together.
"""

from __future__ import annotations

import datetime as dt
import logging

import css_inline
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse

from closeloop.notices import in_words_of
from npsapp.digests.letter import Letter, write_letter
from npsapp.models import User
from npsapp.roles import Role
from responses.models import DashboardDigest, DigestRecipient
from responses.selection import Period, days_of
from responses.spans import DAY, Span
from surveys.addresses import InvalidAddress
from surveys.models import Mail, get_organisation
from surveys.sending.queueing import NoSender, find_sender, queue_mail

logger = logging.getLogger(__name__)
# A worker that stood still catches up for so long; later the figures are no news.
LATEST = 3 * DAY
Rhythm = DashboardDigest.Rhythm
COMPLETE = {Rhythm.WEEKLY: Period.PREVIOUS_WEEK, Rhythm.MONTHLY: Period.PREVIOUS_MONTH}


def send_dashboard_digests(*, now: dt.datetime) -> int:
    """Write what is due and not written yet, from the start of the working day; return how many."""
    organisation = get_organisation()
    local = now.astimezone(organisation.zone)
    if not organisation.day_start <= local.time() < organisation.day_end:
        return 0
    try:
        find_sender()
    except NoSender:
        return 0
    written = 0
    for rhythm in Rhythm:
        days = complete_before(rhythm, local.date())
        due_on = days.last + DAY
        if local.date() - due_on >= LATEST:
            continue
        morning = dt.datetime.combine(due_on, organisation.day_start, tzinfo=organisation.zone)
        for pk in _find_waiting(rhythm, days, morning=morning):
            try:
                written += _write(pk, days, now=now) is not None
            except Exception:
                # One that cannot be written must not keep the others from leaving.
                logger.exception("Could not write the figures of recipient %s", pk)
    return written


def complete_before(rhythm: Rhythm, today: dt.date) -> Span:
    """Return the last week or month that is over; the day after it is the day of the mail."""
    first, last = days_of(COMPLETE[rhythm], today)
    if first is None or last is None:
        raise ValueError(rhythm)
    return Span(first, last)


def _find_waiting(rhythm: str, days: Span, *, morning: dt.datetime) -> list[int]:
    """Who was chosen after the morning of the mail gets the next one."""
    waiting = DigestRecipient.objects.filter(
        Q(told=None) | Q(told__lt=days.first),
        digest__rhythm=rhythm,
        stopped_at=None,
        added_at__lt=morning,
        user__in=User.objects.who_may(Role.VIEWER),
    )
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def _write(pk: int, days: Span, *, now: dt.datetime) -> Mail | None:
    with transaction.atomic():
        recipient = (
            DigestRecipient.objects.select_for_update(of=("self",))
            .select_related("digest__dashboard", "digest__survey", "user")
            .get(pk=pk)
        )
        if recipient.stopped_at or (recipient.told and recipient.told >= days.first):
            return None
        recipient.told = days.first
        recipient.save(update_fields=["told"])
        with in_words_of(recipient.user):
            letter = write_letter(recipient.digest, recipient.user, days, now=now)
            return _queue(recipient, letter, days, now=now)


def _queue(
    recipient: DigestRecipient, letter: Letter, days: Span, *, now: dt.datetime
) -> Mail | None:
    subject = f"{letter.title}: {letter.in_subject} ({letter.days})"
    context = {
        "letter": letter,
        "reader": recipient.user,
        "organisation": get_organisation(),
        "choices_url": settings.BASE_URL + reverse("my_digests"),
        "subject": subject,
        "language": recipient.user.language,
    }
    html = render_to_string("dashboard/mail/digest.html", context)
    try:
        return queue_mail(
            kind=Mail.Kind.NOTICE,
            dedupe_key=f"figures:{recipient.digest_id}:{recipient.user_id}:{days.first}",
            to_email=recipient.user.email,
            to_name=recipient.user.name,
            subject=subject[:200],
            text=render_to_string("dashboard/mail/digest.txt", context).strip() + "\n",
            html=css_inline.inline(html, load_remote_stylesheets=False, keep_at_rules=True),
            now=now,
        )
    except (NoSender, InvalidAddress) as problem:
        logger.warning("%s got no figures: %s", recipient.user_id, problem)
        return None
