"""Mail about a login: an invitation, a new password. In the person's language, by the engine."""

from __future__ import annotations

import datetime as dt
import secrets

import css_inline
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from npsapp.models import User
from npsapp.people.links import INVITE, RESET, VALID_FOR, make_password_url
from surveys.models import Mail, get_organisation
from surveys.sending.queueing import NoSender, find_sender, queue_mail


def can_mail() -> bool:
    """Whether there is a sender for mail about logins."""
    try:
        find_sender()
    except NoSender:
        return False
    return True


def send_invitation(user: User, *, by: User, now: dt.datetime) -> Mail:
    """Ask somebody new to choose a password. Raises NoSender."""
    return _send(user, INVITE, by=by, now=now)


def send_reset(user: User, *, now: dt.datetime) -> Mail:
    """Let somebody choose a new password. Raises NoSender."""
    return _send(user, RESET, by=None, now=now)


def _send(user: User, purpose: str, *, by: User | None, now: dt.datetime) -> Mail:
    organisation = get_organisation()
    with translation.override(user.language):
        context = {
            "user": user,
            "by": by,
            "organisation": organisation,
            "url": make_password_url(user, purpose),
            "days": VALID_FOR[purpose].days,
            "language": user.language,
        }
        subject = _write_subject(purpose, organisation.name or "NPS")
        text = render_to_string(f"people/mail/{purpose}.txt", context)
        html = render_to_string(f"people/mail/{purpose}.html", context | {"subject": subject})
    return queue_mail(
        kind=Mail.Kind.ACCOUNT,
        dedupe_key=f"{purpose}:{user.pk}:{secrets.token_hex(8)}",
        to_email=user.email,
        to_name=user.name,
        subject=subject,
        text=text.strip() + "\n",
        html=css_inline.inline(html, load_remote_stylesheets=False, keep_at_rules=True),
        created_by=by,
        now=now,
    )


def _write_subject(purpose: str, name: str) -> str:
    if purpose == INVITE:
        return _("Your login for the customer survey of %(name)s") % {"name": name}
    return _("Choose a new password for the customer survey of %(name)s") % {"name": name}
