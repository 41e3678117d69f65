"""Whom we never write to again."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Suppression(models.Model):
    """An address, kept as a keyed hash, that gets no mail of a scope.

    `surveys` stops invitations only; `all` stops replies as well (hard bounce, complaint).
    """

    class Scope(models.TextChoices):
        SURVEYS = "surveys", _("No surveys")
        ALL = "all", _("No mail at all")

    class Reason(models.TextChoices):
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
        BOUNCED = "bounced", _("Address does not exist")
        COMPLAINED = "complained", _("Marked our mail as spam")
        MANUAL = "manual", _("Added by staff")
        ERASED = "erased", _("Person erased")

    address_hash = models.CharField(max_length=64)
    scope = models.CharField(_("scope"), max_length=10, choices=Scope.choices)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["address_hash", "scope"], name="suppression_once"),
            # An address in its place would be kept in clear and stop nothing.
            models.CheckConstraint(
                condition=models.Q(address_hash__regex=r"^[0-9a-f]{64}$"),
                name="suppression_is_a_hash",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_scope_display()}: {self.get_reason_display()}"


class SuppressionRemoval(models.Model):
    """Why an address that was on the list may be written to again. Never changed afterwards."""

    address_hash = models.CharField(max_length=64, db_index=True)
    scope = models.CharField(max_length=10, choices=Suppression.Scope.choices)
    reason = models.CharField(max_length=20, choices=Suppression.Reason.choices)
    suppressed_at = models.DateTimeField()
    explanation = models.CharField(max_length=200)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    removed_at = models.DateTimeField()

    class Meta:
        ordering = ["-removed_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(address_hash__regex=r"^[0-9a-f]{64}$"),
                name="suppression_removal_is_a_hash",
            ),
        ]

    def __str__(self) -> str:
        return self.explanation
