"""What people keep of the queue: filters under a name, and what they did to many rows at once."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse

from responses.models import SavedFilter, SavedFilterQuerySet, UndoableAct, UndoableActQuerySet


class SavedView(SavedFilter):
    """A filter of the queue under a name, of one person or for the whole team."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views"
    )

    objects: ClassVar[models.Manager[SavedView]] = SavedFilterQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint("user", Lower("name"), name="saved_view_once"),
        ]

    def get_absolute_url(self) -> str:
        return f"{reverse('follow_ups')}?{self.query}"


class BulkAct(UndoableAct):
    """Of each follow-up `done` also holds the version that the act made."""

    class Kind(models.TextChoices):
        ASSIGN = "assign"
        TAG = "tag"
        SNOOZE = "snooze"
        CLOSE = "close"

    kind = models.CharField(max_length=10, choices=Kind.choices)

    objects: ClassVar[models.Manager[BulkAct]] = UndoableActQuerySet.as_manager()
