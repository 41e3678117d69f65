"""What happened to every mail, in order. Triggers of the database write it: no path can forget.

Planning writes nothing here (a row's plan stands on the row), and a worker that takes rows and
gives them back leaves no trace. See the migration for the triggers.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from surveys.models.delivery import Delivery, Invitation


class InvitationEvent(models.Model):
    """One step of one invitation. The detail may hold a server's words, with an address in them."""

    class Kind(models.TextChoices):
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        SKIPPED = "skipped", _("Skipped")
        UNKNOWN = "unknown", _("Unknown")
        SCHEDULED = "scheduled", _("Waits again")
        DELIVERY = "delivery", _("The provider's word")

    # No constraints in the database: they would be checked row by row, which costs a cancelled
    # campaign more than the history itself. Invitations are never deleted, only emptied.
    invitation = models.ForeignKey(
        Invitation,
        on_delete=models.CASCADE,
        related_name="events",
        db_constraint=False,
        db_index=False,
    )
    at = models.DateTimeField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    before = models.CharField(max_length=10, choices=Delivery.State.choices)
    # As on the row at that moment: Delivery's Reason, Resolution and DeliveryStatus.
    reason = models.CharField(max_length=20, blank=True)
    resolution = models.CharField(max_length=15, blank=True)
    delivery_status = models.CharField(max_length=20, blank=True)
    detail = models.CharField(max_length=500, blank=True)
    scheduled_for = models.DateTimeField(null=True)  # the plan at that moment
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )

    class Meta:
        ordering = ["at", "pk"]
        indexes = [
            models.Index(fields=["invitation", "at"], name="invitation_history"),
            # What was in doubt once: few, and asked for what doubt turns out to be.
            models.Index(
                fields=["invitation"], name="invitation_was_doubtful", condition=Q(kind="unknown")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M}"
