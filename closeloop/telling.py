"""One collected mail to each colleague about what others gave them, and where they were mentioned.

Read from the timeline, so that whatever writes there is told of: by hand, in bulk or by a rule.
Each line is told once: it is locked, and marked in the transaction that queues the mail.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from closeloop.models import Activity
from closeloop.notices import in_words_of, keep_willing, send_notice
from closeloop.notifying import make_url, name_customer
from closeloop.reports.due import describe_due
from npsapp.models import User
from surveys.models import Mail
from surveys.sending.queueing import NoSender, find_sender

# What could not be told for so long (no sender, no worker) is no news any more.
STILL_NEWS = dt.timedelta(days=1)
BATCH = 500
SHOWN = 20

RELATED = ("actor", "follow_up__owner", "follow_up__response__contact__account",
           "follow_up__response__survey")  # fmt: skip


def tell_colleagues(*, now: dt.datetime) -> int:
    """Tell of what was written since the last time; return how many mails were queued."""
    try:
        find_sender()
    except NoSender:
        return 0
    with transaction.atomic():
        lines = list(_claim())
        mails = _tell_given(lines, now=now) + _tell_mentioned(lines, now=now)
        Activity.objects.filter(pk__in=[line.pk for line in lines]).update(told_at=now)
    return len(mails)


def _claim() -> QuerySet[Activity]:
    """Lock what is untold; what another job has in hand is skipped."""
    untold = Activity.objects.untold().order_by("pk").select_related(*RELATED)
    return untold.select_for_update(of=("self",), skip_locked=True)[:BATCH]


def _tell_given(lines: Iterable[Activity], *, now: dt.datetime) -> list[Mail]:
    given: dict[User, dict[int, Activity]] = defaultdict(dict)
    for line in lines:
        follow_up = line.follow_up
        if line.kind != Activity.Kind.ASSIGNED or _is_stale(line, now=now):
            continue
        owner = follow_up.owner
        # Given on, taken back or closed meanwhile: nothing waits for them.
        is_theirs = owner is not None and owner.pk == line.details.get("to")
        if owner is None or not is_theirs or follow_up.is_closed or owner.pk == line.actor_id:
            continue
        given[owner][follow_up.pk] = line
    willing = keep_willing(list(given), "assigned")
    mails = [_write_given(user, list(given[user].values()), now=now) for user in willing]
    return [mail for mail in mails if mail]


def _write_given(user: User, lines: list[Activity], *, now: dt.datetime) -> Mail | None:
    givers = {str(line.actor or "") for line in lines}
    with in_words_of(user):
        first = name_customer(lines[0].follow_up)
        subject = ngettext(
            "Given to you: %(first)s", "Given to you: %(n)s follow-ups", len(lines)
        ) % {"first": first, "n": len(lines)}
        return send_notice(
            user,
            kind="assigned",
            key=f"assigned:{user.pk}:{lines[0].pk}:{lines[-1].pk}",
            subject=subject,
            template="assigned",
            context={
                "entries": [
                    {
                        "score": line.follow_up.response.score,
                        "customer": name_customer(line.follow_up),
                        "due": describe_due(line.follow_up, now=now).text,
                        "by": str(line.actor or "") if len(givers) > 1 else "",
                        "url": make_url(line.follow_up),
                    }
                    for line in lines[:SHOWN]
                ],
                "by": givers.pop() if len(givers) == 1 else "",
                "more": max(0, len(lines) - SHOWN),
                "n": len(lines),
            },
            now=now,
        )


def _tell_mentioned(lines: Iterable[Activity], *, now: dt.datetime) -> list[Mail]:
    notes = [line for line in lines if line.kind == Activity.Kind.NOTE]
    notes = [
        line for line in notes if line.details.get("mentions") and not _is_stale(line, now=now)
    ]
    named = {pk for line in notes for pk in line.details["mentions"]}
    users = keep_willing(list(User.objects.filter(pk__in=named)), "mentioned") if named else []
    mails = [
        _write_mentioned(user, line, now=now)
        for line in notes
        for user in users
        if user.pk in line.details["mentions"] and user.pk != line.actor_id
    ]
    return [mail for mail in mails if mail]


def _write_mentioned(user: User, line: Activity, *, now: dt.datetime) -> Mail | None:
    with in_words_of(user):
        customer = name_customer(line.follow_up)
        who = str(line.actor or _("A colleague"))
        return send_notice(
            user,
            kind="mentioned",
            key=f"mentioned:{line.pk}:{user.pk}",
            subject=_("%(who)s mentions you: %(name)s") % {"who": who, "name": customer},
            template="mentioned",
            context={
                "who": who,
                "customer": customer,
                "response": line.follow_up.response,
                "text": line.text,
                "url": make_url(line.follow_up),
            },
            now=now,
        )


def _is_stale(line: Activity, *, now: dt.datetime) -> bool:
    return line.at < now - STILL_NEWS or line.follow_up.is_test
