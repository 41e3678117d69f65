"""What people keep of the queue: filters under a name, and what they did to many rows at once."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse

from responses.models import SavedFilter, SavedFilterQuerySet


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


class BulkAct(models.Model):
    """What one person did to many follow-ups at once, kept for a day to be taken back."""

    class Kind(models.TextChoices):
        ASSIGN = "assign"
        TAG = "tag"
        SNOOZE = "snooze"
        CLOSE = "close"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField()
    # Of each one: its key, the version that the act made, and what taking it back needs to know.
    done: models.JSONField[list[dict[str, Any]]] = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"
