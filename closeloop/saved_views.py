"""Filters of the queue that somebody keeps under a name."""

from __future__ import annotations

from closeloop.models import SavedView
from npsapp.models import User
from responses.saving import save_filter


def save_view(user: User, *, name: str, pairs: list[tuple[str, str]], is_shared: bool) -> SavedView:
    return save_filter(SavedView, user, name=name, pairs=pairs, is_shared=is_shared)


def list_views(user: User) -> list[SavedView]:
    return list(SavedView.objects.visible_to(user).select_related("user"))
