"""Keeping a filter of the queue under a name, changing it, and throwing it away."""

from __future__ import annotations

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from closeloop.access import get_saved_view
from closeloop.forms.filtering import FilterForm
from closeloop.models import SavedView
from closeloop.reports.queue import View
from closeloop.views.queue import draw_queue
from npsapp.requests import StaffRequest, require_post_else
from npsapp.roles import Role, requires
from responses.forms.saving import SavedViewForm
from responses.views.saving import change_view, keep_view, tell_deleted


@requires(Role.AGENT)
@require_post_else("follow_ups")
def saved_view_add(request: StaffRequest) -> HttpResponse:
    """Keep what the page shows; also the way back from deleting one."""
    form = SavedViewForm(request.POST)
    sent = QueryDict(request.POST.get("query", "")[:4_000])
    # Through the form, so that nothing is kept which the page would not understand.
    kept = FilterForm(sent, user=request.user)
    pairs = [("view", View.read(sent.get("view")).value), *kept.pairs()]
    if view := keep_view(request, SavedView, form, pairs):
        return redirect(view)
    return draw_queue(request, sent, now=timezone.now(), saving=form, status=422)


@requires(Role.AGENT)
@require_post_else("follow_ups")
def saved_view_edit(request: StaffRequest, pk: int) -> HttpResponse:
    view = get_saved_view(pk, user=request.user)
    form = SavedViewForm(request.POST, number=pk)
    if change_view(request, view, form):
        return redirect(view)
    sent = QueryDict(view.query)
    return draw_queue(request, sent, now=timezone.now(), saving=form, status=422)


@requires(Role.AGENT)
@require_POST
def saved_view_delete(request: StaffRequest, pk: int) -> HttpResponse:
    view = get_saved_view(pk, user=request.user)
    view.delete()
    tell_deleted(request, view, url=reverse("saved_view_add"))
    return redirect("follow_ups")
