"""What somebody did to many answers at once."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models


class AnswersAct(models.Model):
    """One act of one person on many answers, kept for a day to be taken back."""

    class Kind(models.TextChoices):
        TAG = "tag"
        EXCLUDE = "exclude"
        RESTORE = "restore"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField()
    # Of each one: its key, and what taking it back needs to know.
    done: models.JSONField[list[dict[str, Any]]] = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"
