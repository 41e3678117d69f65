"""What somebody did to many rows at once."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models

from npsapp.models import User

KEPT = dt.timedelta(days=1)


class UndoableActQuerySet(models.QuerySet[Any]):
    def may_take_back(self, user: User, *, now: dt.datetime) -> Self:
        """What somebody did is theirs alone to take back, for a day."""
        return self.filter(user=user, at__gte=now - KEPT)

    def forget(self, *, now: dt.datetime) -> int:
        """Throw away what can no longer be taken back."""
        deleted, _by_model = self.filter(at__lt=now - KEPT).delete()
        return deleted


class UndoableAct(models.Model):
    """One act of one person on many rows, kept for a day to be taken back. Each list with such acts
    has a table of its own, and in it `kind`, what was done."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10)
    at = models.DateTimeField()
    # Of each row: its key, and what taking it back needs to know.
    done: models.JSONField[list[dict[str, Any]]] = models.JSONField(default=list)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class AnswersAct(UndoableAct):
    class Kind(models.TextChoices):
        TAG = "tag"
        EXCLUDE = "exclude"
        RESTORE = "restore"

    kind = models.CharField(max_length=10, choices=Kind.choices)

    objects: ClassVar[models.Manager[AnswersAct]] = UndoableActQuerySet.as_manager()
