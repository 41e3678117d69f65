"""The page of one campaign, and what is done with a draft: its plan, its test mail, its launch."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from surveys import campaigns
from surveys.access import get_campaign
from surveys.audience import describe_conditions, name_fields
from surveys.expecting import Hands, expect, forecast
from surveys.forms.campaign import LaunchForm, PeopleForm, RateForm, TestMailForm
from surveys.links import preview_url
from surveys.models import Campaign, Mail, TeamCapacity, get_organisation
from surveys.obstacles import find_obstacles
from surveys.people import list_people
from surveys.planning.plan import draw_plan, list_recipients
from surveys.planning.reminding import bound_reminders
from surveys.progress import draw_planned_days, name_reasons
from surveys.rehearsing import find_rehearsal, fingerprint, write_samples
from surveys.resting import describe_rest
from surveys.rounds import names_days
from surveys.sending.compose import compose_preview, compose_test_mail
from surveys.sending.invitation_mail import write_subject
from surveys.sending.queueing import NoSender, queue_mail
from surveys.views.framing import show_mail
from surveys.views.moving import attempt, tell_planned
from surveys.views.running import describe_progress

FIRST_RECIPIENTS = 20
PAGE_LENGTH = 50


@requires(Role.MANAGER)
@require_safe
def campaign(request: StaffRequest, pk: int) -> HttpResponse:
    subject, now = get_campaign(pk), timezone.now()
    if request.htmx and request.GET.get("seen", _standing_of(subject)) != _standing_of(subject):
        # The buttons around what is refreshed are those of another state.
        return HttpResponseClientRefresh()
    if subject.state != Campaign.State.DRAFT:
        context = describe_progress(subject, now=now)
        template = "campaigns/campaign.html"
        return render(request, f"{template}#progress" if request.htmx else template, context)
    if request.htmx:
        return HttpResponse(status=204)
    return render(request, "campaigns/draft.html", _describe_draft(request, subject, now=now))


def _standing_of(subject: Campaign) -> str:
    """What the page of a campaign depends on as a whole: its state; of a draft its test mail."""
    if subject.state != Campaign.State.DRAFT:
        return subject.state
    samples = write_samples(subject, get_organisation())
    return f"test-{find_rehearsal(subject, fingerprint(subject, samples))}"


def _describe_draft(
    request: StaffRequest, subject: Campaign, *, now: dt.datetime
) -> dict[str, Any]:
    plan, organisation = draw_plan(subject, now=now), get_organisation()
    seen = {
        "previewed": plan.mails,
        "terms": campaigns.describe_terms(subject),
        "people": campaigns.describe_people(plan),
    }
    obstacles = find_obstacles(subject, plan, organisation)
    today = now.astimezone(organisation.zone).date()
    rate_form = RateForm(request.GET or None)
    typed = rate_form.cleaned_data["rate"] if rate_form.is_valid() else None
    expectation = expect(subject.survey, zone=organisation.zone, now=now, typed=typed)
    answers = forecast(
        plan.mails_by_day,
        expectation,
        capacity=organisation.daily_capacity,
        team={row.day: Hands(row.capacity, row.free) for row in TeamCapacity.objects.all()},
    )
    return {
        "campaign": subject,
        "standing": _standing_of(subject),
        "plan": plan,
        "left_out": name_reasons(plan.left_out),
        "conditions": describe_conditions(subject.audience),
        "strata": name_fields(subject.strata),
        "rest": describe_rest(subject.survey, organisation),
        "forecast": answers,
        "rate_form": rate_form,
        "strip": draw_planned_days(subject, plan, expected=answers.by_day, today=today),
        "recipients": list_recipients(plan, limit=FIRST_RECIPIENTS),
        "obstacles": [(entry, request.user.may(entry.role)) for entry in obstacles],
        "launch_form": LaunchForm(initial=seen),
        "has_fixed_days": names_days(subject),
        "most_reminders": bound_reminders(subject, plan),
        "test_form": TestMailForm(languages=subject.survey.languages),
        "survey_page": preview_url(subject.pk),
        "mails": [
            (
                code,
                write_subject(subject.survey, language=code),
                _write_text(request, subject, code),
            )
            for code in subject.survey.languages
        ],
    }


def _write_text(request: StaffRequest, subject: Campaign, language: str) -> str:
    """The plain text of the invitation, as it will be."""
    first_name = request.user.get_short_name()
    return compose_preview(subject, language=language, first_name=first_name).text


@requires(Role.MANAGER)
@require_safe
def campaign_people(request: StaffRequest, pk: int) -> HttpResponse:
    """The people behind a number of the campaign's page, before and after the launch."""
    subject, now = get_campaign(pk), timezone.now()
    form = PeopleForm(request.GET, is_draft=subject.state == Campaign.State.DRAFT)
    chosen = form.cleaned_data if form.is_valid() else {"state": "", "reason": ""}
    people = list_people(
        subject,
        state=chosen["state"],
        reason=chosen["reason"],
        reminders=bool(chosen.get("mail")),
        now=now,
    )
    page = Paginator(cast(Any, people), PAGE_LENGTH).get_page(request.GET.get("page"))
    query = urlencode({key: value for key, value in chosen.items() if value})
    context = {"campaign": subject, "form": form, "page": page, "query": query, "chosen": chosen}
    return render(request, "campaigns/people.html", context, status=200 if form.is_valid() else 422)


@requires(Role.MANAGER)
@require_safe
def campaign_mail(request: StaffRequest, pk: int, language: str) -> HttpResponse:
    """The invitation, or its reminder, as it will look, for the frame on the draft's page."""
    subject = get_campaign(pk)
    words = compose_preview(
        subject,
        language=language,
        first_name=request.user.get_short_name(),
        is_reminder="reminder" in request.GET,
    )
    return show_mail(words.html)


@requires(Role.MANAGER)
@require_POST
def campaign_test(request: StaffRequest, pk: int) -> HttpResponse:
    subject = get_campaign(pk)
    form = TestMailForm(request.POST, languages=subject.survey.languages)
    if not form.is_valid():
        messages.error(request, _("Choose a language for the test mail."))
        return redirect(subject)
    language, once = form.cleaned_data["language"], form.cleaned_data["once"]
    is_reminder = form.cleaned_data["reminder"]
    title, text, html = compose_test_mail(
        subject, language=language, user=request.user, is_reminder=is_reminder
    )
    samples = write_samples(subject, get_organisation())
    try:
        queue_mail(
            kind=Mail.Kind.TEST,
            dedupe_key=f"test:{once}",
            to_email=request.user.email,
            to_name=request.user.name,
            subject=title,
            text=text,
            html=html,
            campaign=subject,
            # Whoever saw the reminder has not seen the invitation.
            worded_as="" if is_reminder else fingerprint(subject, samples),
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
        plan = campaigns.launch(subject, **form.cleaned_data, by=request.user, now=timezone.now())
        return tell_planned(_("Launched."), plan.mails)

    return attempt(request, subject, move)


@requires(Role.MANAGER)
@require_POST
def campaign_delete(request: StaffRequest, pk: int) -> HttpResponse:
    subject = get_campaign(pk)

    def move() -> str:
        campaigns.delete_draft(subject)
        return _("The draft is deleted.")

    return attempt(request, subject, move, then="campaigns")
