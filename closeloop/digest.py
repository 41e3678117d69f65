"""One mail on each working morning with what waits for a person; nothing waits: no mail.

Whoever has a row in NoticeChoices with today's date has had theirs, or had nothing to hear: the
row is locked, and the date and the mail are committed together.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from closeloop.models import Absence, FollowUp, Improvement, Member, NoticeChoices
from closeloop.models.followup import FollowUpQuerySet
from closeloop.notices import in_words_of, send_notice
from closeloop.notifying import make_url, name_customer
from closeloop.office_hours import DAY, load_hours
from closeloop.reports.due import describe_due
from closeloop.targets import WorkingHours
from npsapp.models import User
from npsapp.roles import Role
from responses.models import Category
from surveys.models import Mail, get_organisation
from surveys.sending.queueing import NoSender, find_sender

logger = logging.getLogger(__name__)
SHOWN = 10
LOOK_BACK_DAYS = 21
WORDS = 90


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    url: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    lines: list[Line]
    more: int
    in_subject: str


def send_digests(*, now: dt.datetime) -> int:
    """Write the digests of this morning that are not written yet; return how many there were.

    The morning begins with the organisation's working day. Until that day ends a digest may be
    late; then it is left out, and the next one tells of the time since.
    """
    organisation = get_organisation()
    day = now.astimezone(organisation.zone).date()
    # Of every weekday: each reader has their own.
    hours = load_hours(organisation, first=day - LOOK_BACK_DAYS * DAY, last=day, weekdays=())
    today = hours.on(day)
    if today is None or not today[0] <= now < today[1]:
        return 0
    try:
        find_sender()
    except NoSender:
        return 0
    # Who came in the course of the day has their first morning tomorrow.
    readers = User.objects.who_may(Role.VIEWER).filter(created_at__lt=today[0])
    waiting = readers.exclude(notice_choices__digest_day__gte=day).order_by("pk")
    written = 0
    for user in waiting:
        try:
            written += _write_digest(user, day, hours, now=now) is not None
        except Exception:
            # One digest that cannot be written must not keep the others from leaving.
            logger.exception("Could not write the digest of user %s", user.pk)
    return written


def _write_digest(
    user: User, day: dt.date, hours: WorkingHours, *, now: dt.datetime
) -> Mail | None:
    if not _is_workday(user, day):
        return None
    with transaction.atomic():
        choices, _created = NoticeChoices.objects.select_for_update().get_or_create(user=user)
        if choices.digest_day is not None and choices.digest_day >= day:
            return None
        since = _find_last_morning(choices.digest_day, day, hours)
        choices.digest_day = day
        choices.save(update_fields=["digest_day"])
        if not choices.digest:
            return None
        with in_words_of(user):
            return _send(user, choices, day, since=since, now=now)


def _is_workday(user: User, day: dt.date) -> bool:
    member = Member.objects.filter(user=user).first()
    weekdays = (member.working_days if member else []) or get_organisation().working_days
    if weekdays and day.weekday() not in weekdays:
        return False
    away = Absence.objects.filter(member__user=user, first_day__lte=day, last_day__gte=day)
    return not away.exists()


def _find_last_morning(before: dt.date | None, day: dt.date, hours: WorkingHours) -> dt.datetime:
    """When the last digest looked, or the working day before this one began."""
    if before is not None and before >= day - LOOK_BACK_DAYS * DAY and (last := hours.on(before)):
        return last[0]
    weekdays = get_organisation().working_days
    for back in range(1, LOOK_BACK_DAYS):
        one = day - back * DAY
        opening = hours.on(one)
        if opening and (not weekdays or one.weekday() in weekdays):
            return opening[0]
    return dt.datetime.combine(day - DAY, dt.time.min, tzinfo=hours.zone)


def _send(
    user: User, choices: NoticeChoices, day: dt.date, *, since: dt.datetime, now: dt.datetime
) -> Mail | None:
    sections = _list_sections(user, choices, since=since, now=now)
    if not sections:
        return None
    parts = ", ".join(section.in_subject for section in sections)
    return send_notice(
        user,
        kind="digest",
        key=f"digest:{user.pk}:{day.isoformat()}",
        subject=_("Waiting for you: %(parts)s") % {"parts": parts},
        template="digest",
        context={"sections": sections, "day": date_format(day, "l j F")},
        now=now,
    )


def _list_sections(
    user: User, choices: NoticeChoices, *, since: dt.datetime, now: dt.datetime
) -> list[Section]:
    """Each follow-up stands in the first section that it fits; empty sections are left out."""
    sections = []
    if user.may(Role.AGENT):
        sections += _list_follow_ups(user, choices, since=since, now=now)
    sections.append(_list_improvements(user, now=now))
    return [section for section in sections if section.lines]


def _list_follow_ups(
    user: User, choices: NoticeChoices, *, since: dt.datetime, now: dt.datetime
) -> list[Section]:
    mine = FollowUp.objects.open().mine(user).awake(now)
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = dt.datetime.combine(midnight.date() + DAY, dt.time.min, tzinfo=midnight.tzinfo)
    late = Q(awaiting_contact=True, due_at__lt=now)
    today = Q(awaiting_contact=True, due_at__gte=now, due_at__lt=tomorrow)
    back = Q(returned_at__isnull=False)
    fresh = Q(awaiting_contact=True, opened_at__gte=since)
    if choices.at_once:
        # Told when they came in.
        fresh &= ~Q(response__category=Category.DETRACTOR) & Q(wants_contact=False)

    def section(title: str, words: str, found: FollowUpQuerySet) -> Section:
        n = found.count()
        lines = [_describe(each, now=now) for each in _load(found)] if n else []
        return Section(title, lines, n - len(lines), words % {"n": n})

    returned = mine.filter(back).exclude(late | today)
    new = mine.filter(fresh).exclude(late | today | back)
    return [
        section(_("Overdue"), _("%(n)s overdue"), mine.filter(late)),
        section(_("Due today"), _("%(n)s due today"), mine.filter(today)),
        section(_("Back in the queue"), _("%(n)s back"), returned),
        section(_("New"), _("%(n)s new"), new),
    ]


def _load(found: FollowUpQuerySet) -> FollowUpQuerySet:
    return found.select_related("response__contact__account").in_order()[:SHOWN]


def _describe(follow_up: FollowUp, *, now: dt.datetime) -> Line:
    response = follow_up.response
    parts = [str(response.score), name_customer(follow_up), describe_due(follow_up, now=now).text]
    if follow_up.wants_contact:
        parts.append(_("asked for contact"))
    words = " ".join(response.comment.split())
    if len(words) > WORDS:
        words = f"{words[:WORDS].rsplit(' ', 1)[0]} …"
    return Line(" · ".join(parts), make_url(follow_up), words)


def _list_improvements(user: User, *, now: dt.datetime) -> Section:
    today = timezone.localtime(now).date()
    due = Improvement.objects.owned_by(user).due(today)
    found = list(due[: SHOWN + 1])
    n = len(found) if len(found) <= SHOWN else due.count()
    due_on = _("due %(day)s")
    lines = [
        Line(
            f"{one.title} · {due_on % {'day': date_format(one.due_on, 'j F')}}",
            settings.BASE_URL + one.get_absolute_url(),
        )
        for one in found[:SHOWN]
        if one.due_on
    ]
    words = ngettext("%(n)s improvement", "%(n)s improvements", n) % {"n": n}
    return Section(_("Improvements of yours"), lines, n - len(lines), words)
