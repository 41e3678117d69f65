"""A mail that came in, written down as it came and filed later."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from closeloop.models.activity import Activity


class ReceivedMailQuerySet(models.QuerySet["ReceivedMail"]):
    def stray(self) -> Self:
        """Those that belong to no follow-up, until a manager settles them."""
        return self.filter(state=ReceivedMail.State.STRAY)


class ReceivedMail(models.Model):
    """What it says is kept as text; of attachments there is the name, the kind and the size."""

    class State(models.TextChoices):
        NEW = "new", _("New")
        FILED = "filed", _("In a follow-up")
        STRAY = "stray", _("Belongs nowhere")
        # Its words are gone; the row stays for a while, so that the same mail is known again.
        DISCARDED = "discarded", _("Discarded")

    class Automatic(models.TextChoices):
        """What a machine sent by itself."""

        NO = "", ""
        AUTO_REPLY = "auto_reply", _("Automatic reply")
        BOUNCE = "bounce", _("Returned mail")
        BULK = "bulk", _("Bulk mail")

    provider = models.CharField(max_length=30)
    # A fingerprint of the mail: the same mail, told again, is one row.
    event_key = models.CharField(max_length=64, unique=True)
    message_id = models.CharField(max_length=300, blank=True)
    # Message-IDs it answers, as its headers name them, the nearest first.
    answers: models.JSONField[list[str]] = models.JSONField(default=list)
    # To which addresses of ours it went.
    addressed_to: models.JSONField[list[str]] = models.JSONField(default=list)
    from_email = models.CharField(max_length=254, blank=True)
    from_name = models.CharField(max_length=160, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    text = models.TextField(blank=True)
    # Up to here it is new, from here on it is what their mail program put below it.
    history_at = models.PositiveIntegerField(default=0)
    # The text was longer than what we keep.
    is_cut = models.BooleanField(default=False)
    # Each with name, type and size in bytes.
    attachments: models.JSONField[list[dict[str, str | int]]] = models.JSONField(default=list)
    automatic = models.CharField(max_length=10, choices=Automatic.choices, blank=True)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.NEW)
    # Not to be looked at before.
    look_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    activity = models.OneToOneField(
        Activity, null=True, on_delete=models.CASCADE, related_name="received"
    )

    objects: ClassVar[models.Manager[ReceivedMail]] = ReceivedMailQuerySet.as_manager()

    class Meta:
        ordering = ["received_at", "pk"]
        indexes = [
            models.Index(fields=["look_at"], name="received_mail_new", condition=Q(state="new")),
            models.Index(
                fields=["received_at"], name="received_mail_stray", condition=Q(state="stray")
            ),
            models.Index(fields=["message_id"], name="received_mail_message"),
        ]

    def __str__(self) -> str:
        return self.subject or self.message_id

    @property
    def new_text(self) -> str:
        return self.text[: self.history_at].strip()

    @property
    def history(self) -> str:
        return self.text[self.history_at :].strip("\n")
