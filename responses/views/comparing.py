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

MOST_SURVEYS, MOST_GROUPS = 8, 4


@requires(Role.VIEWER)
@require_safe
def compare(request: StaffRequest) -> HttpResponse:
    organisation, now = get_organisation(), timezone.now()
    of = "b" if request.GET.get("of") == "b" else "a"
    usual = latest_survey()
    forms = [
        SideForm(request.GET, side, usual=usual, organisation=organisation, now=now)
        for side in SIDES
    ]
    wrong = [form for form in forms if not form.is_valid()]
    context: dict[str, Any] = {
        "forms": forms,
        "has_no_survey": usual is None,
        "choosers": [draw_chooser(form, usual) for form in forms],
        "remarks": [remark for form in forms for remark in form.remarks],
        "of": of,
    }
    if usual and not wrong:
        first, second = (form.selection(survey=usual) for form in forms)
        context |= draw_both(first, second, of=of) if forms[1].is_asked else offer_others(first)
    status = 422 if wrong else 200
    return render(request, "responses/compare.html", context, status=status)


def draw_both(first: Selection, second: Selection, *, of: str) -> dict[str, Any]:
    sides = [measure_side(selection) for selection in (first, second)]
    return {
        "sides": [draw_side(side, letter) for side, letter in zip(sides, "AB", strict=True)],
        "contrast": contrast(*sides),
        "swap_url": compare_url(second, first, of="a" if of == "b" else "b"),
    }


def offer_others(first: Selection) -> dict[str, Any]:
    """What a selection could be compared with, while nothing is chosen yet."""
    surveys = Survey.objects.filter(responses__isnull=False).distinct()[:MOST_SURVEYS]
    groups = list_segments(first.survey)[:MOST_GROUPS] if first.survey else []
    return {"suggestions": suggest(first, surveys=list(surveys), groups=groups)}


def draw_chooser(form: SideForm, usual: Survey | None) -> dict[str, Any]:
    """The form of one side, with its properties under the names of that side."""
    survey = form.cleaned_data.get("survey") or usual
    groups = list_segments(survey) if survey else []
    offered = {
        each.key: [(value.segment.value, value.n) for value in each.values] for each in groups
    }
    return {
        "form": form,
        "fields": [
            replace(field, side=f"{form.side}.")
            for field in list_property_fields(form.filters, offered=offered)
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
