"""The first page: where we stand, how sure that is, and what waits for somebody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from npsapp.navigation import list_places
from npsapp.pages.panels.catalogue import show_panels
from npsapp.pages.panels.frame import Frame
from npsapp.pages.panels.reading import read_form
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from responses.chips import list_selection_chips
from responses.forms.saving import SavedViewForm
from responses.forms.selection import DashboardForm
from responses.models import SavedDashboard
from responses.presets import list_presets, make_url
from responses.reports.contrast import compare_url
from responses.selection import Selection
from responses.views.saving import offer_views
from surveys.forms.filtering import list_property_fields
from surveys.models import Survey


@requires(Role.VIEWER)
@require_safe
def dashboard(request: StaffRequest) -> HttpResponse:
    return draw_dashboard(request, request.GET)


def draw_dashboard(
    request: StaffRequest,
    sent: QueryDict,
    *,
    saving: SavedViewForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render the page; `saving` is a form that could not be done as it was sent."""
    now, organisation = timezone.now(), request.organisation
    form = DashboardForm(sent, organisation=organisation, now=now)
    context: dict[str, Any] = {"form": form}
    if not form.is_valid():
        return render(request, "dashboard.html", context, status=422)
    frame = read_form(form, user=request.user, organisation=organisation)
    if frame is None:
        touchpoint = form.cleaned_data["touchpoint"]
        context |= {
            "has_no_survey": True,
            "touchpoint": touchpoint,
            "may_manage": request.user.may(Role.MANAGER),
        }
        return render(request, "dashboard.html", context, status=status)
    panels = show_panels(frame)
    context |= {
        # Read already: the frame around the page need not ask for it again.
        "organisation": organisation,
        "places": list_places(request, mine=panels["cards"]["waiting"].mine),
        "frame": frame,
        "panels": panels,
        "presets": list_presets(frame.selection, frame.period, options=frame.options),
        "compare_url": compare_url(frame.selection),
        **offer_views(
            SavedDashboard.objects.visible_to(request.user),
            frame.running_pairs,
            user=request.user,
            refused=saving,
        ),
        **offer_filters(frame),
    }
    return render(request, "dashboard.html", context, status=status)


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
