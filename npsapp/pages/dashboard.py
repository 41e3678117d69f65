"""The first page: where we stand, how sure that is, and what waits for somebody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from npsapp.models import User
from npsapp.pages.panels.cards import show_cards
from npsapp.pages.panels.comments import show_comments
from npsapp.pages.panels.frame import Frame
from npsapp.pages.panels.headline import show_headline
from npsapp.pages.panels.segments import show_segments
from npsapp.pages.panels.split import show_histogram, show_split
from npsapp.pages.panels.trend import show_trend
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from responses.forms.selection import DashboardForm
from responses.presets import list_presets
from responses.reports.counting import (
    count_days,
    count_responses,
    latest_answer,
    latest_survey,
)
from responses.reports.headline import summarise
from responses.reports.segments import list_segments
from responses.selection import Period
from surveys.filtering import list_chips
from surveys.forms.filtering import list_property_fields
from surveys.models import Campaign, Organisation, Survey, get_organisation

# In the order of the page; the template of each is templates/dashboard/<name>.html.
PANELS: dict[str, Callable[[Frame], dict[str, Any]]] = {
    "headline": show_headline,
    "cards": show_cards,
    "split": show_split,
    "histogram": show_histogram,
    "trend": show_trend,
    "segments": show_segments,
    "comments": show_comments,
}


@requires(Role.VIEWER)
@require_safe
def dashboard(request: StaffRequest) -> HttpResponse:
    now, organisation = timezone.now(), get_organisation()
    form = DashboardForm(request.GET, organisation=organisation, now=now)
    context: dict[str, Any] = {"form": form, "may_manage": request.user.may(Role.MANAGER)}
    if not form.is_valid():
        return render(request, "dashboard.html", context, status=422)
    campaign = form.cleaned_data["campaign"]
    survey = form.cleaned_data["survey"] or (campaign.survey if campaign else latest_survey())
    if survey is None:
        return render(request, "dashboard.html", {**context, "has_no_survey": True})
    frame = read_frame(form, survey, user=request.user, organisation=organisation, now=now)
    context |= {
        "frame": frame,
        "panels": show_panels(frame),
        "presets": list_presets(frame.selection, frame.period, by=frame.options.get("by", "")),
        **offer_filters(frame),
    }
    return render(request, "dashboard.html", context)


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
    days = count_days(selection)
    tally = count_responses(selection, days=days)
    return Frame(
        user=user,
        organisation=organisation,
        now=now,
        survey=survey,
        period=period,
        selection=selection,
        days=days,
        tally=tally,
        headline=summarise(tally),
        answered_at=answered_at,
        groups=list_segments(survey, zone=organisation.zone),
        options=form.options,
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
    shown: dict[str, Any] = {
        "campaigns": Campaign.objects.filter(survey=frame.survey).exclude(state="draft"),
        "filter_chips": list_chips(
            selection.filters, lambda kept: f"?{replace(selection, filters=kept).query}"
        ),
    }
    if selection.campaign:
        shown["all_campaigns_url"] = f"?{replace(selection, campaign=None).query}"
    offered = {group.key: [(v.segment.value, v.n) for v in group.values] for group in frame.groups}
    shown["property_fields"] = list_property_fields(selection.filters, offered=offered)
    return shown
