"""Mail to the people who follow up."""

from __future__ import annotations

import datetime as dt
import logging

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from closeloop.models import FollowUp
from npsapp.models import User
from responses.models import Category
from surveys.models import Mail, get_organisation
from surveys.sending.queueing import NoSender, queue_mail

logger = logging.getLogger(__name__)
SUBJECT_LENGTH = 200


def tell_owner(follow_up: FollowUp, *, now: dt.datetime) -> Mail | None:
    """Mail the owner about a detractor, at most once per follow-up and owner, in their language.

    Without a sender for notices nothing is mailed: the queue shows the follow-up all the same.
    """
    owner = follow_up.owner
    if owner is None or follow_up.is_test or follow_up.response.category != Category.DETRACTOR:
        return None
    subject, text = _write_notice(follow_up, owner, now=now)
    try:
        return queue_mail(
            kind=Mail.Kind.NOTICE,
            dedupe_key=f"detractor:{follow_up.pk}:{owner.pk}",
            to_email=owner.email,
            to_name=owner.name,
            subject=subject,
            text=text,
            now=now,
        )
    except NoSender as problem:
        logger.warning("Nobody was told of follow-up %s: %s", follow_up.pk, problem)
        return None


def _write_notice(follow_up: FollowUp, owner: User, *, now: dt.datetime) -> tuple[str, str]:
    response = follow_up.response
    organisation = get_organisation()
    with translation.override(owner.language), timezone.override(organisation.zone):
        due = date_format(timezone.localtime(follow_up.due_at), "l j F H:i")
        is_overdue = follow_up.is_overdue(now)
        if is_overdue:
            subject = _("%(score)s from %(name)s: overdue since %(due)s")
        elif follow_up.awaiting_contact:
            subject = _("%(score)s from %(name)s: respond by %(due)s")
        else:
            subject = _("%(score)s from %(name)s: now yours")
        values = {"score": response.score, "name": name_customer(follow_up), "due": due}
        text = render_to_string(
            "closeloop/mail/detractor.txt",
            {
                "owner": owner,
                "follow_up": follow_up,
                "is_overdue": is_overdue,
                "response": response,
                "customer": name_customer(follow_up),
                "due": due,
                "url": settings.BASE_URL + follow_up.get_absolute_url(),
                "organisation": organisation,
            },
        )
    # A name from a file may hold anything; a subject is one line.
    return " ".join((subject % values).split())[:SUBJECT_LENGTH], text


def name_customer(follow_up: FollowUp) -> str:
    """Return the person with the account they belong to, in the active language."""
    contact = follow_up.response.contact
    if follow_up.is_test:
        return _("%(name)s (test)") % {"name": follow_up.response.tester}
    if contact is None:
        return _("an erased person")
    return f"{contact} ({contact.account})" if contact.account else str(contact)
