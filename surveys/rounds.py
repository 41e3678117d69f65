"""Rounds: a campaign asked again, of whoever is in its audience by then.

A round is a draft like any other: it is looked at, changed and launched by a person. Prepared by
itself or by hand, there is one next round of a campaign at most.
"""

from __future__ import annotations

import calendar
import datetime as dt
import logging
import re
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from npsapp.models import User
from npsapp.roles import Role
from surveys.campaigns import CannotMove, lock_campaign
from surveys.models import Campaign, Mail, get_organisation
from surveys.models.campaign import new_seed
from surveys.sending.queueing import NoSender, queue_mail

if TYPE_CHECKING:
    from collections.abc import Iterable

logger = logging.getLogger(__name__)

Repeat = Campaign.Repeat
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MONTHS = {Repeat.QUARTERLY: 3, Repeat.YEARLY: 12}
# What the next round takes over: all that says who is asked what, from whom and how.
_KEPT = (
    "survey", "sender", "audience", "window_days", "weekdays", "day_start", "day_end",
    "daily_limit", "strata", "reminders", "reminder_after_days", "repeat", "repeat_days_before",
)  # fmt: skip


def find_next_day(first_day: dt.date, rhythm: str, *, after: dt.date) -> dt.date:
    """Return the first day of the next round: whole periods later, and later than `after`.

    A day that a month does not have becomes its last.
    """
    months = MONTHS[Repeat(rhythm)]
    periods = 1
    while (day := _add_months(first_day, periods * months)) <= after:
        periods += 1
    return day


def _add_months(day: dt.date, months: int) -> dt.date:
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


@transaction.atomic
def repeat_campaign(campaign: Campaign, *, first_day: dt.date, user: User | None) -> Campaign:
    """Make the draft of the next round. Raises CannotMove; the second of two finds it made."""
    locked = lock_campaign(campaign)
    if locked.state == Campaign.State.DRAFT:
        raise CannotMove(_("A draft is launched first, then repeated."))
    if locked.next_round:
        raise CannotMove(_("The next round is there already."))
    return Campaign.objects.create(
        **{name: getattr(locked, name) for name in _KEPT},
        name=_name_round(locked),
        first_day=first_day,
        seed=new_seed(),
        state=Campaign.State.DRAFT,
        round=locked.round + 1,
        previous=locked,
        created_by=user or locked.created_by,
    )


def _name_round(campaign: Campaign) -> str:
    base = campaign.name.removesuffix(f" ({campaign.round})") if campaign.round > 1 else (
        campaign.name
    )  # fmt: skip
    number = f" ({campaign.round + 1})"
    return f"{base[: 120 - len(number)]}{number}"


def names_days(campaign: Campaign) -> bool:
    """Whether a condition of the audience holds a date, which does not move with the round."""
    values = (value for entry in campaign.audience for value in entry.get("values", []))
    return any(_DAY.fullmatch(str(value).strip()) for value in values)


@transaction.atomic
def change_repetition(campaign: Campaign, *, repeat: str, days_before: int) -> None:
    """Say whether the next draft is prepared by itself; asked for anew, it is prepared anew."""
    locked = lock_campaign(campaign)
    if locked.state == Campaign.State.DRAFT:
        raise CannotMove(_("A draft is launched first, then repeated."))
    locked.repeat, locked.repeat_days_before = repeat, days_before
    locked.next_prepared_at = None
    locked.save(update_fields=["repeat", "repeat_days_before", "next_prepared_at"])


def find_preparation(campaign: Campaign, *, today: dt.date) -> tuple[dt.date, dt.date] | None:
    """Return when the next draft is prepared by itself and its first day; None if it is not."""
    is_over = campaign.state in {Campaign.State.DRAFT, Campaign.State.CANCELLED}
    if not campaign.repeat or campaign.next_prepared_at or is_over or campaign.next_round:
        return None
    day = find_next_day(campaign.first_day, campaign.repeat, after=today)
    return max(today, day - dt.timedelta(days=campaign.repeat_days_before)), day


def prepare_rounds(*, now: dt.datetime) -> int:
    """Make the drafts that are due, and tell a manager of each. Nothing is launched."""
    today = now.astimezone(get_organisation().zone).date()
    asked = Campaign.objects.exclude(repeat="").filter(next_prepared_at=None, next=None)
    return sum(_prepare(campaign, today=today, now=now) for campaign in asked)


@transaction.atomic
def _prepare(campaign: Campaign, *, today: dt.date, now: dt.datetime) -> bool:
    locked = lock_campaign(campaign)
    found = find_preparation(locked, today=today)
    if found is None or found[0] > today:
        return False
    draft = repeat_campaign(locked, first_day=found[1], user=None)
    locked.next_prepared_at = now
    locked.save(update_fields=["next_prepared_at"])
    _tell(draft, now=now)
    return True


def _tell(draft: Campaign, *, now: dt.datetime) -> None:
    """Mail whoever made the campaign, or all who may launch it. The list shows it all the same."""
    for user in _find_readers(draft):
        subject, text = _write_notice(draft, user)
        try:
            queue_mail(
                kind=Mail.Kind.NOTICE,
                dedupe_key=f"round:{draft.pk}:{user.pk}",
                to_email=user.email,
                to_name=user.name,
                subject=subject,
                text=text,
                now=now,
            )
        except NoSender as problem:
            logger.warning("Nobody was told of campaign %s: %s", draft.pk, problem)
            return


def _find_readers(draft: Campaign) -> Iterable[User]:
    managers = User.objects.who_may(Role.MANAGER)
    return [user for user in managers if user == draft.created_by] or managers


def _write_notice(draft: Campaign, user: User) -> tuple[str, str]:
    with translation.override(user.language):
        day = date_format(draft.first_day, "j F Y")
        subject = _("The next round of %(name)s is ready to be looked at") % {
            "name": draft.previous or draft
        }
        text = render_to_string(
            "campaigns/mail/round_ready.txt",
            {"user": user, "draft": draft, "day": day,
             "url": settings.BASE_URL + draft.get_absolute_url()},
        )  # fmt: skip
    return subject, text
