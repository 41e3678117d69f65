"""Campaigns: the list, and the form that says who is asked and when."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from npsapp.requests import StaffRequest, read_text
from npsapp.roles import Role, requires
from surveys.access import get_campaign
from surveys.audience import count_audience, list_known_values
from surveys.campaigns import CannotMove, save_changes
from surveys.forms.audience import ConditionsFormSet, make_conditions, with_another_row
from surveys.forms.campaign import CampaignForm, suggest_campaign
from surveys.models import Campaign, get_organisation
from surveys.obstacles import find_missing
from surveys.views.running import preview_change


@requires(Role.MANAGER)
@require_safe
def campaigns(request: StaffRequest) -> HttpResponse:
    # What still runs or waits stands first. A grouped query drops the order of its model.
    over = (Campaign.State.FINISHED, Campaign.State.CANCELLED)
    rows = sorted(
        Campaign.objects.with_progress().order_by("-first_day", "-pk"),
        key=lambda campaign: campaign.state in over,
    )
    context = {"campaigns": rows, "missing": [] if rows else find_missing()}
    return render(request, "campaigns/campaigns.html", context)


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_new(request: StaffRequest) -> HttpResponse:
    missing = find_missing()
    if missing:
        return render(request, "campaigns/missing.html", {"missing": missing})
    return _edit(request, Campaign(created_by=request.user))


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Change a draft, or the rest of the window of a campaign under way."""
    campaign = get_campaign(pk)
    if not campaign.may_change:
        messages.warning(request, _("This campaign is over; nothing of it can be changed."))
        return redirect(campaign)
    return _edit(request, campaign)


@requires(Role.MANAGER)
@require_safe
def campaign_audience(request: StaffRequest) -> HttpResponse:
    """How many people meet the conditions typed so far; a fragment of the campaign's form."""
    conditions = make_conditions(request.GET or None)
    context = {"conditions": conditions, "audience": _count(conditions, is_sent=bool(request.GET))}
    whole = "campaigns/audience.html"
    template = "campaigns/form.html#audience_count" if request.htmx else whole
    return render(request, template, context)


def _edit(request: StaffRequest, subject: Campaign) -> HttpResponse:
    now, organisation = timezone.now(), get_organisation()
    suggested = {}
    if subject._state.adding:
        survey = read_text(request, "survey", longest=80)
        suggested = suggest_campaign(organisation, survey=survey, now=now)
    is_save = request.method == "POST" and not request.POST.keys() & {"action", "back"}
    form = CampaignForm(
        request.POST if is_save else None,
        instance=subject,
        initial=suggested,
        now=now,
        zone=organisation.zone,
    )
    conditions = _read_conditions(request, subject)
    if is_save and form.is_valid() and (form.has_started or conditions.is_valid()):
        if not form.has_started:
            form.instance.audience = [entry.as_json() for entry in conditions.conditions]
        is_renamed_only = set(form.changed_data) <= {"name"}
        if subject.state == Campaign.State.RUNNING and not is_renamed_only:
            return preview_change(request, form, now=now)
        return _save(request, form)
    if request.method == "POST" and not is_save:
        form.keep(request.POST)
    context = {
        "form": form,
        "conditions": conditions,
        "audience": _count(conditions, is_sent=request.method == "POST"),
        "known_values": list_known_values(),
        "campaign": subject if subject.pk else None,
    }
    return render(request, "campaigns/form.html", context, status=422 if is_save else 200)


def _save(request: StaffRequest, form: CampaignForm) -> HttpResponse:
    subject = form.instance
    try:
        is_running = subject.state == Campaign.State.RUNNING
        fields = ["name"] if is_running else [*form.fields, "audience"]
        save_changes(subject, fields=fields, by=request.user, now=timezone.now())
    except CannotMove as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("The campaign is saved."))
    return redirect(subject)


def _read_conditions(request: StaffRequest, subject: Campaign) -> ConditionsFormSet:
    if request.method != "POST" or subject.state != Campaign.State.DRAFT:
        return make_conditions(stored=subject.audience)
    if request.POST.get("action") == "add":
        return make_conditions(with_another_row(request.POST))
    return make_conditions(request.POST)


def _count(conditions: ConditionsFormSet, *, is_sent: bool) -> dict[str, int] | None:
    """Return the counts; None while a condition is unfinished."""
    if is_sent and conditions.is_bound and not conditions.is_valid():
        return None
    return count_audience(conditions.conditions)
