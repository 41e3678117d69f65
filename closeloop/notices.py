"""Mail to a colleague: whether they want it, in their language, with why they get it."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from closeloop.models import NoticeChoices
from npsapp.models import User
from npsapp.roles import Role
from surveys.addresses import InvalidAddress
from surveys.models import Mail, get_organisation
from surveys.sending.queueing import NoSender, queue_mail

logger = logging.getLogger(__name__)
SUBJECT_LENGTH = 200

REASONS: dict[str, Promise] = {
    "at_once": _("You get this mail because this follow-up is yours."),
    "digest": _("You get this mail on working mornings on which something waits for you."),
    "mentioned": _("You get this mail because a colleague mentioned you in a note."),
    "assigned": _("You get this mail because this was given to you."),
    "answered": _("You get this mail because this follow-up is yours."),
    "escalated": _("You get this mail because you manage who follows up."),
}
# Follow-ups hold addresses: whoever may not open them is not mailed about them either.
ROLES = {
    "at_once": Role.AGENT,
    "digest": Role.VIEWER,
    "mentioned": Role.AGENT,
    "assigned": Role.VIEWER,
    "answered": Role.AGENT,
    "escalated": Role.MANAGER,
}


def list_kinds(user: User) -> list[str]:
    """The kinds of notices that somebody with this role can get."""
    return [kind for kind in NoticeChoices.KINDS if user.may(ROLES[kind])]


def wants(user: User, kind: str) -> bool:
    """Whether this person may be told of such things, and did not switch it off."""
    return bool(keep_willing([user], kind))


def keep_willing(users: Collection[User], kind: str) -> list[User]:
    """Those of them who may be told of such things and did not switch it off (one query)."""
    refused = set(
        NoticeChoices.objects.filter(user__in=users, **{kind: False}).values_list(
            "user_id", flat=True
        )
    )
    return [user for user in users if user.may(ROLES[kind]) and user.pk not in refused]


@contextmanager
def in_words_of(user: User) -> Iterator[None]:
    """Write in the language of a colleague, on the organisation's clock."""
    with translation.override(user.language), timezone.override(get_organisation().zone):
        yield


def send_notice(
    user: User,
    *,
    kind: str,
    key: str,
    subject: str,
    template: str,
    context: dict[str, Any],
    now: dt.datetime,
) -> Mail | None:
    """Queue a notice in the active language; the same `key` again is the same mail.

    Without a sender for notices nothing is mailed: the pages show everything all the same.
    """
    text = render_to_string(
        f"closeloop/mail/{template}.txt",
        {
            **context,
            "reader": user,
            "reason": REASONS[kind],
            "choices_url": f"{settings.BASE_URL}{reverse('my_notices')}",
            "organisation": get_organisation(),
            "base_url": settings.BASE_URL,
        },
    )
    try:
        return queue_mail(
            kind=Mail.Kind.NOTICE,
            dedupe_key=key,
            to_email=user.email,
            to_name=user.name,
            # A name from a file may hold anything; a subject is one line.
            subject=" ".join(subject.split())[:SUBJECT_LENGTH],
            text=text.strip() + "\n",
            now=now,
        )
    except (NoSender, InvalidAddress) as problem:
        logger.warning("%s was not told of %s: %s", user.pk, key, problem)
        return None
