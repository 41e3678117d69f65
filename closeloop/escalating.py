"""A response target has passed: somebody else takes over, the managers hear of it.

Once per follow-up and target. A run is one transaction: what is marked as escalated, the lines in
the timelines and the mails are committed together or not at all, and two runs at once share the
follow-ups between them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from closeloop.assigning import choose_owner, give
from closeloop.duty import load_roster
from closeloop.models import Activity, EscalationRule, FollowUp, Member
from closeloop.models.followup import FollowUpQuerySet
from closeloop.notices import in_words_of, keep_willing, send_notice
from closeloop.notifying import make_url, name_customer
from closeloop.office_hours import DAY, load_hours
from closeloop.reports.due import describe_due
from closeloop.targets import add_working_time
from npsapp.models import User
from npsapp.roles import Role
from surveys.models import Mail, get_organisation
from surveys.sending.queueing import NoSender, find_sender

SHOWN = 20
MOST_AT_ONCE = 500
LOOK_BACK_DAYS = 400


@dataclass(frozen=True, slots=True)
class Escalation:
    follow_up: FollowUp
    activity: Activity
    given_to: User | None


def get_rule(*, now: dt.datetime) -> EscalationRule:
    """Return the rule in force; the first call starts it, so that nothing of before counts."""
    return EscalationRule.objects.get_or_create(pk=1, defaults={"since": now})[0]


def escalate(*, now: dt.datetime) -> int:
    """Escalate what has passed its target and the grace; return how many follow-ups that were."""
    rule = get_rule(now=now)
    managers = _find_managers() if rule.tell_managers else []
    if not managers and not rule.hand_over:
        return 0
    passed = _list_passed(rule, now=now)
    if not passed:
        return 0
    with transaction.atomic():
        if rule.hand_over:
            # Members first, as everywhere: two locks taken in two orders wait for each other.
            on_duty = Member.objects.on_duty().order_by("pk")
            list(on_duty.select_for_update(of=("self",), no_key=True))
        done = [
            escalation
            for follow_up in _lock(passed, now=now)
            if (escalation := _escalate(follow_up, rule, managers, now=now))
        ]
        for manager in managers if done else []:
            _tell(manager, done, now=now)
    return len(done)


def _find_managers() -> list[User]:
    """Without a sender nobody can be told: then nothing is marked, and a later run tells."""
    try:
        find_sender()
    except NoSender:
        return []
    return keep_willing(list(User.objects.who_may(Role.MANAGER).order_by("pk")), "escalated")


def _unescalated(now: dt.datetime) -> FollowUpQuerySet:
    new_target = Q(escalated_for__isnull=True) | ~Q(escalated_for=F("due_at"))
    return FollowUp.objects.overdue(now).awake(now).filter(new_target)


def _list_passed(rule: EscalationRule, *, now: dt.datetime) -> list[int]:
    found = _unescalated(now).filter(due_at__gte=rule.since).order_by("due_at", "pk")
    rows = found.values_list("pk", "due_at")
    if not rule.grace_hours:
        return [pk for pk, _due in rows]
    organisation = get_organisation()
    today = now.astimezone(organisation.zone).date()
    hours = load_hours(organisation, first=today - LOOK_BACK_DAYS * DAY, last=today)
    grace = dt.timedelta(hours=rule.grace_hours)
    return [pk for pk, due in rows if add_working_time(due, grace, hours) < now]


def _lock(pks: list[int], *, now: dt.datetime) -> FollowUpQuerySet:
    """Those that nobody has in hand; asked again under the lock, for another run may be done."""
    related = ("owner", "response__contact__account", "response__survey")
    fresh = _unescalated(now).filter(pk__in=pks).select_related(*related)
    ordered = fresh.order_by("due_at", "pk")
    return ordered.select_for_update(of=("self",), skip_locked=True)[:MOST_AT_ONCE]


def _escalate(
    follow_up: FollowUp, rule: EscalationRule, managers: list[User], *, now: dt.datetime
) -> Escalation | None:
    given_to = _hand_over(follow_up, now=now) if rule.hand_over else None
    if given_to is None and not managers:
        # Its owner is at work: looked at again later, for they may be away tomorrow.
        return None
    FollowUp.objects.filter(pk=follow_up.pk).update(escalated_for=follow_up.due_at)
    # Nothing that a reader acts on has changed, so the version stays: no reply is held up by it.
    activity = Activity.objects.create(
        follow_up=follow_up,
        kind=Activity.Kind.ESCALATED,
        at=now,
        version=follow_up.version,
        details={
            "due_at": follow_up.due_at.isoformat(),
            "owner": follow_up.owner_id,
            "told": [str(manager) for manager in managers],
            "given_to": str(given_to or ""),
        },
    )
    return Escalation(follow_up, activity, given_to)


def _hand_over(follow_up: FollowUp, *, now: dt.datetime) -> User | None:
    """Give it to somebody at work when its owner is not; they hear of it like of any other."""
    before = follow_up.owner
    if before is not None and not _is_away(before, now=now):
        return None
    chosen = choose_owner(follow_up.response, due_at=follow_up.due_at, now=now).owner
    if chosen is None or chosen == before:
        return None
    give(follow_up, to=chosen, now=now, because="escalated")
    return chosen


def _is_away(user: User, *, now: dt.datetime) -> bool:
    """Absent today, or no longer somebody who follows up."""
    if not user.may(Role.AGENT):
        return True
    organisation = get_organisation()
    today = now.astimezone(organisation.zone).date()
    member = Member.objects.filter(user=user).first()
    if member is None:
        return False
    return load_roster([member], organisation, first=today, days=0).is_absent(member, today)


def _tell(manager: User, done: list[Escalation], *, now: dt.datetime) -> Mail | None:
    """One mail about all of a run."""
    with in_words_of(manager):
        subject = ngettext(
            "Overdue: %(first)s", "%(n)s follow-ups have passed their target", len(done)
        ) % {"first": name_customer(done[0].follow_up), "n": len(done)}
        return send_notice(
            manager,
            kind="escalated",
            key=f"escalated:{manager.pk}:{done[0].activity.pk}",
            subject=subject,
            template="escalated",
            context={
                "entries": [
                    {
                        "score": each.follow_up.response.score,
                        "customer": name_customer(each.follow_up),
                        "due": describe_due(each.follow_up, now=now).text,
                        "owner": str(each.follow_up.owner or _("Nobody")),
                        "is_new_owner": each.given_to is not None,
                        "url": make_url(each.follow_up),
                    }
                    for each in done[:SHOWN]
                ],
                "n": len(done),
                "more": max(0, len(done) - SHOWN),
                "queue_url": f"{settings.BASE_URL}{reverse('follow_ups')}?view=overdue",
            },
            now=now,
        )
