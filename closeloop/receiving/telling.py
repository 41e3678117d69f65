"""Telling the owner that the customer wrote back."""

from __future__ import annotations

import datetime as dt
import logging

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from closeloop.models import Activity, FollowUp
from closeloop.notifying import SUBJECT_LENGTH, name_customer
from surveys.models import Mail, get_organisation
from surveys.sending.queueing import NoSender, queue_mail

logger = logging.getLogger(__name__)


def tell_of_reply(follow_up: FollowUp, activity: Activity, *, now: dt.datetime) -> Mail | None:
    """Mail the owner once for each mail of the customer, in the owner's language.

    Without an owner, or a sender for notices, the queue shows it all the same.
    """
    owner = follow_up.owner
    if owner is None or not owner.is_active:
        return None
    with translation.override(owner.language):
        values = {"name": name_customer(follow_up), "score": follow_up.response.score}
        subject = _("%(name)s wrote back (score %(score)s)") % values
        text = render_to_string(
            "closeloop/mail/received.txt",
            {
                "owner": owner,
                "activity": activity,
                "customer": values["name"],
                "score": values["score"],
                "url": settings.BASE_URL + follow_up.get_absolute_url(),
                "organisation": get_organisation(),
            },
        )
    try:
        return queue_mail(
            kind=Mail.Kind.NOTICE,
            # Erasing a person finds it by how it begins.
            dedupe_key=f"received:{follow_up.pk}:{activity.pk}",
            to_email=owner.email,
            to_name=owner.name,
            subject=" ".join(subject.split())[:SUBJECT_LENGTH],
            text=text,
            now=now,
        )
    except NoSender as problem:
        logger.warning("Nobody was told of the mail in follow-up %s: %s", follow_up.pk, problem)
        return None
