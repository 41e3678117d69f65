"""What a mail service told about a mail, written down as it came and judged later."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ProviderEvent(models.Model):
    """One event of a webhook: no address and no words of a person, only what settles a mail.

    Kept for a month after it came; what it means stands on the mail itself.
    """

    class Kind(models.TextChoices):
        QUEUED = "queued", _("Taken by the mail service")
        SENT = "sent", _("Sent by the mail service")
        DEFERRED = "deferred", _("Delayed")
        DELIVERED = "delivered", _("Delivered")
        BOUNCED = "bounced", _("Bounced")
        REJECTED = "rejected", _("Not sent by the mail service")
        FAILED = "failed", _("Failed at the mail service")
        COMPLAINED = "complained", _("Marked as spam")
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")

    class Nature(models.TextChoices):
        """Of a mail that did not arrive: whose trouble it is, and for how long."""

        NONE = "", ""
        HARD = "hard", _("The address does not work")
        SOFT = "soft", _("For the moment")
        BLOCK = "block", _("Our content or reputation")
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed at the mail service")

    provider = models.CharField(max_length=30)
    # A fingerprint of the service's own id, or of the whole event: the same event is one row.
    event_key = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    nature = models.CharField(max_length=12, choices=Nature.choices, blank=True)
    message_key = models.UUIDField(null=True)
    provider_id = models.CharField(max_length=200, blank=True)
    address_hash = models.CharField(max_length=64, blank=True)
    detail = models.CharField(max_length=300, blank=True)  # addresses are taken out of it
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField()
    # Not to be looked at before; moved on while its mail is not known or is just leaving.
    look_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["look_at"],
                name="provider_event_waiting",
                condition=Q(processed_at__isnull=True),
            ),
            models.Index(fields=["received_at"], name="provider_event_received"),
            models.Index(fields=["message_key"], name="provider_event_message"),
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.get_kind_display()}"
