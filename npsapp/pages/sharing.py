"""The dashboard for people without a login: making the links, and the page behind them."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from npsapp.pages.panels.catalogue import show_panels
from npsapp.pages.panels.frame import Frame
from npsapp.pages.panels.reading import read_form
from npsapp.requests import StaffRequest
from npsapp.roles import Role, public, requires
from npsapp.throttle import Quota, find_address, spend_a_look
from responses.access import get_shared_dashboard
from responses.forms.selection import DashboardForm
from responses.forms.sharing import ShareForm
from responses.models import SharedDashboard
from responses.selection import Period, Selection
from responses.sharing import (
    EndedLink,
    UnknownLink,
    find_shared,
    is_open,
    list_shared,
    revoke,
    share_dashboard,
    shared_url,
)
from responses.span_words import say_days
from surveys.models import get_organisation

LOOKS = Quota("shared-dashboard", 60, dt.timedelta(minutes=1))
# The page itself has no form, so nothing needs to know where a request came from.
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
LONGEST_QUERY = 4_000
MOVES, STAYS = "moves", "stays"


@dataclass(frozen=True, slots=True)
class Row:
    shared: SharedDashboard
    url: str
    is_open: bool
    is_past: bool


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def dashboard_shares(request: StaffRequest) -> HttpResponse:
    """The links there are, and a form for one of the dashboard as it was looked at."""
    now = timezone.now()
    sent = request.POST.get("query", "") if request.method == "POST" else request.GET.urlencode()
    # A part of an address would be another dashboard than the one that was looked at.
    is_too_long = len(sent) > LONGEST_QUERY
    organisation = request.organisation
    looked_at = DashboardForm(QueryDict(sent), organisation=organisation, now=now)
    frame = (
        None if is_too_long else read_form(looked_at, user=request.user, organisation=organisation)
    )
    form = _make_form(request, frame, now=now) if frame else None
    if form and frame and form.is_bound and form.is_valid():
        shared = share_dashboard(
            request.user,
            name=form.cleaned_data["name"],
            pairs=_pairs(frame, form.cleaned_data["days"]),
            expires_at=form.expires_at,
            with_comments=form.cleaned_data["with_comments"],
            now=now,
        )
        messages.success(request, _("The link “%(name)s” is made.") % {"name": shared})
        return redirect(f"{reverse('dashboard_shares')}?{frame.running_query}")
    context = {
        "form": form,
        "frame": frame,
        "is_too_long": is_too_long,
        "rows": [
            Row(each, shared_url(each), is_open(each, now=now), is_past=each.expires_at <= now)
            for each in list_shared(now=now)
        ],
    }
    status = 422 if is_too_long or (form and form.is_bound) else 200
    return render(request, "dashboard/shares.html", context, status=status)


@requires(Role.MANAGER)
@require_POST
def dashboard_share_revoke(request: StaffRequest, pk: int) -> HttpResponse:
    shared = get_shared_dashboard(pk)
    revoke(shared, now=timezone.now())
    messages.success(request, _("The link “%(name)s” opens nothing any more.") % {"name": shared})
    return redirect("dashboard_shares")


@public
@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """One dashboard, numbers only. What the address adds is not read."""
    now, organisation = timezone.now(), get_organisation()
    if wait := spend_a_look(LOOKS, find_address(request), now=now):
        response = _refuse(request, "too_many", status=429)
        response.headers["Retry-After"] = str(math.ceil(wait.total_seconds()))
        return response
    try:
        link = find_shared(token, now=now)
        frame = _read_shared(link, now=now)
    except UnknownLink:
        return _refuse(request, "unknown", status=404)
    except EndedLink:
        return _refuse(request, "ended", status=410)
    context: dict[str, Any] = {"shared": link, "frame": frame, "organisation": organisation}
    if frame.has_score:
        context["panels"] = show_panels(frame)
    with timezone.override(organisation.zone):
        return _guard(render(request, "dashboard/shared.html", context))


def _refuse(request: HttpRequest, why: str, *, status: int) -> HttpResponse:
    return _guard(render(request, "dashboard/shared_dead.html", {"why": why}, status=status))


def _guard(response: HttpResponse) -> HttpResponse:
    for name, value in HEADERS.items():
        response.headers[name] = value
    return response


def _read_shared(link: SharedDashboard, *, now: dt.datetime) -> Frame:
    """Return the reading without anybody who reads; raises EndedLink when it speaks of nothing."""
    organisation = get_organisation()
    form = DashboardForm(QueryDict(link.query), organisation=organisation, now=now)
    frame = read_form(form, user=None, organisation=organisation)
    if frame is None or form.remarks:
        # A filter that is gone would let the page show more than was shared.
        raise EndedLink
    return replace(frame, shows_comments=link.with_comments)


def _make_form(request: StaffRequest, frame: Frame, *, now: dt.datetime) -> ShareForm:
    days_shown = _fix_days(frame.selection, frame.today)
    said = say_days(days_shown.first, days_shown.last)
    fixed = _("%(days)s, for good") % {"days": said}
    moving = _("%(period)s, on whatever day it is read") % {"period": frame.period.label}
    days = [(MOVES, moving)] if frame.period != Period.CUSTOM else []
    return ShareForm(
        request.POST if request.method == "POST" else None,
        days=[*days, (STAYS, fixed)],
        organisation=frame.organisation,
        now=now,
        initial={"name": str(frame.survey), "query": frame.running_query},
    )


def _pairs(frame: Frame, days: str) -> list[tuple[str, str]]:
    if days == MOVES:
        return frame.running_pairs
    fixed = _fix_days(frame.selection, frame.today)
    return [*fixed.pairs(), *frame.options.items()]


def _fix_days(selection: Selection, today: dt.date) -> Selection:
    """What has no end yet ends on the day it is shared."""
    return replace(selection, last=selection.last or max(today, selection.first or today))
