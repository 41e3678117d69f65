"""What an alarm says, on a page and in the mails to the admins."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from django.conf import settings
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from npsapp.models import User
from npsapp.roles import Role
from surveys.models import Alarm, Mail, get_organisation
from surveys.sending.queueing import NoSender, queue_mail

logger = logging.getLogger(__name__)
Kind = Alarm.Kind

# What was over sooner needs no second mail.
LASTED = dt.timedelta(minutes=10)
# A mail about the end of something that nobody could be told of in time.
_STILL_NEWS = dt.timedelta(days=1)

_SENTENCES: dict[str, Promise] = {
    Kind.STOPPED: gettext_lazy("%(who)s stopped all sending on %(since)s."),
    Kind.MAILS_OVERDUE: gettext_lazy("Replies and notices have not left since %(since)s."),
    Kind.HELD: gettext_lazy("The mail server refuses mail from “%(name)s”. It says: %(words)s"),
    Kind.OVERDUE: ngettext_lazy(
        "%(count)s mail of “%(name)s” should have left on %(since)s, and none left in the last "
        "half hour.",
        "%(count)s mails of “%(name)s” should have left by now, the first on %(since)s, and none "
        "left in the last half hour.",
        "count",
    ),
    Kind.UNKNOWN: ngettext_lazy(
        "Nobody knows whether %(count)s mail arrived; it has been in doubt since %(since)s.",
        "Nobody knows whether %(count)s mails arrived; the oldest has been in doubt since "
        "%(since)s.",
        "count",
    ),
    Kind.STUCK: ngettext_lazy(
        "%(count)s mail was handed to the mail server on %(since)s, and it has not answered.",
        "%(count)s mails were handed to the mail server, the first on %(since)s, and it has not "
        "answered.",
        "count",
    ),
    Kind.LEDGER: ngettext_lazy(
        "“%(name)s” was planned for %(planned)s person, but its ledger has %(rows)s.",
        "“%(name)s” was planned for %(planned)s people, but its ledger has %(rows)s.",
        "planned",
    ),
    Kind.CLOCK: gettext_lazy(
        "The clocks of this machine and of the database differ by %(seconds)s seconds."
    ),
    Kind.TALLIES: ngettext_lazy(
        "The figures of “%(name)s” did not add up to its answers on %(count)s day.",
        "The figures of “%(name)s” did not add up to its answers on %(count)s days.",
        "count",
    ),
}
_SILENT: dict[str, Promise] = {
    "worker": gettext_lazy("The worker has been silent since %(since)s: no mail leaves."),
    "beat": gettext_lazy(
        "The clock that starts all work (beat) has been silent since %(since)s: no mail leaves."
    ),
    "watchdog": gettext_lazy("Nothing ran from %(since)s to %(until)s, and no mail left."),
}
_ADVICE: dict[str, Promise] = {
    Kind.STOPPED: gettext_lazy("All mail waits until an admin lets it go again."),
    Kind.OVERDUE: gettext_lazy("Look whether the worker runs and what its log says."),
    Kind.MAILS_OVERDUE: gettext_lazy("Look whether the worker runs and what its log says."),
    Kind.HELD: gettext_lazy(
        "Nobody is left out because of it: mail waits and is tried again by itself. If the server "
        "names a password, a quota or the sender's address, that must be mended first."
    ),
    Kind.UNKNOWN: gettext_lazy(
        "Decide whether to send them again. After three days they are treated as sent."
    ),
    Kind.STUCK: gettext_lazy("After some minutes they become mail in doubt, for you to decide."),
    Kind.SILENT: gettext_lazy("Nothing is lost: what is due leaves as soon as all parts run."),
    Kind.LEDGER: gettext_lazy(
        "Rows were added or removed past the product. Pause the campaign and tell your operator."
    ),
    Kind.CLOCK: gettext_lazy("Let both keep time by NTP."),
    Kind.TALLIES: gettext_lazy(
        "They were counted anew and are right now, but something wrote answers past the product. "
        "Tell your operator: the log of the worker names the days."
    ),
}
_MOMENTS = ("since", "until")


def describe_alarm(alarm: Alarm) -> str:
    return describe(alarm.kind, alarm.subject, alarm.facts)


def describe(kind: str, subject: str, facts: dict[str, str | int]) -> str:
    """Return one sentence in the active language and time zone."""
    known: dict[str, Any] = {"who": _("An admin"), "since": "–", "until": "–", **facts}
    for name in _MOMENTS:
        if isinstance(known[name], str) and known[name][:1].isdigit():
            moment = timezone.localtime(dt.datetime.fromisoformat(known[name]))
            known[name] = date_format(moment, "j F H:i")
    known["who"] = known["who"] or _("An admin")
    sentence = _SILENT[subject] if kind == Kind.SILENT else _SENTENCES[kind]
    # A sentence that counts chooses its form only now.
    return " ".join(str(sentence % known).split())


def advise(kind: str) -> str:
    return str(_ADVICE[kind])


def tell_begun(*, now: dt.datetime) -> None:
    """Queue one mail for each admin about each alarm that nobody was told of yet."""
    for alarm in Alarm.objects.filter(closed_at=None, told_at=None):
        if _tell(alarm, is_over=False, now=now):
            Alarm.objects.filter(pk=alarm.pk).update(told_at=now)


def tell_ended(*, now: dt.datetime) -> None:
    """Say that it is over, when it lasted and somebody was told that it began."""
    over = Alarm.objects.filter(
        told_at__isnull=False,
        end_told_at=None,
        closed_at__gt=now - _STILL_NEWS,
        closed_at__gte=F("opened_at") + LASTED,
    )
    for alarm in over:
        if _tell(alarm, is_over=True, now=now):
            Alarm.objects.filter(pk=alarm.pk).update(end_told_at=now)


def _tell(alarm: Alarm, *, is_over: bool, now: dt.datetime) -> bool:
    """Return whether the mails are queued. A held sender keeps them; the banner stands anyway."""
    for admin in User.objects.filter(role=Role.ADMIN, is_active=True).order_by("pk"):
        subject, text = _write(alarm, admin, is_over=is_over)
        try:
            queue_mail(
                kind=Mail.Kind.ALARM,
                dedupe_key=f"alarm:{alarm.pk}:{'over' if is_over else 'begun'}:{admin.pk}",
                to_email=admin.email,
                to_name=admin.name,
                subject=subject,
                text=text,
                now=now,
            )
        except NoSender as problem:
            logger.warning("Nobody was told of %s: %s", alarm, problem)
            return False
    return True


def _write(alarm: Alarm, admin: User, *, is_over: bool) -> tuple[str, str]:
    organisation = get_organisation()
    with translation.override(admin.language), timezone.override(organisation.zone):
        title = alarm.get_kind_display()
        if is_over:
            title = _("Over: %(title)s") % {"title": title}
        text = render_to_string(
            "mail/alarm.txt",
            {
                "admin": admin,
                "organisation": organisation,
                "alarm": alarm,
                "is_over": is_over,
                "sentence": describe_alarm(alarm),
                "advice": advise(alarm.kind),
                "url": settings.BASE_URL + reverse("sending"),
            },
        )
    return title, text
