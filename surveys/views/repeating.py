"""The cards of a campaign's page about more mail: its reminders and its next round."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from surveys.access import get_campaign
from surveys.campaigns import CannotMove
from surveys.forms.rounds import RemindersForm, RepeatForm, RepetitionForm
from surveys.models import Campaign, get_organisation
from surveys.reminders import UNDER_WAY, change_reminders, count_remindable, count_reminders
from surveys.rounds import change_repetition, find_preparation, repeat_campaign


def describe_repeating(subject: Campaign, *, today: dt.date) -> dict[str, Any]:
    """What both cards show of a launched campaign."""
    is_under_way = subject.state in UNDER_WAY
    remindable = count_remindable(subject) if is_under_way else 0
    following = subject.next_round
    return {
        "reminded": count_reminders(subject),
        "remindable": remindable,
        "reminders_form": RemindersForm(
            initial={
                "reminders": subject.reminders,
                "after_days": subject.reminder_after_days,
                "previewed": remindable,
            }
        )
        if is_under_way
        else None,
        "next_round": following,
        "preparation": find_preparation(subject, today=today),
        "repeat_form": None if following else RepeatForm(campaign=subject, today=today),
        "repetition_form": None
        if following or subject.state == Campaign.State.CANCELLED
        else RepetitionForm(
            initial={"repeat": subject.repeat, "days_before": subject.repeat_days_before}
        ),
    }


@requires(Role.MANAGER)
@require_POST
def campaign_reminders(request: StaffRequest, pk: int) -> HttpResponse:
    subject, form = get_campaign(pk), RemindersForm(request.POST)
    if not form.is_valid():
        return _refuse(request, subject, form)
    try:
        change_reminders(subject, **form.cleaned_data, by=request.user, now=timezone.now())
    except CannotMove as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("The reminders are changed."))
    return redirect(subject)


@requires(Role.MANAGER)
@require_POST
def campaign_repeat(request: StaffRequest, pk: int) -> HttpResponse:
    """Make the draft of the next round and show its plan."""
    subject = get_campaign(pk)
    today = timezone.now().astimezone(get_organisation().zone).date()
    form = RepeatForm(request.POST, campaign=subject, today=today)
    if not form.is_valid():
        return _refuse(request, subject, form)
    try:
        draft = repeat_campaign(
            subject, first_day=form.cleaned_data["first_day"], user=request.user
        )
    except CannotMove as refusal:
        messages.warning(request, str(refusal))
        return redirect(subject.next_round or subject)
    messages.success(
        request, _("Round %(round)d is a draft. Look at it, then launch it.") % {
            "round": draft.round
        }
    )  # fmt: skip
    return redirect(draft)


@requires(Role.MANAGER)
@require_POST
def campaign_repetition(request: StaffRequest, pk: int) -> HttpResponse:
    subject, form = get_campaign(pk), RepetitionForm(request.POST)
    if not form.is_valid():
        return _refuse(request, subject, form)
    try:
        change_repetition(subject, **form.cleaned_data)
    except CannotMove as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Saved. Nothing is launched by itself."))
    return redirect(subject)


def _refuse(request: StaffRequest, subject: Campaign, form: BaseForm) -> HttpResponse:
    """Three short forms on a page that is about something else: their errors are told above it."""
    for problems in form.errors.values():
        for problem in problems:
            messages.error(request, str(problem))
    return redirect(subject)
