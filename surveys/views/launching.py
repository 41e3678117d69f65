"""The page of one campaign: its plan before the launch, its progress afterwards, its buttons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from surveys import campaigns
from surveys.access import get_campaign
from surveys.audience import describe_conditions, name_fields
from surveys.forms.campaign import LaunchForm, PeopleForm, TestMailForm
from surveys.links import preview_url
from surveys.models import Campaign, Invitation, Mail, get_organisation
from surveys.people import list_people
from surveys.planning.plan import draw_plan, list_recipients, redraw_plan
from surveys.progress import (
    draw_planned_days,
    draw_progress_days,
    measure_progress,
    name_reasons,
)
from surveys.resting import describe_rest
from surveys.sending.compose import compose_test_mail
from surveys.sending.queueing import NoSender, queue_mail
from surveys.views.framing import show_mail

FIRST_RECIPIENTS = 20
PAGE_LENGTH = 50


@requires(Role.MANAGER)
@require_safe
def campaign(request: StaffRequest, pk: int) -> HttpResponse:
    subject, now = get_campaign(pk), timezone.now()
    if subject.state == Campaign.State.DRAFT:
        return render(request, "campaigns/draft.html", _describe_draft(request, subject, now=now))
    context = _describe_progress(subject, now=now)
    template = "campaigns/campaign.html"
    return render(request, f"{template}#progress" if request.htmx else template, context)


def _describe_draft(
    request: StaffRequest, subject: Campaign, *, now: dt.datetime
) -> dict[str, Any]:
    plan, organisation = draw_plan(subject, now=now), get_organisation()
    seen = {"previewed": plan.mails, "terms": campaigns.describe_terms(subject)}
    obstacles = campaigns.find_obstacles(subject, plan, organisation)
    today = now.astimezone(organisation.zone).date()
    return {
        "campaign": subject,
        "plan": plan,
        "left_out": name_reasons(plan.left_out),
        "conditions": describe_conditions(subject.audience),
        "strata": name_fields(subject.strata),
        "rest": describe_rest(subject.survey, organisation),
        "strip": draw_planned_days(subject, plan, today=today),
        "recipients": list_recipients(plan, limit=FIRST_RECIPIENTS),
        "obstacles": [(entry, request.user.may(entry.role)) for entry in obstacles],
        "launch_form": LaunchForm(initial=seen),
        "test_form": TestMailForm(languages=subject.survey.languages),
        "survey_page": preview_url(subject.pk),
    }


def _describe_progress(subject: Campaign, *, now: dt.datetime) -> dict[str, Any]:
    organisation = get_organisation()
    zone = organisation.zone
    is_paused = subject.state == Campaign.State.PAUSED
    resumed = redraw_plan(subject, now=now) if is_paused else None
    left_out = name_reasons(resumed.left_out) if resumed else ()
    today = now.astimezone(zone).date()
    return {
        "campaign": subject,
        "progress": measure_progress(subject),
        "conditions": describe_conditions(subject.audience),
        "strata": name_fields(subject.strata),
        "rest": describe_rest(subject.survey, organisation),
        "strip": draw_progress_days(subject, resumed, zone=zone, today=today),
        "resumed": resumed,
        "dropped": [entry for entry in left_out if entry.reason != Invitation.Reason.NO_ROOM],
    }


@requires(Role.MANAGER)
@require_safe
def campaign_people(request: StaffRequest, pk: int) -> HttpResponse:
    """The people behind a number of the campaign's page, before and after the launch."""
    subject, now = get_campaign(pk), timezone.now()
    form = PeopleForm(request.GET, is_draft=subject.state == Campaign.State.DRAFT)
    chosen = form.cleaned_data if form.is_valid() else {"state": "", "reason": ""}
    people = list_people(subject, state=chosen["state"], reason=chosen["reason"], now=now)
    page = Paginator(cast(Any, people), PAGE_LENGTH).get_page(request.GET.get("page"))
    query = urlencode({key: value for key, value in chosen.items() if value})
    context = {"campaign": subject, "form": form, "page": page, "query": query}
    return render(request, "campaigns/people.html", context, status=200 if form.is_valid() else 422)


@requires(Role.MANAGER)
@require_safe
def campaign_mail(request: StaffRequest, pk: int, language: str) -> HttpResponse:
    """The invitation as it will look, for the frame on the draft's page."""
    subject = get_campaign(pk)
    _subject, _text, html = compose_test_mail(subject, language=language, user=request.user)
    return show_mail(html)


@requires(Role.MANAGER)
@require_POST
def campaign_test(request: StaffRequest, pk: int) -> HttpResponse:
    subject = get_campaign(pk)
    form = TestMailForm(request.POST, languages=subject.survey.languages)
    if not form.is_valid():
        messages.error(request, _("Choose a language for the test mail."))
        return redirect(subject)
    language, once = form.cleaned_data["language"], form.cleaned_data["once"]
    title, text, html = compose_test_mail(subject, language=language, user=request.user)
    try:
        queue_mail(
            kind=Mail.Kind.TEST,
            dedupe_key=f"test:{once}",
            to_email=request.user.email,
            to_name=request.user.name,
            subject=title,
            text=text,
            html=html,
            created_by=request.user,
            now=timezone.now(),
        )
    except NoSender:
        messages.error(request, _("There is no sender for replies and notices yet."))
    else:
        sent = _("A test mail is on its way to %(address)s.") % {"address": request.user.email}
        messages.success(request, sent)
    return redirect(subject)


@requires(Role.MANAGER)
@require_POST
def campaign_launch(request: StaffRequest, pk: int) -> HttpResponse:
    subject, form = get_campaign(pk), LaunchForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Look at the plan first, then launch."))
        return redirect(subject)

    def move() -> str:
        plan = campaigns.launch(subject, **form.cleaned_data, now=timezone.now())
        return _tell_planned(_("Launched."), plan.mails)

    return _attempt(request, subject, move)


@requires(Role.MANAGER)
@require_POST
def campaign_pause(request: StaffRequest, pk: int) -> HttpResponse:
    subject = get_campaign(pk)

    def move() -> str:
        campaigns.pause(subject)
        return _("Paused. Nothing leaves until you resume.")

    return _attempt(request, subject, move)


@requires(Role.MANAGER)
@require_POST
def campaign_resume(request: StaffRequest, pk: int) -> HttpResponse:
    subject = get_campaign(pk)

    def move() -> str:
        plan = campaigns.resume(subject, now=timezone.now())
        return _tell_planned(_("Resumed."), plan.mails)

    return _attempt(request, subject, move)


@requires(Role.MANAGER)
@require_POST
def campaign_cancel(request: StaffRequest, pk: int) -> HttpResponse:
    subject = get_campaign(pk)

    def move() -> str:
        stopped = campaigns.cancel(subject, now=timezone.now())
        text = ngettext(
            "Cancelled. %(count)d person is no longer asked.",
            "Cancelled. %(count)d people are no longer asked.",
            stopped,
        )
        return text % {"count": stopped}

    return _attempt(request, subject, move)


@requires(Role.MANAGER)
@require_POST
def campaign_delete(request: StaffRequest, pk: int) -> HttpResponse:
    subject = get_campaign(pk)

    def move() -> str:
        campaigns.delete_draft(subject)
        return _("The draft is deleted.")

    return _attempt(request, subject, move, then="campaigns")


def _attempt(
    request: StaffRequest, subject: Campaign, move: Callable[[], str], *, then: str = ""
) -> HttpResponse:
    """Move a campaign and tell what happened, or why it could not."""
    try:
        messages.success(request, move())
    except campaigns.CannotMove as refusal:
        messages.warning(request, str(refusal))
        return redirect(subject)
    return redirect(then or subject)


def _tell_planned(event: str, mails: int) -> str:
    text = ngettext("%(count)d mail is planned.", "%(count)d mails are planned.", mails)
    return f"{event} {text % {'count': mails}}"
