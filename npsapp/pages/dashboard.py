"""The first page: where we stand, how sure that is, and what waits for somebody."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from closeloop.models import FollowUp
from closeloop.reports.loop import loop_closed
from closeloop.reports.queue import queue_counts
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from responses.charts import draw_trend, place_whisker, slice_bar, stand_bars
from responses.forms.selection import DashboardForm
from responses.models import Response
from responses.presets import list_presets
from responses.reports.comments import Remark, latest_answers, latest_comments
from responses.reports.comparison import compare_groups
from responses.reports.counting import count_responses, latest_answer, latest_survey
from responses.reports.headline import Headline, summarise
from responses.reports.histogram import columns
from responses.reports.response_rate import count_invited
from responses.reports.segments import SegmentGroup, list_segments
from responses.reports.split import split
from responses.reports.trend import list_months
from responses.scoring import DEFAULT_THRESHOLDS, Tier
from responses.selection import Period, Selection
from surveys.filtering import list_chips
from surveys.forms.filtering import list_property_fields
from surveys.models import Campaign, get_organisation


@requires(Role.VIEWER)
@require_safe
def dashboard(request: StaffRequest) -> HttpResponse:
    now = timezone.now()
    form = DashboardForm(request.GET, organisation=get_organisation(), now=now)
    context: dict[str, Any] = {"form": form, "may_manage": request.user.may(Role.MANAGER)}
    if not form.is_valid():
        return render(request, "dashboard.html", context, status=422)
    campaign = form.cleaned_data["campaign"]
    survey = form.cleaned_data["survey"] or (campaign.survey if campaign else latest_survey())
    if survey is None:
        return render(request, "dashboard.html", {**context, "has_no_survey": True})
    answered_at = latest_answer(survey)
    # The days of a campaign are its own; a year would only cut an old one off.
    usual = Period.ALL if campaign else usual_period(answered_at, now)
    period = form.period_chosen or usual
    selection = form.selection(survey=survey, period=period)
    may_follow_up = request.user.may(Role.AGENT)
    context |= {
        "survey": survey,
        "period": period,
        "selection": selection,
        "campaigns": Campaign.objects.filter(survey=survey).exclude(state="draft"),
        "answered_at": answered_at,
        "rate": count_invited(selection),
        "queue": queue_counts(user=request.user, now=now),
        "loop": loop_closed(selection, now=now),
        "may_follow_up": may_follow_up,
        **show_answers(selection),
    }
    groups = list_segments(survey)
    by = form.cleaned_data["by"].key if form.cleaned_data["by"] else ""
    context["by"] = by
    context |= show_segments(selection, groups)
    context |= show_comparison(selection, groups, by=by, headline=context["headline"])
    context["presets"] = list_presets(selection, period, by=by)
    if may_follow_up:
        context["remarks"] = link_follow_ups(context.get("remarks", []))
    return render(request, "dashboard.html", context)


def show_segments(selection: Selection, groups: list[SegmentGroup]) -> dict[str, Any]:
    """The properties to choose by, and how to name and leave what is chosen."""
    shown: dict[str, Any] = {}
    if selection.campaign:
        shown["all_campaigns_url"] = f"?{replace(selection, campaign=None).query}"
    shown["filter_chips"] = list_chips(
        selection.filters, lambda kept: f"?{replace(selection, filters=kept).query}"
    )
    offered = {group.key: [(v.segment.value, v.n) for v in group.values] for group in groups}
    shown["property_fields"] = list_property_fields(selection.filters, offered=offered)
    return shown


def usual_period(answered_at: dt.datetime | None, now: dt.datetime) -> Period:
    """A year is what can be compared; a survey that fell silent shows what it has instead."""
    if answered_at and now - answered_at > dt.timedelta(days=365):
        return Period.ALL
    return Period.LAST_12_MONTHS


def show_answers(selection: Selection) -> dict[str, Any]:
    """What the answers add up to, as far as their number can bear it."""
    tally = count_responses(selection)
    headline = summarise(tally)
    shown: dict[str, Any] = {
        "headline": headline,
        "thresholds": DEFAULT_THRESHOLDS,
        "counted_url": selection.narrowed(status=Response.Status.COUNTED.value).rows_url,
        "provisional_url": selection.narrowed(status=Response.Status.PROVISIONAL.value).rows_url,
        "excluded_url": selection.narrowed(status=Response.Status.EXCLUDED.value).rows_url,
    }
    if headline.nps is not None and headline.interval is not None:
        shown["whisker"] = place_whisker(headline.nps, headline.interval)
    if headline.tier == Tier.EMPTY:
        return shown
    if headline.tier == Tier.COUNT_ONLY:
        return shown | {"remarks": show_few(selection, headline)}
    parts = split(headline.counts, selection)
    scores = columns(tally, selection)
    drawing = stand_bars([column.n for column in scores])
    return shown | {
        "parts": list(zip(parts, slice_bar([part.share for part in parts]), strict=True)),
        "columns": list(zip(scores, drawing.bars, strict=True)),
        "drawing": drawing,
        "remarks": latest_comments(selection),
        **show_trend(selection),
    }


def show_trend(selection: Selection) -> dict[str, Any]:
    """The months of the selection, drawn once there are two scores to lay side by side."""
    months = list_months(selection)
    scores = [
        (month.nps, month.interval) if month.nps is not None and month.interval else None
        for month in months
    ]
    if sum(score is not None for score in scores) < 2:
        return {}
    trend = draw_trend(scores)
    return {"trend": trend, "months": list(zip(months, trend.slots, strict=True))}


def show_comparison(
    selection: Selection, groups: list[SegmentGroup], *, by: str, headline: Headline
) -> dict[str, Any]:
    """One property's values, the first property's unless another is asked for with `by`."""
    properties = {group.key: group.label for group in groups}
    if not properties or headline.tier == Tier.EMPTY:
        return {}
    key = by if by in properties else next(iter(properties))
    comparison = compare_groups(selection, key)
    rows = [
        (
            group,
            slice_bar([part.share for part in group.parts]),
            place_whisker(group.nps, group.interval)
            if group.nps is not None and group.interval
            else None,
        )
        for group in comparison.groups
    ]
    urls = [
        (label, f"?{selection.query}&{urlencode({'by': other})}", other == key)
        for other, label in properties.items()
    ]
    return {
        "comparison": comparison,
        "compared": properties[key],
        "comparison_rows": rows,
        "comparison_urls": urls,
    }


def show_few(selection: Selection, headline: Headline) -> list[Remark]:
    """A handful of answers is shown one by one, chosen by a property not at all."""
    if selection.filters:
        return []
    return latest_answers(selection, limit=headline.n)


def link_follow_ups(remarks: list[Remark]) -> list[Remark]:
    """Point each remark to its follow-up; imported history has none and keeps its own page."""
    follow_ups = FollowUp.objects.filter(
        response__in=[remark.response_pk for remark in remarks]
    ).values_list("response_id", "pk")
    urls = {response: reverse("follow_up", args=[pk]) for response, pk in follow_ups}
    return [replace(remark, url=urls.get(remark.response_pk, remark.url)) for remark in remarks]
