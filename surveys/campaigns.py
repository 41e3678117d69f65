"""What a manager does with a campaign: launch, pause, cancel. Each moves its state once.

What draws its plan anew (resuming it, changing its window) stands in replanning.py.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.utils.translation import gettext as _

from surveys.campaign_history import Kind, list_changes, note
from surveys.history import act_as
from surveys.models import Campaign, Invitation, get_organisation
from surveys.nudging import nudge
from surveys.obstacles import find_obstacles
from surveys.planning.plan import Plan, draw_plan, write_plan
from surveys.planning.reminding import may_remind
from surveys.planning.sharing import take_turn
from surveys.resting import rest_before

if TYPE_CHECKING:
    from npsapp.models import User

State = Campaign.State


class CannotMove(Exception):
    """The campaign cannot do this now; the message says why, in words for the manager."""


class PreviewOutdated(CannotMove):
    """What would be mailed is no longer what was shown."""


def describe_terms(campaign: Campaign) -> str:
    """Return a short fingerprint of all that decides what a launch mails, to whom and when."""
    terms = [
        campaign.survey_id, campaign.sender_id, campaign.audience, campaign.first_day.isoformat(),
        campaign.window_days, campaign.weekdays, campaign.day_start.isoformat(),
        campaign.day_end.isoformat(), campaign.daily_limit, campaign.strata,
        campaign.reminders, campaign.reminder_after_days,
        campaign.clock, campaign.ramp_start, campaign.ramp_days,
        rest_before(campaign.survey, get_organisation()).days,
    ]  # fmt: skip
    return hashlib.blake2b(json.dumps(terms, sort_keys=True).encode(), digest_size=8).hexdigest()


def describe_people(plan: Plan) -> str:
    """Return a short fingerprint of who would be asked: as many others are not the same people."""
    judged = plan.judged
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {judged.statement} "  # noqa: S608 - relations of ours
            "SELECT count(*), sum(hashint8extended(id, 0)::numeric) FROM judged WHERE reason = ''",
            judged.parameters,
        )
        people, total = cursor.fetchone() or (0, None)
    return f"{people}.{int(total or 0) & 0xFFFFFFFFFFFFFFFF:x}"


@transaction.atomic
def launch(
    campaign: Campaign,
    *,
    previewed: int,
    terms: str,
    people: str = "",
    by: User | None = None,
    now: dt.datetime,
) -> Plan:
    """Write the plan and set the campaign running, if it still is what was previewed.

    `previewed` is the number of mails that the manager saw, `terms` the fingerprint of the rest,
    `people` that of who would be asked (not compared when empty). Raises CannotMove. The engine
    finds the first mails at its next tick.
    """
    take_turn()
    locked = lock_campaign(campaign)
    if locked.state != State.DRAFT:
        raise CannotMove(_("This campaign was launched already."))
    plan = draw_plan(locked, now=now, keep=True)
    for obstacle in find_obstacles(locked, plan, get_organisation()):
        raise CannotMove(obstacle.text)
    is_other = bool(people) and people != describe_people(plan)
    if plan.mails > previewed or terms != describe_terms(locked) or is_other:
        raise PreviewOutdated(
            _("The plan has changed since you saw it. Look at it again, then launch.")
        )
    write_plan(locked, plan)
    locked.launched_at = now
    move_to(locked, State.RUNNING)
    note(
        locked,
        Kind.LAUNCHED,
        at=now,
        by=by,
        mails=plan.mails,
        left_out=sum(plan.left_out.values()),
    )
    wake_engine()
    return plan


@transaction.atomic
def save_changes(
    campaign: Campaign,
    *,
    fields: Iterable[str],
    by: User | None = None,
    now: dt.datetime | None = None,
) -> None:
    """Save what a form changed of a draft or a paused campaign.

    Only these fields, and only while its state is still the one the form was shown for: a launch
    from another tab must not be written over. What was launched has a history: `now` is for it.
    """
    if not campaign.pk:
        campaign.save()
        return
    locked, fields = lock_campaign(campaign), list(fields)
    # A name changes no plan; all else of a running campaign is changed by replanning.change.
    is_free = locked.state in {State.DRAFT, State.PAUSED} or fields == ["name"]
    if locked.state != campaign.state or not is_free:
        raise CannotMove(
            _("This campaign was started or stopped meanwhile; your changes are not saved.")
        )
    changes = list_changes(locked, campaign, fields)
    campaign.save(update_fields=fields)
    if now and changes and locked.state != State.DRAFT:
        note(locked, Kind.CHANGED, at=now, by=by, changes=changes)


@transaction.atomic
def pause(campaign: Campaign, *, by: User | None = None, now: dt.datetime | None = None) -> None:
    """Hold all that has not left yet. What a worker is just handing over still leaves."""
    locked = lock_campaign(campaign)
    if locked.state != State.RUNNING:
        raise CannotMove(_("Only a running campaign can be paused."))
    move_to(locked, State.PAUSED)
    if now:
        note(locked, Kind.PAUSED, at=now, by=by)


@transaction.atomic
def cancel(campaign: Campaign, *, by: User | None = None, now: dt.datetime) -> int:
    """End a campaign; return how many people are no longer asked because of it.

    Claimed rows go too: their worker's intent finds the row changed and lets it be.
    """
    locked = lock_campaign(campaign)
    if not locked.is_under_way:
        raise CannotMove(_("Only a campaign under way can be cancelled."))
    act_as(by)
    waiting = locked.invitations.filter(
        state__in=[Invitation.State.SCHEDULED, Invitation.State.CLAIMED]
    )
    changes = {
        "state": Invitation.State.SKIPPED,
        "reason": Invitation.Reason.CANCELLED,
        "skipped_at": now,
        "claim_token": None,
        "lease_until": None,
    }
    stopped = waiting.filter(sequence=0).update(**changes)
    # Whose reminder is stopped was asked all the same, and is not counted.
    waiting.update(**changes)
    locked.ended_at = now
    move_to(locked, State.CANCELLED)
    note(locked, Kind.CANCELLED, at=now, by=by, stopped=stopped)
    return stopped


@transaction.atomic
def delete_draft(campaign: Campaign) -> None:
    """Remove a campaign that never ran."""
    locked = lock_campaign(campaign)
    if locked.state != State.DRAFT:
        raise CannotMove(_("Only a draft can be deleted; a campaign under way can be cancelled."))
    locked.delete()


def finish_campaigns(*, now: dt.datetime) -> int:
    """Finish what has nothing left to send, and skip what its window left behind.

    Doubtful mails keep a campaign open: sending one of them again needs it running. So do
    reminders that may still fall due.
    """
    Invitation.objects.filter(
        campaign__state=State.RUNNING, state=Invitation.State.SCHEDULED, not_after__lte=now
    ).update(state=Invitation.State.SKIPPED, reason=Invitation.Reason.WINDOW_OVER, skipped_at=now)
    unsettled = Invitation.objects.filter(
        state__in=[
            Invitation.State.SCHEDULED,
            Invitation.State.CLAIMED,
            Invitation.State.SENDING,
            Invitation.State.UNKNOWN,
        ]
    )
    done = Campaign.objects.running().exclude(pk__in=unsettled.values("campaign"))
    return sum(_finish(campaign, now) for campaign in list(done))


@transaction.atomic
def _finish(campaign: Campaign, now: dt.datetime) -> int:
    """Look again under the lock: people may be added, or reminders switched on, meanwhile."""
    locked = lock_campaign(campaign)
    if _has_mail_left(locked) or may_remind(locked, now=now):
        return 0
    locked.ended_at = now
    move_to(locked, State.FINISHED)
    note(locked, Kind.FINISHED, at=now)
    return 1


def _has_mail_left(campaign: Campaign) -> bool:
    return campaign.state != State.RUNNING or bool(
        campaign.invitations.filter(state=Invitation.State.SCHEDULED).exists()
    )


def lock_campaign(campaign: Campaign) -> Campaign:
    return (
        Campaign.objects.select_for_update(of=("self",))
        .select_related("sender", "survey")
        .get(pk=campaign.pk)
    )


def move_to(campaign: Campaign, state: Campaign.State) -> None:
    campaign.state = state
    campaign.save(update_fields=["state", "launched_at", "ended_at"])


def wake_engine() -> None:
    from surveys import tasks  # tasks import us

    nudge(tasks.send_due)
