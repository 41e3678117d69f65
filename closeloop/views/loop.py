"""Is the loop closed: the managers' page, the rows behind its numbers, and its tables as files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from closeloop.drawing import lay_bars, stack_columns
from closeloop.forms.loop import LoopFileForm, LoopForm, LoopRowsForm
from closeloop.models import FollowUp
from closeloop.reports.backlog import Backlog, count_backlog
from closeloop.reports.cohort import WHENEVER, Cohort
from closeloop.reports.due import describe_due
from closeloop.reports.files import write_table
from closeloop.reports.loop import MOST_WEEKS, PARTS, add_up, list_weeks
from closeloop.reports.loop_rows import Narrowing, list_rows
from closeloop.reports.members import list_member_numbers
from closeloop.reports.recovery import compare_recovery, list_gestures
from closeloop.reports.results import count_causes, list_outcomes
from closeloop.reports.waiting import list_first_contacts
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from responses.chips import list_selection_chips
from responses.models import Response
from responses.presets import list_presets, make_url
from responses.scoring import Thresholds
from responses.selection import Period
from responses.thresholds import thresholds_of
from surveys.forms.filtering import list_property_fields, sample_values
from surveys.models import Campaign, Survey, get_organisation

PAGE_LENGTH = 50


@requires(Role.MANAGER)
@require_safe
def loop(request: StaffRequest) -> HttpResponse:
    """How many of those who answered have heard from us, how fast, and what came of it."""
    now = timezone.now()
    organisation = get_organisation()
    form = LoopForm(request.GET, organisation=organisation, now=now)
    if not form.is_valid():
        return render(request, "closeloop/loop.html", {"form": form}, status=422)
    selection = form.selection()
    cohort = Cohort(selection=selection, now=now)
    weeks = list_weeks(cohort, most=None)
    closed = add_up(weeks)
    context = {
        "form": form,
        "selection": selection,
        "loop": closed,
        "backlog": count_backlog(cohort),
        **show_filter(form, cohort),
    }
    if closed.n:
        context |= show_weeks(weeks[-MOST_WEEKS:], hidden=max(0, len(weeks) - MOST_WEEKS))
        context |= show_results(cohort, thresholds_of(organisation))
    elif not context["backlog"].n:
        context["is_new"] = not FollowUp.objects.exists()
    context |= show_backlog(context["backlog"])
    return render(request, "closeloop/loop.html", context)


def show_filter(form: LoopForm, cohort: Cohort) -> dict[str, Any]:
    """What can be chosen, and how to leave what is."""
    selection = cohort.selection
    period = form.period_chosen or Period.LAST_12_MONTHS
    campaigns = Campaign.objects.exclude(state=Campaign.State.DRAFT)
    if selection.survey:
        campaigns = campaigns.filter(survey=selection.survey)
    return {
        "period": period,
        "presets": list_presets(selection, period),
        "campaigns": campaigns,
        "all_surveys_url": make_url(replace(selection, survey=None, campaign=None), period),
        "all_campaigns_url": make_url(replace(selection, campaign=None), period),
        "filter_chips": list_selection_chips(selection, lambda left: make_url(left, period)),
        "surveys": Survey.objects.all(),
        "property_fields": list_property_fields(
            selection.filters, offered=sample_values(Response.objects.order_by("-pk"))
        ),
    }


def show_weeks(weeks: list[Any], *, hidden: int) -> dict[str, Any]:
    drawing = stack_columns([week.counts for week in weeks], [part.value for part in PARTS])
    pairs = list(zip(weeks, drawing.columns, strict=True))
    # The first week of each month carries its name; the very first is mostly in the midst of one.
    months = [week.first for week in weeks if week.first.day <= 7]
    return {"weeks": pairs, "drawing": drawing, "hidden_weeks": hidden, "new_months": months}


def show_results(cohort: Cohort, thresholds: Thresholds) -> dict[str, Any]:
    outcomes = list_outcomes(cohort)
    bars = lay_bars([[outcome.n] for outcome in outcomes], ["contacted"])
    return {
        "contacts": list_first_contacts(cohort),
        "outcomes": list(zip(outcomes, bars, strict=True)),
        "causes": count_causes(cohort),
        "recovery": compare_recovery(cohort, thresholds=thresholds),
        "gestures": list_gestures(cohort),
        "members": list_member_numbers(cohort, thresholds=thresholds),
    }


def show_backlog(backlog: Backlog) -> dict[str, Any]:
    counts = [[age.overdue, age.in_time] for age in backlog.ages]
    bars = lay_bars(counts, ["overdue", "waiting"])
    return {"ages": list(zip(backlog.ages, bars, strict=True))}


@requires(Role.MANAGER)
@require_safe
def loop_rows(request: StaffRequest) -> HttpResponse:
    """The follow-ups that one number of the page counts."""
    now = timezone.now()
    form = LoopRowsForm(request.GET, organisation=get_organisation(), now=now)
    if not form.is_valid():
        return render(request, "closeloop/loop_rows.html", {"form": form}, status=422)
    selection, part = form.selection(), form.cleaned_data["part"]
    fields = ("outcome", "cause", "member", "age", "group")
    narrowing = Narrowing(**{name: form.cleaned_data[name] for name in fields})
    rows = list_rows(Cohort(selection=selection, now=now), part, narrowing)
    page = Paginator(rows, PAGE_LENGTH).get_page(request.GET.get("page"))
    if part in WHENEVER:
        selection = replace(selection, first=None, last=None)
    context = {
        "form": form,
        "selection": selection,
        "part": part,
        "narrowing": narrowing,
        "outcome": FollowUp.Outcome(narrowing.outcome).label,
        "page": page,
        "rows": [(follow_up, describe_due(follow_up, now=now)) for follow_up in page],
        "query": form.as_query(form.selection()),
        "filter_chips": list_selection_chips(selection, lambda _: ""),
        "group": GROUP_TITLES.get(narrowing.group, ""),
    }
    return render(request, "closeloop/loop_rows.html", context)


GROUP_TITLES = {
    "contacted": _("Contacted before they answered again"),
    "with_gesture": _("Contacted, with a gesture"),
    "without_gesture": _("Contacted, without a gesture"),
    "not_contacted": _("Not contacted before they answered again"),
}


@requires(Role.MANAGER)
@require_safe
def loop_file(request: StaffRequest) -> HttpResponse:
    """One of the page's tables as CSV, with every week or month of the selection."""
    now, organisation = timezone.now(), get_organisation()
    form = LoopFileForm(request.GET, organisation=organisation, now=now)
    if not form.is_valid():
        return render(request, "closeloop/loop.html", {"form": form}, status=422)
    table, style = form.cleaned_data["table"], form.cleaned_data["style"]
    cohort = Cohort(selection=form.selection(), now=now)
    content = write_table(table, cohort, delimiter=style.delimiter, bom=style.has_bom)
    today = now.astimezone(organisation.zone).date()
    return HttpResponse(
        content,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="loop-{table}-{today}.csv"'},
    )
