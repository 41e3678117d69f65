"""What happened to a follow-up, for good."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from closeloop.models.followup import FollowUp
from surveys.models import Mail


class ActivityQuerySet(models.QuerySet["Activity"]):
    def with_mail_under_way(self) -> Self:
        return self.filter(mail__isnull=False, mail_settled_at__isnull=True)

    def untold(self) -> Self:
        """What may concern a colleague, and no notice was written about yet."""
        return self.filter(
            kind__in=[Activity.Kind.ASSIGNED, Activity.Kind.NOTE], told_at__isnull=True
        )

    def after(self, version: int) -> Self:
        """What happened since somebody saw the follow-up in `version`."""
        return self.filter(version__gt=version)


class Activity(models.Model):
    """One line of the timeline. What it says is never changed and never deleted."""

    class Kind(models.TextChoices):
        OPENED = "opened", _("Opened")
        ASSIGNED = "assigned", _("Assigned")
        NOTE = "note", _("Note")
        REPLY = "reply", _("Reply by mail")
        AUTO_REPLY = "auto_reply", _("Automatic reply")
        NOT_DELIVERED = "not_delivered", _("Reply not delivered")
        RECEIVED = "received", _("Mail from the customer")
        CALL = "call", _("Call")
        GESTURE = "gesture", _("Gesture")
        STEP = "step", _("Step ticked")
        TAGGED = "tagged", _("Tags changed")
        SNOOZED = "snoozed", _("Snoozed")
        RETURNED = "returned", _("Back in the queue")
        ESCALATED = "escalated", _("Escalated")
        ANSWER_CHANGED = "answer_changed", _("Answer changed")
        CLOSED = "closed", _("Closed")
        REOPENED = "reopened", _("Reopened")

    class CallOutcome(models.TextChoices):
        """How a call ended, as `details["outcome"]`; only REACHED is a contact."""

        REACHED = "reached", _("Spoke to them")
        VOICEMAIL = "voicemail", _("Left a voicemail")
        NO_ANSWER = "no_answer", _("No answer")
        WRONG_NUMBER = "wrong_number", _("Wrong number")

    follow_up = models.ForeignKey(FollowUp, on_delete=models.CASCADE, related_name="activities")
    kind = models.CharField(max_length=15, choices=Kind.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField()
    text = models.TextField(blank=True)
    # The version of the follow-up that this made, so that a second saver sees what came between.
    version = models.PositiveIntegerField()
    details: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    mail = models.OneToOneField(Mail, null=True, on_delete=models.PROTECT, related_name="activity")
    # When we took note of what became of `mail`; empty while it is still on its way.
    mail_settled_at = models.DateTimeField(null=True)
    # When a notice was written to those it concerns, or found to concern nobody.
    told_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Activity]] = ActivityQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        verbose_name_plural = "activities"
        indexes = [
            models.Index(
                fields=["mail"],
                name="activity_mail_under_way",
                condition=Q(mail__isnull=False, mail_settled_at__isnull=True),
            ),
            models.Index(
                fields=["id"],
                name="activity_to_tell",
                condition=Q(kind__in=["assigned", "note"], told_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
