"""Keeping a filter of the queue under a name, changing it, and throwing it away."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from closeloop.access import get_saved_view
from closeloop.forms.filtering import FilterForm
from closeloop.reports.queue import View
from closeloop.saved_views import save_view
from closeloop.views.queue import draw_queue
from npsapp.requests import StaffRequest, require_post_else
from npsapp.roles import Role, requires
from npsapp.undo import offer_undo
from responses.forms.saving import SavedViewForm
from responses.saving import MOST, NameTaken, TooManyViews, rename_filter


@requires(Role.AGENT)
@require_post_else("follow_ups")
def saved_view_add(request: StaffRequest) -> HttpResponse:
    """Keep what the page shows; also the way back from deleting one."""
    form, now = SavedViewForm(request.POST), timezone.now()
    sent = QueryDict(request.POST.get("query", "")[:4_000])
    if not form.is_valid():
        return draw_queue(request, sent, now=now, saving=form, status=422)
    # Through the form, so that nothing is kept which the page would not understand.
    kept = FilterForm(sent, user=request.user)
    pairs = [("view", View.read(sent.get("view")).value), *kept.pairs()]
    try:
        view = save_view(
            request.user,
            name=form.cleaned_data["name"],
            pairs=pairs,
            is_shared=form.cleaned_data["is_shared"] and request.user.may(Role.MANAGER),
        )
    except TooManyViews:
        text = _("You have %(most)s saved views already: delete one first.") % {"most": MOST}
        form.add_error("name", text)
        return draw_queue(request, sent, now=now, saving=form, status=422)
    messages.success(request, _("The view “%(name)s” is saved.") % {"name": view})
    return redirect(view)


@requires(Role.AGENT)
@require_post_else("follow_ups")
def saved_view_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Give it another name; managers also share it or take it back."""
    view = get_saved_view(pk, user=request.user)
    form = SavedViewForm(request.POST, number=pk)
    if form.is_valid():
        shares = request.user.may(Role.MANAGER)
        is_shared = form.cleaned_data["is_shared"] if shares else view.is_shared
        try:
            rename_filter(view, name=form.cleaned_data["name"], is_shared=is_shared)
        except NameTaken:
            text = _("There is another view named “%(name)s” already.")
            messages.error(request, text % {"name": form.cleaned_data["name"]})
        else:
            messages.success(request, _("The view “%(name)s” is saved.") % {"name": view})
    else:
        messages.error(request, _("A view needs a name of at most 40 characters."))
    return redirect(view)


@requires(Role.AGENT)
@require_POST
def saved_view_delete(request: StaffRequest, pk: int) -> HttpResponse:
    view = get_saved_view(pk, user=request.user)
    text = _("The view “%(name)s” is deleted.") % {"name": view}
    shared = {"is_shared": "on"} if view.is_shared else {}
    # Brought back it belongs to whoever deleted it: for the team that is the same view.
    offer_undo(
        request,
        text,
        url=reverse("saved_view_add"),
        name=view.name,
        query=view.query,
        **shared,
    )
    view.delete()
    return redirect("follow_ups")
