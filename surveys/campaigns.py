"""What a manager does with a campaign: launch, pause, resume, cancel. Each moves its state once."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from npsapp.roles import Role
from surveys.models import (
    Campaign,
    Contact,
    Invitation,
    Organisation,
    Sender,
    Survey,
    get_organisation,
)
from surveys.nudging import nudge
from surveys.planning.plan import Plan, draw_plan, redraw_plan, rewrite_plan, write_plan
from surveys.resting import rest_before

State = Campaign.State

# Any number: who plans holds it until the plan stands, so that the next one sees whom it asks.
_PLANNING = 7_340_017


class CannotMove(Exception):
    """The campaign cannot do this now; the message says why, in words for the manager."""


class PreviewOutdated(CannotMove):
    """What would be mailed is no longer what was shown."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What keeps a campaign from being launched, where it can be mended, and by whom."""

    text: str
    url: str
    role: Role


def describe_terms(campaign: Campaign) -> str:
    """Return a short fingerprint of all that decides what a launch mails, to whom and when."""
    terms = [
        campaign.survey_id, campaign.sender_id, campaign.audience, campaign.first_day.isoformat(),
        campaign.window_days, campaign.weekdays, campaign.day_start.isoformat(),
        campaign.day_end.isoformat(), campaign.daily_limit, campaign.strata, campaign.clock,
        campaign.ramp_start, campaign.ramp_days,
        rest_before(campaign.survey, get_organisation()).days,
    ]  # fmt: skip
    return hashlib.blake2b(json.dumps(terms, sort_keys=True).encode(), digest_size=8).hexdigest()


def find_missing() -> list[str]:
    """Return what has to be there before a campaign can be made, in the order to make it."""
    missing = []
    organisation = get_organisation()
    if not (organisation.name and organisation.postal_address):
        missing.append("organisation")
    if not Sender.objects.filter(lane=Sender.Lane.BULK).exists():
        missing.append("sender")
    if not Contact.objects.exists():
        missing.append("contacts")
    if not Survey.objects.exists():
        missing.append("survey")
    return missing


def find_obstacles(campaign: Campaign, plan: Plan, organisation: Organisation) -> list[Obstacle]:
    """Return what is missing before this campaign can be launched; nothing when it can."""
    incomplete, settings = [], reverse("settings")
    if not organisation.name:
        incomplete.append(_("The organisation has no name yet."))
    if not organisation.postal_address:
        incomplete.append(
            _("The organisation has no postal address yet; the law wants it in every mail.")
        )
    obstacles = [Obstacle(text, settings, Role.ADMIN) for text in incomplete]
    if not (campaign.sender.from_name and campaign.sender.from_email):
        url = reverse("sender", args=[campaign.sender_id])
        obstacles.append(Obstacle(_("The sender has no name or no address."), url, Role.ADMIN))
    if not plan.mails:
        edit = reverse("campaign_edit", args=[campaign.pk])
        obstacles.append(Obstacle(_explain_emptiness(plan), edit, Role.MANAGER))
    return obstacles


def _explain_emptiness(plan: Plan) -> str:
    if not plan.people:
        return _("Nobody meets the conditions of the audience.")
    if not plan.open_days:
        return _("Nothing is left of the window: choose later days, more weekdays or longer hours.")
    return _("Everybody in the audience is left out.")


@transaction.atomic
def launch(campaign: Campaign, *, previewed: int, terms: str, now: dt.datetime) -> Plan:
    """Write the plan and set the campaign running, if it still is what was previewed.

    `previewed` is the number of mails that the manager saw, `terms` the fingerprint of the rest.
    Raises CannotMove. The engine finds the first mails at its next tick.
    """
    _take_turn()
    locked = _lock(campaign)
    if locked.state != State.DRAFT:
        raise CannotMove(_("This campaign was launched already."))
    plan = draw_plan(locked, now=now, keep=True)
    for obstacle in find_obstacles(locked, plan, get_organisation()):
        raise CannotMove(obstacle.text)
    if plan.mails > previewed or terms != describe_terms(locked):
        raise PreviewOutdated(
            _("The plan has changed since you saw it. Look at it again, then launch.")
        )
    write_plan(locked, plan)
    locked.launched_at = now
    _move(locked, State.RUNNING)
    _wake_engine()
    return plan


@transaction.atomic
def save_changes(campaign: Campaign, *, fields: Iterable[str]) -> None:
    """Save what a form changed of a draft or a paused campaign.

    Only these fields, and only while its state is still the one the form was shown for: a launch
    from another tab must not be written over.
    """
    if not campaign.pk:
        campaign.save()
        return
    if _lock(campaign).state != campaign.state or not campaign.may_change:
        raise CannotMove(
            _("This campaign was started or stopped meanwhile; your changes are not saved.")
        )
    campaign.save(update_fields=list(fields))


@transaction.atomic
def pause(campaign: Campaign) -> None:
    """Hold all that has not left yet. What a worker is just handing over still leaves."""
    locked = _lock(campaign)
    if locked.state != State.RUNNING:
        raise CannotMove(_("Only a running campaign can be paused."))
    _move(locked, State.PAUSED)


@transaction.atomic
def resume(campaign: Campaign, *, now: dt.datetime) -> Plan:
    """Spread what still waits over what is left of the window, and go on."""
    _take_turn()
    locked = _lock(campaign)
    if locked.state != State.PAUSED:
        raise CannotMove(_("Only a paused campaign can be resumed."))
    plan = redraw_plan(locked, now=now)
    if plan.no_room and not plan.mails:
        raise CannotMove(
            _("Nothing is left of the window. Make it longer first, or cancel the campaign.")
        )
    rewrite_plan(locked, plan)
    _move(locked, State.RUNNING)
    _wake_engine()
    return plan


@transaction.atomic
def cancel(campaign: Campaign, *, now: dt.datetime) -> int:
    """End a campaign; return how many people are no longer asked because of it.

    Claimed rows go too: their worker's intent finds the row changed and lets it be.
    """
    locked = _lock(campaign)
    if locked.state not in {State.RUNNING, State.PAUSED}:
        raise CannotMove(_("Only a campaign under way can be cancelled."))
    stopped = locked.invitations.filter(
        state__in=[Invitation.State.SCHEDULED, Invitation.State.CLAIMED]
    ).update(
        state=Invitation.State.SKIPPED,
        reason=Invitation.Reason.CANCELLED,
        skipped_at=now,
        claim_token=None,
        lease_until=None,
    )
    locked.ended_at = now
    _move(locked, State.CANCELLED)
    return stopped


@transaction.atomic
def delete_draft(campaign: Campaign) -> None:
    """Remove a campaign that never ran."""
    locked = _lock(campaign)
    if locked.state != State.DRAFT:
        raise CannotMove(_("Only a draft can be deleted; a campaign under way can be cancelled."))
    locked.delete()


def finish_campaigns(*, now: dt.datetime) -> int:
    """Finish what has nothing left to send, and skip what its window left behind.

    Doubtful mails keep a campaign open: sending one of them again needs it running.
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
    return done.update(state=State.FINISHED, ended_at=now)


def _take_turn() -> None:
    """Plan one after the other: two campaigns that plan at once would both ask the same people."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_PLANNING])


def _lock(campaign: Campaign) -> Campaign:
    return (
        Campaign.objects.select_for_update(of=("self",))
        .select_related("sender")
        .get(pk=campaign.pk)
    )


def _move(campaign: Campaign, state: Campaign.State) -> None:
    campaign.state = state
    campaign.save(update_fields=["state", "launched_at", "ended_at"])


def _wake_engine() -> None:
    from surveys import tasks  # tasks import us

    nudge(tasks.send_due)
