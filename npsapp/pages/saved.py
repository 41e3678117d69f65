"""Keeping a reading of the dashboard under a name, changing it, and throwing it away."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.db.models import ProtectedError
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from npsapp.models import User
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from npsapp.undo import offer_undo
from responses.access import get_saved_dashboard
from responses.forms.saving import SavedViewForm
from responses.forms.selection import DashboardForm
from responses.models import SavedDashboard
from responses.saving import MOST, NameTaken, TooManyViews, rename_filter, save_filter
from surveys.models import get_organisation

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Saved:
    """A chip, and the form to change it for who may."""

    view: SavedDashboard
    is_current: bool
    form: SavedViewForm | None


def list_saved(user: User, current: Pairs) -> list[Saved]:
    may_manage = user.may(Role.MANAGER)
    return [
        Saved(
            view=view,
            is_current=sorted(map(list, current)) == sorted(view.pairs),
            form=SavedViewForm.about(view) if may_manage or view.user_id == user.pk else None,
        )
        for view in SavedDashboard.objects.visible_to(user)
    ]


@requires(Role.VIEWER)
@require_POST
def dashboard_view_add(request: StaffRequest) -> HttpResponse:
    """Keep what the page shows; also the way back from deleting one."""
    form = SavedViewForm(request.POST)
    sent = QueryDict(request.POST.get("query", "")[:4_000])
    asked = DashboardForm(sent, organisation=get_organisation(), now=timezone.now())
    # Through the form, so that nothing is kept which the page would not understand.
    if not asked.is_valid():
        messages.error(request, _("This view cannot be saved: its address is not right."))
        return redirect("dashboard")
    if not form.is_valid():
        messages.error(request, _("A view needs a name of at most 40 characters."))
        return redirect(f"{reverse('dashboard')}?{sent.urlencode()}")
    try:
        view = save_filter(
            SavedDashboard,
            request.user,
            name=form.cleaned_data["name"],
            pairs=asked.pairs(),
            is_shared=form.cleaned_data["is_shared"] and request.user.may(Role.MANAGER),
        )
    except TooManyViews:
        text = _("You have %(most)s saved views already: delete one first.")
        messages.error(request, text % {"most": MOST})
        return redirect(f"{reverse('dashboard')}?{sent.urlencode()}")
    messages.success(request, _("The view “%(name)s” is saved.") % {"name": view})
    return redirect(view)


@requires(Role.VIEWER)
@require_POST
def dashboard_view_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Give it another name; managers also share it or take it back."""
    view = get_saved_dashboard(pk, user=request.user)
    form = SavedViewForm(request.POST, number=pk)
    if not form.is_valid():
        messages.error(request, _("A view needs a name of at most 40 characters."))
        return redirect(view)
    shares = request.user.may(Role.MANAGER)
    is_shared = form.cleaned_data["is_shared"] if shares else view.is_shared
    try:
        rename_filter(view, name=form.cleaned_data["name"], is_shared=is_shared)
    except NameTaken:
        text = _("There is another view named “%(name)s” already.")
        messages.error(request, text % {"name": form.cleaned_data["name"]})
    else:
        messages.success(request, _("The view “%(name)s” is saved.") % {"name": view})
    return redirect(view)


@requires(Role.VIEWER)
@require_POST
def dashboard_view_delete(request: StaffRequest, pk: int) -> HttpResponse:
    view = get_saved_dashboard(pk, user=request.user)
    shared = {"is_shared": "on"} if view.is_shared else {}
    try:
        view.delete()
    except ProtectedError:
        text = _("“%(name)s” is mailed as a digest: a manager has to end that first.")
        messages.error(request, text % {"name": view})
        return redirect(view)
    # Brought back it belongs to whoever deleted it: for the team that is the same view.
    offer_undo(
        request,
        _("The view “%(name)s” is deleted.") % {"name": view},
        url=reverse("dashboard_view_add"),
        name=view.name,
        query=view.query,
        **shared,
    )
    return redirect("dashboard")
