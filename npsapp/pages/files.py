"""Each panel of the dashboard as a file: its figures as CSV, its drawing as SVG."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from npsapp.pages.panels.catalogue import DRAWN, PANELS, ROWS
from npsapp.pages.panels.frame import Frame
from npsapp.pages.panels.reading import read_form
from npsapp.pages.panels.standalone import draw_file
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from responses.forms.listing import PanelFileForm
from responses.forms.selection import DashboardForm
from responses.writing import stream_rows
from surveys.models import get_organisation

# The file brings its own styles and nothing else, also where it is opened instead of kept.
DRAWING_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@requires(Role.VIEWER)
@require_safe
def panel_csv(request: StaffRequest, panel: str) -> HttpResponse:
    """The figures of one panel, for the same address as the page."""
    if panel not in ROWS:
        raise Http404
    form = PanelFileForm(request.GET, organisation=get_organisation(), now=timezone.now())
    if not form.is_valid():
        return render(request, "dashboard.html", {"form": form}, status=422)
    frame = _read(form, request)
    # What the page counts on demand only: whoever takes the file asks for it.
    frame = replace(frame, options={panel: "", **frame.options})
    header, rows = ROWS[panel](_show(panel, frame))
    content = b"".join(stream_rows(header, rows, form.cleaned_data["style"]))
    return _make_file(content, f"{_name(panel, frame)}.csv", "text/csv; charset=utf-8")


@requires(Role.VIEWER)
@require_safe
def panel_svg(request: StaffRequest, panel: str) -> HttpResponse:
    """The drawing of one panel, with what it speaks of."""
    if panel not in DRAWN:
        raise Http404
    form = DashboardForm(request.GET, organisation=get_organisation(), now=timezone.now())
    if not form.is_valid():
        return render(request, "dashboard.html", {"form": form}, status=422)
    frame = _read(form, request)
    shown = _show(panel, frame)
    drawing = draw_file(panel, shown, frame, legend=DRAWN[panel](shown, frame))
    response = _make_file(drawing.encode(), f"{_name(panel, frame)}.svg", "image/svg+xml")
    response.headers["Content-Security-Policy"] = DRAWING_POLICY
    return response


def _read(form: DashboardForm, request: StaffRequest) -> Frame:
    frame = read_form(form, user=request.user, organisation=get_organisation())
    if frame is None:
        raise Http404
    return frame


def _show(panel: str, frame: Frame) -> dict[str, Any]:
    """What the page shows; where too few answered it shows nothing, and there is no file."""
    shown = PANELS[panel].show(frame)
    if not shown:
        raise Http404
    return shown


def _name(panel: str, frame: Frame) -> str:
    today = frame.now.astimezone(frame.organisation.zone).date()
    return f"{panel}-{frame.survey.slug}-{today}"


def _make_file(content: bytes, name: str, content_type: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
