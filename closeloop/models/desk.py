"""What lies on the desk of somebody who works on a follow-up: words begun, and that they are there.

Nothing of it is the record of the follow-up; that is `Activity`.
"""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Self

from django.conf import settings
from django.db import models

from closeloop.models.followup import FollowUp


class Draft(models.Model):
    """A reply or a note that was begun and not sent. Only its author ever sees it."""

    class Kind(models.TextChoices):
        REPLY = "reply", "reply"
        NOTE = "note", "note"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts"
    )
    follow_up = models.ForeignKey(FollowUp, on_delete=models.CASCADE, related_name="drafts")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "follow_up", "kind"], name="draft_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.follow_up_id}"


class PresenceQuerySet(models.QuerySet["Presence"]):
    def since(self, moment: dt.datetime) -> Self:
        return self.filter(seen_at__gt=moment)


class Presence(models.Model):
    """Somebody has the page of a follow-up before them."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    follow_up = models.ForeignKey(FollowUp, on_delete=models.CASCADE, related_name="presences")
    seen_at = models.DateTimeField(db_index=True)
    is_writing = models.BooleanField(default=False)

    objects: ClassVar[models.Manager[Presence]] = PresenceQuerySet.as_manager()

    class Meta:
        ordering = ["user__name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "follow_up"], name="presence_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.follow_up_id}"
