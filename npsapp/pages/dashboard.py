"""The first page: where we stand, how sure that is, and what waits for somebody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from npsapp.models import User
from npsapp.pages.panels.benchmarks import show_benchmarks
from npsapp.pages.panels.cards import show_cards
from npsapp.pages.panels.comments import show_comments
from npsapp.pages.panels.delivery import show_delivery
from npsapp.pages.panels.frame import Frame, hide_addresses, naming_for
from npsapp.pages.panels.headline import show_headline
from npsapp.pages.panels.missing import show_missing
from npsapp.pages.panels.segments import show_segments
from npsapp.pages.panels.split import show_histogram, show_split
from npsapp.pages.panels.trend import show_trend
from npsapp.pages.panels.value import show_value
from npsapp.pages.saved import list_saved
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from responses.chips import list_selection_chips
from responses.forms.saving import SavedViewForm
from responses.forms.selection import DashboardForm
from responses.models import Event
from responses.presets import list_presets, make_url
from responses.reports.contrast import compare_url
from responses.reports.counting import (
    count_days,
    count_responses,
    latest_answer,
    latest_survey,
)
from responses.reports.headline import summarise
from responses.reports.segments import list_segments
from responses.selection import Period, Selection
from responses.thresholds import thresholds_of
from surveys.forms.filtering import list_property_fields
from surveys.models import Campaign, Organisation, Property, Survey

# In the order of the page; the template of each is templates/dashboard/<name>.html.
PANELS: dict[str, Callable[[Frame], dict[str, Any]]] = {
    "headline": show_headline,
    "cards": show_cards,
    "split": show_split,
    "histogram": show_histogram,
    "trend": show_trend,
    "segments": show_segments,
    "value": show_value,
    "delivery": show_delivery,
    "benchmarks": show_benchmarks,
    "missing": show_missing,
    "comments": show_comments,
}


def _find_beside(prefix: str) -> dict[str, Any]:
    """What a panel's module offers besides showing it, by the name of the panel."""
    found = {
        name: getattr(import_module(show.__module__), f"{prefix}_{name}", None)
        for name, show in PANELS.items()
    }
    return {name: function for name, function in found.items() if function}


# Header and rows of its table, for a file; and the words under its drawing, for those that have
# one which can stand alone.
ROWS: dict[str, Callable[[dict[str, Any]], tuple[list[str], list[list[object]]]]] = _find_beside(
    "rows_of"
)
DRAWN: dict[str, Callable[[dict[str, Any], Frame], list[tuple[str, str]]]] = _find_beside(
    "legend_of"
)


@requires(Role.VIEWER)
@require_safe
def dashboard(request: StaffRequest) -> HttpResponse:
    now, organisation = timezone.now(), request.organisation
    form = DashboardForm(request.GET, organisation=organisation, now=now)
    context: dict[str, Any] = {"form": form, "may_manage": request.user.may(Role.MANAGER)}
    if not form.is_valid():
        return render(request, "dashboard.html", context, status=422)
    survey = choose_survey(form)
    if survey is None:
        touchpoint = form.cleaned_data["touchpoint"]
        context |= {"has_no_survey": True, "touchpoint": touchpoint}
        return render(request, "dashboard.html", context)
    frame = read_frame(form, survey, user=request.user, organisation=organisation, now=now)
    context |= {
        # Read already: the frame around the page need not ask for it again.
        "organisation": organisation,
        "frame": frame,
        "panels": show_panels(frame),
        "presets": list_presets(frame.selection, frame.period, options=frame.options),
        "compare_url": compare_url(frame.selection),
        "saved": list_saved(request.user, frame.running_pairs),
        "saving": SavedViewForm(initial={"query": frame.running_query}),
        **offer_filters(frame),
    }
    return render(request, "dashboard.html", context)


def choose_survey(form: DashboardForm) -> Survey | None:
    """Return the survey asked for, or the one that was answered last; None where there is none."""
    survey: Survey | None = form.cleaned_data["survey"]
    if campaign := form.cleaned_data["campaign"]:
        survey = survey or campaign.survey
    return survey or latest_survey(touchpoint=form.cleaned_data["touchpoint"])


def read_frame(
    form: DashboardForm,
    survey: Survey,
    *,
    user: User | None,
    organisation: Organisation,
    now: dt.datetime,
) -> Frame:
    """Return what a valid form asks of a survey."""
    answered_at = latest_answer(survey)
    # The days of a campaign are its own; a year would only cut an old one off.
    usual = Period.ALL if form.cleaned_data["campaign"] else usual_period(answered_at, now)
    period = form.period_chosen or usual
    selection = form.selection(survey=survey, period=period)
    if user is None:
        selection = replace(selection, is_linked=False)
    days, thresholds = count_days(selection), thresholds_of(organisation)
    properties = {each.key: each for each in Property.objects.all()}
    segments = [each for each in properties.values() if each.is_segment]
    tally = count_responses(selection, days=days)
    campaigns = list(Campaign.objects.filter(survey=survey).exclude(state="draft"))
    events = list(Event.objects.about(survey))
    groups = hide_addresses(
        naming_for(user, thresholds),
        events=events,
        campaigns=[*campaigns, *filter(None, [selection.campaign])],
        groups=list_segments(survey, segments, zone=organisation.zone),
    )
    return Frame(
        user=user,
        organisation=organisation,
        now=now,
        survey=survey,
        period=period,
        selection=selection,
        days=days,
        tally=tally,
        headline=summarise(tally, thresholds=thresholds),
        answered_at=answered_at,
        groups=groups,
        properties=properties,
        surveys=list(Survey.objects.select_related("pre_survey")),
        campaigns=campaigns,
        events=events,
        options=form.options,
        thresholds=thresholds,
    )


def show_panels(frame: Frame) -> dict[str, dict[str, Any]]:
    return {name: show(frame) for name, show in PANELS.items()}


def usual_period(answered_at: dt.datetime | None, now: dt.datetime) -> Period:
    """A year is what can be compared; a survey that fell silent shows what it has instead."""
    if answered_at and now - answered_at > dt.timedelta(days=365):
        return Period.ALL
    return Period.LAST_12_MONTHS


def offer_filters(frame: Frame) -> dict[str, Any]:
    """The properties to choose by, and how to name and leave what is chosen."""
    selection = frame.selection

    def address(changed: Selection) -> str:
        return make_url(changed, frame.period, frame.options)

    shown: dict[str, Any] = {
        "surveys": frame.surveys,
        "touchpoints": list_touchpoints(frame),
        "campaigns": frame.campaigns,
        "filter_chips": list_selection_chips(selection, address, naming=frame.naming),
    }
    if selection.campaign:
        shown["all_campaigns_url"] = address(replace(selection, campaign=None))
    offered = {group.key: [(v.segment.value, v.n) for v in group.values] for group in frame.groups}
    shown["property_fields"] = list_property_fields(
        selection.filters, offered=offered, declared=frame.properties.values()
    )
    return shown


def list_touchpoints(frame: Frame) -> list[tuple[str, str, bool]]:
    """Each place in the customer's journey that is asked at: its name, its address, whether it is
    the one shown. With only one there is nothing to choose."""
    used = {survey.touchpoint for survey in frame.surveys}
    everywhere = replace(frame.selection, survey=None, campaign=None)
    return [
        (
            str(each.label),
            make_url(replace(everywhere, touchpoint=each.value), frame.period, frame.options),
            each == frame.survey.touchpoint,
        )
        for each in Survey.Touchpoint
        if each in used and len(used) > 1
    ]
