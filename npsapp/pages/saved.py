"""Keeping a reading of the dashboard under a name, changing it, and throwing it away."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import ProtectedError
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from npsapp.pages.dashboard import draw_dashboard
from npsapp.requests import StaffRequest, require_post_else
from npsapp.roles import Role, requires
from responses.access import get_saved_dashboard
from responses.forms.saving import SavedViewForm
from responses.forms.selection import DashboardForm
from responses.models import SavedDashboard
from responses.views.saving import change_view, keep_view, tell_deleted
from surveys.models import get_organisation


@requires(Role.VIEWER)
@require_post_else("dashboard")
def dashboard_view_add(request: StaffRequest) -> HttpResponse:
    """Keep what the page shows; also the way back from deleting one."""
    form = SavedViewForm(request.POST)
    sent = QueryDict(request.POST.get("query", "")[:4_000])
    asked = DashboardForm(sent, organisation=get_organisation(), now=timezone.now())
    # Through the form, so that nothing is kept which the page would not understand.
    if not asked.is_valid():
        messages.error(request, _("This view cannot be saved: its address is not right."))
        return redirect("dashboard")
    if view := keep_view(request, SavedDashboard, form, asked.pairs()):
        return redirect(view)
    return draw_dashboard(request, sent, saving=form, status=422)


@requires(Role.VIEWER)
@require_post_else("dashboard")
def dashboard_view_edit(request: StaffRequest, pk: int) -> HttpResponse:
    view = get_saved_dashboard(pk, user=request.user)
    form = SavedViewForm(request.POST, number=pk)
    if change_view(request, view, form):
        return redirect(view)
    return draw_dashboard(request, QueryDict(view.query), saving=form, status=422)


@requires(Role.VIEWER)
@require_POST
def dashboard_view_delete(request: StaffRequest, pk: int) -> HttpResponse:
    view = get_saved_dashboard(pk, user=request.user)
    try:
        view.delete()
    except ProtectedError:
        text = _("“%(name)s” is mailed as a digest: a manager has to end that first.")
        messages.error(request, text % {"name": view})
        return redirect(view)
    tell_deleted(request, view, url=reverse("dashboard_view_add"))
    return redirect("dashboard")
