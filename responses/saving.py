"""Filters that somebody keeps under a name; each page that saves has a table of its own."""

from __future__ import annotations

from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Value
from django.db.models.functions import Lower

from npsapp.models import User
from responses.models import SavedFilter

Saved = TypeVar("Saved", bound=SavedFilter)
MOST = 20


class TooManyViews(ValueError):
    """Nobody finds their way among more than MOST."""


class NameTaken(ValueError):
    """Another view of the same person has this name."""


def save_filter(
    kind: type[Saved], user: User, *, name: str, pairs: list[tuple[str, str]], is_shared: bool
) -> Saved:
    """Keep a filter; one of the same name of the same person takes its place."""
    with transaction.atomic():
        # Two clicks at once: the second one sees what the first one kept.
        User.objects.select_for_update().get(pk=user.pk)
        mine = kind._default_manager.filter(user=user)
        kept = mine.alias(measure=Lower("name")).filter(measure=Lower(Value(name))).first()
        if kept is None and mine.count() >= MOST:
            raise TooManyViews
        kept = kept or kind(user=user)
        kept.name, kept.is_shared, kept.pairs = name, is_shared, [list(pair) for pair in pairs]
        kept.save()
    return kept


def rename_filter(kept: SavedFilter, *, name: str, is_shared: bool) -> None:
    """Raises NameTaken when its owner has another one of this name."""
    kept.name, kept.is_shared = name, is_shared
    try:
        with transaction.atomic():
            kept.save(update_fields=["name", "is_shared"])
    except IntegrityError:
        raise NameTaken from None
