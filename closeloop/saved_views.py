"""Filters of the queue that somebody keeps under a name."""

from __future__ import annotations

from closeloop.models import SavedView
from npsapp.models import User

MOST = 20


class TooManyViews(ValueError):
    """Nobody finds their way among more than MOST."""


def save_view(user: User, *, name: str, pairs: list[tuple[str, str]], is_shared: bool) -> SavedView:
    """Keep a filter; one of the same name of the same person takes its place."""
    mine = SavedView.objects.filter(user=user)
    kept = mine.filter(name__iexact=name).first()
    if kept is None and mine.count() >= MOST:
        raise TooManyViews
    kept = kept or SavedView(user=user)
    kept.name, kept.is_shared, kept.pairs = name, is_shared, [list(pair) for pair in pairs]
    kept.save()
    return kept


def list_views(user: User) -> list[SavedView]:
    return list(SavedView.objects.visible_to(user).select_related("user"))


def rename_view(view: SavedView, *, name: str, is_shared: bool) -> None:
    view.name, view.is_shared = name, is_shared
    view.save(update_fields=["name", "is_shared"])
