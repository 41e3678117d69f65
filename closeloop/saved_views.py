"""Filters of the queue that somebody keeps under a name."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import Value
from django.db.models.functions import Lower

from closeloop.models import SavedView
from npsapp.models import User

MOST = 20


class TooManyViews(ValueError):
    """Nobody finds their way among more than MOST."""


class NameTaken(ValueError):
    """Another view of the same person has this name."""


def save_view(user: User, *, name: str, pairs: list[tuple[str, str]], is_shared: bool) -> SavedView:
    """Keep a filter; one of the same name of the same person takes its place."""
    with transaction.atomic():
        # Two clicks at once: the second one sees what the first one kept.
        User.objects.select_for_update().get(pk=user.pk)
        mine = SavedView.objects.filter(user=user)
        kept = mine.alias(measure=Lower("name")).filter(measure=Lower(Value(name))).first()
        if kept is None and mine.count() >= MOST:
            raise TooManyViews
        kept = kept or SavedView(user=user)
        kept.name, kept.is_shared, kept.pairs = name, is_shared, [list(pair) for pair in pairs]
        kept.save()
    return kept


def list_views(user: User) -> list[SavedView]:
    return list(SavedView.objects.visible_to(user).select_related("user"))


def rename_view(view: SavedView, *, name: str, is_shared: bool) -> None:
    """Raises NameTaken when its owner has another view of this name."""
    view.name, view.is_shared = name, is_shared
    try:
        with transaction.atomic():
            view.save(update_fields=["name", "is_shared"])
    except IntegrityError:
        raise NameTaken from None
