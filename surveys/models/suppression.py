"""Whom we never write to again."""

from __future__ import annotations

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
        KEEPS_BOUNCING = "keeps_bouncing", _("Mail kept coming back")
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
