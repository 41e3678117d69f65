"""Filters of a page under a name, whichever page: offering, keeping, changing and deleting them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.contrib import messages
from django.utils.translation import gettext as _

from npsapp.models import User
from npsapp.requests import StaffRequest
from npsapp.roles import Role
from npsapp.undo import offer_undo
from responses.forms.saving import SavedViewForm
from responses.models import SavedFilter
from responses.saving import MOST, NameTaken, TooManyViews, rename_filter, save_filter

Kept = TypeVar("Kept", bound=SavedFilter)
Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Saved:
    """A chip, and the form to change it for who may."""

    view: SavedFilter
    is_current: bool
    form: SavedViewForm | None


def offer_views(
    views: Iterable[SavedFilter], current: Pairs, *, user: User, refused: SavedViewForm | None
) -> dict[str, Any]:
    """What components/saved_views.html draws: the views to choose from, and the form that keeps
    what the page shows at present. `refused` is a form that could not be done as it was sent."""
    forms = {refused.number: refused} if refused else {}
    may_manage = user.may(Role.MANAGER)
    saved = [
        Saved(
            view=view,
            is_current=sorted(map(list, current)) == sorted(view.pairs),
            form=forms.get(view.pk, SavedViewForm.about(view))
            if may_manage or view.user_id == user.pk
            else None,
        )
        for view in views
    ]
    new = SavedViewForm(initial={"query": urlencode(current)})
    return {"saved": saved, "saving": forms.get(new.number, new), "refused": refused}


def keep_view(
    request: StaffRequest, kind: type[Kept], form: SavedViewForm, pairs: Pairs
) -> Kept | None:
    """Keep a filter and tell so; None, with the reason in the form, where that cannot be."""
    if not form.is_valid():
        return None
    try:
        view = save_filter(
            kind,
            request.user,
            name=form.cleaned_data["name"],
            pairs=pairs,
            is_shared=form.cleaned_data["is_shared"] and request.user.may(Role.MANAGER),
        )
    except TooManyViews:
        text = _("You have %(most)s saved views already: delete one first.")
        form.add_error("name", text % {"most": MOST})
        return None
    messages.success(request, _("The view “%(name)s” is saved.") % {"name": view})
    return view


def change_view(request: StaffRequest, view: SavedFilter, form: SavedViewForm) -> bool:
    """Give it another name and tell so; managers also share it or take it back. False, with the
    reason in the form, where that cannot be."""
    if not form.is_valid():
        return False
    shares, name = request.user.may(Role.MANAGER), form.cleaned_data["name"]
    is_shared = form.cleaned_data["is_shared"] if shares else view.is_shared
    try:
        rename_filter(view, name=name, is_shared=is_shared)
    except NameTaken:
        text = _("There is another view named “%(name)s” already.")
        form.add_error("name", text % {"name": name})
        return False
    messages.success(request, _("The view “%(name)s” is saved.") % {"name": view})
    return True


def tell_deleted(request: StaffRequest, view: SavedFilter, *, url: str) -> None:
    """Say that it is gone, with the way back: `url` is where such views are kept.

    Brought back it belongs to whoever deleted it: for the team that is the same view.
    """
    text = _("The view “%(name)s” is deleted.") % {"name": view}
    shared = {"is_shared": "on"} if view.is_shared else {}
    offer_undo(request, text, url=url, name=view.name, query=view.query, **shared)
