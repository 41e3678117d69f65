"""Any two selections side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from responses.charts import place_whisker, slice_bar, stand_bars
from responses.forms.comparing import SIDES, SideForm
from responses.reports.contrast import Side, compare_url, contrast, measure_side, suggest
from responses.reports.counting import latest_survey
from responses.reports.histogram import columns
from responses.reports.segments import list_segments
from responses.reports.split import split
from responses.selection import Selection
from surveys.filtering import list_chips
from surveys.forms.filtering import list_property_fields
from surveys.models import Survey, get_organisation


@requires(Role.VIEWER)
@require_safe
def compare(request: StaffRequest) -> HttpResponse:
    organisation, now = get_organisation(), timezone.now()
    forms = [
        SideForm(request.GET, side, organisation=organisation, now=now) for side in SIDES
    ]
    usual = latest_survey()
    context: dict[str, Any] = {"forms": forms, "has_no_survey": usual is None}
    if not all([form.is_valid() for form in forms]):
        return render(request, "responses/compare.html", context, status=422)
    if usual is None:
        return render(request, "responses/compare.html", context)
    asked = [form.selection(survey=usual) for form in forms]
    first, second = asked
    context["choosers"] = [
        draw_chooser(form, selection) for form, selection in zip(forms, asked, strict=True)
    ]
    context["remarks"] = [remark for form in forms for remark in form.remarks]
    if forms[1].is_asked:
        sides = [measure_side(selection) for selection in asked]
        context |= {
            "sides": [draw_side(side, letter) for side, letter in zip(sides, "AB", strict=True)],
            "contrast": contrast(*sides),
            "swap_url": compare_url(second, first),
        }
    else:
        context["suggestions"] = suggest(
            first,
            surveys=list(Survey.objects.filter(responses__isnull=False).distinct()[:8]),
            groups=list_segments(first.survey or usual)[:4],
        )
    return render(request, "responses/compare.html", context)


def draw_chooser(form: SideForm, selection: Selection) -> dict[str, Any]:
    """The form of one side, with its properties under the names of that side."""
    survey = selection.survey
    offered = {
        group.key: [(each.segment.value, each.n) for each in group.values]
        for group in (list_segments(survey) if survey else [])
    }
    return {
        "form": form,
        "letter": form.side.upper(),
        "fields": [
            replace(field, side=f"{form.side}.")
            for field in list_property_fields(selection.filters, offered=offered)
        ],
    }


def draw_side(side: Side, letter: str) -> dict[str, Any]:
    """The figures of a side, and the drawings that its number of answers can bear."""
    drawn: dict[str, Any] = {
        "letter": letter,
        "side": side,
        "chips": list_chips(side.selection.filters, lambda _kept: ""),
    }
    if side.nps is None or side.interval is None:
        return drawn
    parts = split(side.counts, side.selection)
    scores = columns(side.tally, side.selection)
    drawing = stand_bars([column.n for column in scores], height=180)
    return drawn | {
        "whisker": place_whisker(side.nps, side.interval),
        "parts": list(zip(parts, slice_bar([part.share for part in parts]), strict=True)),
        "columns": list(zip(scores, drawing.bars, strict=True)),
        "drawing": drawing,
    }
