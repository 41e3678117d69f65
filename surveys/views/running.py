"""A campaign under way: its progress and history, and the buttons that stop and change it."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from surveys import campaigns, sparing
from surveys.access import get_campaign, get_invitation
from surveys.audience import describe_conditions, name_fields
from surveys.campaign_history import list_history
from surveys.forms.campaign import PACE, BackForm, CampaignForm, ReplanForm
from surveys.joining import find_newcomers
from surveys.models import Campaign, Invitation, get_organisation
from surveys.pacing import find_wait
from surveys.progress import draw_progress_days, measure_progress, name_reasons
from surveys.replanning import Replan, Seen, carry, change, draw_replan, list_ways, resume
from surveys.resting import describe_rest
from surveys.views.moving import attempt, tell_planned
from surveys.views.repeating import describe_repeating

# What the form of a campaign under way brings along; the rest stands since the launch.
CARRIED = ("name", *PACE)


def describe_progress(subject: Campaign, *, now: dt.datetime) -> dict[str, Any]:
    organisation = get_organisation()
    zone = organisation.zone
    is_paused = subject.state == Campaign.State.PAUSED
    replan = draw_replan(subject, now=now) if is_paused else None
    resumed = replan.plan if replan else None
    today = now.astimezone(zone).date()
    return {
        "campaign": subject,
        "progress": measure_progress(subject),
        "wait": find_wait(subject, organisation, now=now),
        **describe_repeating(subject, today=today),
        "conditions": describe_conditions(subject.audience),
        "strata": name_fields(subject.strata),
        "rest": describe_rest(subject.survey, organisation),
        "strip": draw_progress_days(subject, resumed, zone=zone, today=today),
        "resumed": resumed,
        "replan": replan,
        "replan_form": ReplanForm(initial=replan.seen) if replan else None,
        "ways": list_ways(subject, replan.way, CARRIED) if replan else {},
        "dropped": name_dropped(replan) if replan else [],
        "history": list_history(subject),
        # Lazy: what is refreshed every few seconds does not count a whole audience.
        "newcomers": SimpleLazyObject(lambda: find_newcomers(subject).count()),
    }


def name_dropped(replan: Replan) -> list[Any]:
    """Who would be skipped for another reason than want of room."""
    named = name_reasons(replan.plan.left_out)
    return [entry for entry in named if entry.reason != Invitation.Reason.NO_ROOM]


@requires(Role.MANAGER)
@require_POST
def campaign_pause(request: StaffRequest, pk: int) -> HttpResponse:
    subject = get_campaign(pk)

    def move() -> str:
        campaigns.pause(subject, by=request.user, now=timezone.now())
        return _("Paused. Nothing leaves until you resume.")

    return attempt(request, subject, move)


@requires(Role.MANAGER)
@require_POST
def campaign_resume(request: StaffRequest, pk: int) -> HttpResponse:
    subject, form = get_campaign(pk), ReplanForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Look at the plan first, then resume."))
        return redirect(subject)

    def move() -> str:
        seen = Seen(**form.cleaned_data)
        plan = resume(subject, seen=seen, by=request.user, now=timezone.now())
        return tell_planned(_("Resumed."), plan.mails)

    return attempt(request, subject, move)


@requires(Role.MANAGER)
@require_POST
def campaign_cancel(request: StaffRequest, pk: int) -> HttpResponse:
    subject = get_campaign(pk)

    def move() -> str:
        stopped = campaigns.cancel(subject, by=request.user, now=timezone.now())
        text = ngettext(
            "Cancelled. %(count)d person is no longer asked.",
            "Cancelled. %(count)d people are no longer asked.",
            stopped,
        )
        return text % {"count": stopped}

    return attempt(request, subject, move)


def preview_change(request: StaffRequest, form: CampaignForm, *, now: dt.datetime) -> HttpResponse:
    """Show what the changes of a valid form would do to a running campaign; or do it."""
    changed, stored = form.instance, get_campaign(form.instance.pk)
    seen_form = ReplanForm(request.POST)
    if request.POST.get("confirm") and seen_form.is_valid():
        seen = Seen(**seen_form.cleaned_data)
        try:
            replan = change(changed, fields=form.fields, seen=seen, by=request.user, now=now)
        except campaigns.PreviewOutdated as refusal:
            messages.warning(request, str(refusal))
        except campaigns.CannotMove as refusal:
            messages.warning(request, str(refusal))
            return redirect(stored)
        else:
            told = tell_planned(_("The campaign is changed."), replan.plan.mails)
            messages.success(request, told)
            return redirect(stored)
    replan = draw_replan(changed, stored=stored, now=now)
    return render(request, "campaigns/change.html", _describe_change(form, stored, replan, now=now))


def _describe_change(
    form: CampaignForm, stored: Campaign, replan: Replan, *, now: dt.datetime
) -> dict[str, Any]:
    zone, changed = get_organisation().zone, form.instance
    today = now.astimezone(zone).date()
    return {
        "campaign": stored,
        "form": form,
        "replan": replan,
        "plan": replan.plan,
        "replan_form": ReplanForm(initial=replan.seen),
        "carried": carry(changed, CARRIED),
        "ways": list_ways(changed, replan.way, CARRIED),
        "dropped": name_dropped(replan),
        "before": draw_progress_days(stored, None, zone=zone, today=today),
        "after": draw_progress_days(changed, replan.plan, zone=zone, today=today),
    }


@requires(Role.MANAGER)
@require_POST
def invitation_hold(request: StaffRequest, pk: int, invitation: int) -> HttpResponse:
    row = get_invitation(get_campaign(pk), invitation)

    def move() -> str:
        sparing.hold(row, by=request.user, now=timezone.now())
        return _("%(person)s is not asked for now.") % {"person": row.contact or _("This person")}

    return _attempt_with(request, row, move)


@requires(Role.MANAGER)
@require_POST
def invitation_let_go(request: StaffRequest, pk: int, invitation: int) -> HttpResponse:
    row = get_invitation(get_campaign(pk), invitation)

    def move() -> str:
        moment = sparing.let_go(row, by=request.user, now=timezone.now())
        told = {
            "person": row.contact or _("This person"),
            "moment": date_format(timezone.localtime(moment), "j F H:i"),
        }
        return _("%(person)s is asked after all, on %(moment)s.") % told

    return _attempt_with(request, row, move)


def _attempt_with(request: StaffRequest, row: Invitation, move: Any) -> HttpResponse:
    """Do it and go back to where the button was."""
    attempt(request, row.campaign, move)
    form = BackForm(request.POST)
    back = form.cleaned_data if form.is_valid() else {}
    if back.pop("contact", False) and row.contact:
        return redirect(row.contact)
    query = urlencode({key: value for key, value in back.items() if value})
    people = reverse("campaign_people", args=[row.campaign_id])
    return redirect(f"{people}?{query}" if query else people)
