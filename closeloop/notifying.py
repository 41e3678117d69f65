"""Mail to the owner of a follow-up about what cannot wait for the morning."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from closeloop.models import Activity, FollowUp
from closeloop.notices import in_words_of, send_notice, wants
from npsapp.models import User
from responses.models import Category
from surveys.models import Mail

# Whoever writes on and on fills no mailbox: the next notice of it comes this much later.
NEXT_NOTICE = dt.timedelta(minutes=10)


def is_urgent(follow_up: FollowUp) -> bool:
    """Whether its owner is told at once: a detractor, or somebody who asked for contact."""
    return bool(follow_up.wants_contact or follow_up.response.category == Category.DETRACTOR)


def tell_owner(follow_up: FollowUp, *, now: dt.datetime) -> Mail | None:
    """Mail the owner about what is urgent, at most once per follow-up and owner and reason."""
    owner = follow_up.owner
    if owner is None or follow_up.is_test or not is_urgent(follow_up):
        return None
    if not wants(owner, "at_once"):
        return None
    is_detractor = follow_up.response.category == Category.DETRACTOR
    with in_words_of(owner):
        return send_notice(
            owner,
            kind="at_once",
            # A promoter who asked for contact and turns into a detractor is news once more.
            key=f"{'detractor' if is_detractor else 'contact'}:{follow_up.pk}:{owner.pk}",
            subject=_write_subject(follow_up, now=now),
            template="detractor",
            context=_describe(follow_up, owner, now=now),
            now=now,
        )


def _write_subject(follow_up: FollowUp, *, now: dt.datetime) -> str:
    if follow_up.is_overdue(now):
        subject = _("%(score)s from %(name)s: overdue since %(due)s")
    elif not follow_up.awaiting_contact:
        subject = _("%(score)s from %(name)s: now yours")
    elif follow_up.wants_contact:
        subject = _("%(score)s from %(name)s, who asked for contact: respond by %(due)s")
    else:
        subject = _("%(score)s from %(name)s: respond by %(due)s")
    return subject % {
        "score": follow_up.response.score,
        "name": name_customer(follow_up),
        "due": _write_due(follow_up),
    }


def _describe(follow_up: FollowUp, owner: User, *, now: dt.datetime) -> dict[str, object]:
    return {
        "owner": owner,
        "follow_up": follow_up,
        "is_overdue": follow_up.is_overdue(now),
        "response": follow_up.response,
        "customer": name_customer(follow_up),
        "due": _write_due(follow_up),
        "url": make_url(follow_up),
    }


def tell_of_reply(follow_up: FollowUp, activity: Activity, now: dt.datetime) -> Mail | None:
    """Mail the owner what the customer wrote back (an activity RECEIVED), now and then.

    The follow-up is locked, so that two mails at once are one notice.
    """
    owner = follow_up.owner
    if owner is None or follow_up.is_test or not wants(owner, "answered"):
        return None
    key = f"answered:{follow_up.pk}:{owner.pk}:"
    told = Mail.objects.filter(dedupe_key__startswith=key, created_at__gt=now - NEXT_NOTICE)
    if told.exists():
        return None
    with in_words_of(owner):
        customer = name_customer(follow_up)
        return send_notice(
            owner,
            kind="answered",
            key=f"{key}{activity.pk}",
            subject=_("%(name)s wrote back") % {"name": customer},
            template="answered",
            context={
                "customer": customer,
                "response": follow_up.response,
                "activity": activity,
                "url": make_url(follow_up),
            },
            now=now,
        )


def make_url(follow_up: FollowUp) -> str:
    """Erasing a person finds the notices that speak of them by this address."""
    return settings.BASE_URL + follow_up.get_absolute_url()


def _write_due(follow_up: FollowUp) -> str:
    return date_format(timezone.localtime(follow_up.due_at), "l j F H:i")


def name_customer(follow_up: FollowUp) -> str:
    """Return the person with the account they belong to, in the active language."""
    contact = follow_up.response.contact
    person = name_person(follow_up)
    return f"{person} ({contact.account})" if contact and contact.account else person


def name_person(follow_up: FollowUp) -> str:
    if follow_up.is_test:
        return _("%(name)s (test)") % {"name": follow_up.response.tester}
    return str(follow_up.response.contact or _("Erased person"))
