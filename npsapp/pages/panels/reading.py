"""What an address of the dashboard asks, looked up once for all panels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

from npsapp.models import User
from npsapp.pages.panels.frame import Frame, hide_addresses, naming_for
from responses.forms.selection import DashboardForm
from responses.models import Event
from responses.reports.counting import (
    count_days,
    count_responses,
    find_latest,
    list_answered,
)
from responses.reports.headline import summarise
from responses.reports.segments import list_segments
from responses.selection import Period
from responses.thresholds import thresholds_of
from surveys.models import Campaign, Organisation, Survey

# Every survey, and when it was answered last.
Answered: TypeAlias = Mapping[Survey, dt.datetime | None]


def read_form(
    form: DashboardForm, *, user: User | None, organisation: Organisation
) -> Frame | None:
    """Return what a form asks; None where it asks something wrong or no survey can be meant."""
    if not form.is_valid():
        return None
    answered = list_answered()
    survey = choose_survey(form, answered)
    if survey is None:
        return None
    return read_frame(
        form, survey, user=user, organisation=organisation, now=form.now, answered=answered
    )


def choose_survey(form: DashboardForm, answered: Answered) -> Survey | None:
    """Return the survey asked for, or the one that was answered last; None where there is none."""
    survey: Survey | None = form.cleaned_data["survey"]
    if campaign := form.cleaned_data["campaign"]:
        survey = survey or campaign.survey
    return survey or find_latest(answered, touchpoint=form.cleaned_data["touchpoint"])


def read_frame(
    form: DashboardForm,
    survey: Survey,
    *,
    user: User | None,
    organisation: Organisation,
    now: dt.datetime,
    answered: Answered | None = None,
) -> Frame:
    """Return what a valid form asks of a survey. Who has `list_answered` at hand passes it on."""
    answered = list_answered() if answered is None else answered
    answered_at = answered.get(survey)
    # The days of a campaign are its own; a year would only cut an old one off.
    usual = Period.ALL if form.cleaned_data["campaign"] else usual_period(answered_at, now)
    period = form.period_chosen or usual
    selection = form.selection(survey=survey, period=period)
    if user is None:
        selection = replace(selection, is_linked=False)
    days, thresholds = count_days(selection), thresholds_of(organisation)
    properties = form.properties
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
        surveys=list(answered),
        campaigns=campaigns,
        events=events,
        options=form.options,
        thresholds=thresholds,
    )


def usual_period(answered_at: dt.datetime | None, now: dt.datetime) -> Period:
    """A year is what can be compared; a survey that fell silent shows what it has instead."""
    if answered_at and now - answered_at > dt.timedelta(days=365):
        return Period.ALL
    return Period.LAST_12_MONTHS
