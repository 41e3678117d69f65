"""The ledger: one row per mail that is to leave, whatever became of it."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from surveys.models.campaign import Campaign
from surveys.models.contact import Contact
from surveys.models.sender import Sender


class Delivery(models.Model):
    """The engine's row. See surveys/sending for the statements that move `state`."""

    class State(models.TextChoices):
        SCHEDULED = "scheduled", _("Scheduled")
        CLAIMED = "claimed", _("About to leave")
        SENDING = "sending", _("Leaving")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        SKIPPED = "skipped", _("Skipped")
        UNKNOWN = "unknown", _("Unknown")

    class Reason(models.TextChoices):
        NONE = "", ""
        SUPPRESSED = "suppressed", _("Unsubscribed or blocked")
        NO_ADDRESS = "no_address", _("No e-mail address")
        DUPLICATE = "duplicate", _("Same address as somebody else")
        ANSWERED = "answered", _("Already answered")
        RESTED = "rested", _("Asked too recently")
        WINDOW_OVER = "window_over", _("The window was over")
        CANCELLED = "cancelled", _("Campaign cancelled")
        HELD = "held", _("Held by a colleague")
        NO_ROOM = "no_room", _("No room in the window")
        ERASED = "erased", _("Person erased")
        REFUSED = "refused", _("Refused by the mail server")
        CANNOT_COMPOSE = "cannot_compose", _("The mail could not be made")
        INTERRUPTED = "interrupted", _("The connection dropped before the server confirmed")
        CRASHED = "crashed", _("The worker stopped before the server confirmed")
        REMINDERS_OFF = "reminders_off", _("Reminders switched off or changed")
        RESTORED = "restored", _("Was due between a backup and its restoring")

    class Resolution(models.TextChoices):
        NONE = "", ""
        SEND_AGAIN = "send_again", _("Sent again by a person")
        TREAT_AS_SENT = "treat_as_sent", _("Treated as sent by a person")
        EVIDENCE = "evidence", _("Settled by evidence")
        TIMED_OUT = "timed_out", _("Treated as sent, as nobody decided")

    class DeliveryStatus(models.TextChoices):
        NONE = "", ""
        DEFERRED = "deferred", _("Delayed")
        DELIVERED = "delivered", _("Delivered")
        SOFT_BOUNCED = "soft_bounced", _("Returned for now")
        BLOCKED = "blocked", _("Blocked by their mail server")
        BOUNCED = "bounced", _("Bounced")
        COMPLAINED = "complained", _("Marked as spam")

    state = models.CharField(max_length=10, choices=State.choices, default=State.SCHEDULED)
    reason = models.CharField(max_length=20, choices=Reason.choices, blank=True)
    detail = models.CharField(max_length=500, blank=True)  # the server's own words
    resolution = models.CharField(max_length=15, choices=Resolution.choices, blank=True)
    # Each mail changes its row three times, and each time PostgreSQL writes anew into every index
    # that the row is in. So no index holds what most rows have not.
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    resolved_at = models.DateTimeField(null=True)
    scheduled_for = models.DateTimeField(null=True)
    not_after = models.DateTimeField(null=True)
    address_hash = models.CharField(max_length=64, blank=True)
    message_key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    claim_token = models.UUIDField(null=True)
    claimed_by = models.CharField(max_length=80, blank=True)  # the last worker that took it
    lease_until = models.DateTimeField(null=True)
    # Claims in a row that nothing was heard of again; any result sets it back to 0.
    claims = models.PositiveSmallIntegerField(default=0)
    attempt = models.PositiveSmallIntegerField(default=0)
    retries = models.PositiveSmallIntegerField(default=0)
    intent_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    unknown_since = models.DateTimeField(null=True)
    provider_id = models.CharField(max_length=200, blank=True)
    # What the mail service told afterwards (surveys.tracking), and when that happened.
    delivery_status = models.CharField(max_length=12, choices=DeliveryStatus.choices, blank=True)
    delivery_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class DeliveryQuerySet(models.QuerySet[Any]):
    def handed_over(self) -> Self:
        """Those that the mail server took, doubtful ones settled as sent included."""
        return self.filter(state=Delivery.State.SENT)


class Invitation(Delivery):
    """A person asked in a campaign; its signed primary key is the link in the mail."""

    # Looked up by the indexes below, all of which begin with it.
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="invitations", db_index=False
    )
    contact = models.ForeignKey(
        Contact, null=True, on_delete=models.SET_NULL, related_name="invitations"
    )
    occasion = models.CharField(max_length=120, blank=True)
    sequence = models.PositiveSmallIntegerField(default=0)
    first = models.ForeignKey(
        "self", null=True, on_delete=models.CASCADE, related_name="reminders", db_index=False
    )
    stratum = models.CharField(max_length=200, blank=True)
    order_key = models.FloatField(default=0)
    answered_at = models.DateTimeField(null=True)
    # Until when the contact frequency rule left the person in peace, where it made a difference.
    rests_until = models.DateTimeField(null=True)
    skipped_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Invitation]] = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "contact", "occasion", "sequence"], name="invitation_once"
            ),
        ]
        indexes = [
            # By campaign first: what a paused one has waiting stands in no other's way.
            models.Index(
                fields=["campaign", "scheduled_for", "id"],
                name="invitation_due",
                condition=Q(state="scheduled"),
            ),
            models.Index(
                fields=["lease_until"],
                name="invitation_leased",
                condition=Q(state__in=["claimed", "sending"]),
            ),
            models.Index(fields=["campaign", "state"], name="invitation_by_state"),
            models.Index(
                fields=["campaign", "sent_at"],
                name="invitation_sent",
                condition=Q(sent_at__isnull=False),
            ),
            models.Index(
                fields=["unknown_since"], name="invitation_unknown", condition=Q(state="unknown")
            ),
            # Planning writes none of these states, so it does not pay for this index.
            models.Index(
                fields=["address_hash"],
                name="invitation_asked",
                condition=Q(state__in=["sending", "sent", "unknown"]),
            ),
            models.Index(
                fields=["first"], name="invitation_reminders", condition=Q(first__isnull=False)
            ),
            models.Index(
                fields=["resolved_by"],
                name="invitation_resolved_by",
                condition=Q(resolved_by__isnull=False),
            ),
            models.Index(
                fields=["provider_id"], name="invitation_provider", condition=~Q(provider_id="")
            ),
            # Told beside the response rate of any number of mails.
            models.Index(
                fields=["campaign", "sent_at"],
                name="invitation_bounced",
                condition=Q(
                    delivery_status="bounced", state="sent", sequence=0, answered_at__isnull=True
                ),
            ),
            # Few: whoever counts or lists trouble does not read the rest.
            models.Index(
                fields=["campaign", "delivery_status"],
                name="invitation_trouble",
                condition=Q(
                    delivery_status__in=["soft_bounced", "blocked", "bounced", "complained"]
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.contact or self.pk}"


class Mail(Delivery):
    """A transactional mail, its words kept: a test mail, a reply, a notice to staff."""

    class Kind(models.TextChoices):
        TEST = "test", _("Test mail")
        REPLY = "reply", _("Reply")
        AUTO_REPLY = "auto_reply", _("Automatic reply")
        NOTICE = "notice", _("Notice")
        ACCOUNT = "account", _("Login")
        ALARM = "alarm", _("Alarm")

    sender = models.ForeignKey(Sender, on_delete=models.PROTECT, related_name="mails")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # Two requests for the same mail are one mail.
    dedupe_key = models.CharField(max_length=120, unique=True)
    to_email = models.EmailField()
    to_name = models.CharField(max_length=160, blank=True)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField(blank=True)
    in_reply_to = models.CharField(max_length=300, blank=True)
    # Every Message-ID of the conversation before it, oldest first; empty: that of `in_reply_to`.
    references = models.TextField(blank=True)
    # Where an answer to this very mail goes; empty: as the sender has it.
    reply_to = models.EmailField(max_length=320, blank=True)
    # Of a test mail: the campaign it tried out, and a fingerprint of how its mail was worded then.
    campaign = models.ForeignKey(
        Campaign, null=True, on_delete=models.SET_NULL, related_name="test_mails"
    )
    worded_as = models.CharField(max_length=32, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager[Mail]] = DeliveryQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["scheduled_for", "id"], name="mail_due", condition=Q(state="scheduled")
            ),
            models.Index(
                fields=["lease_until"],
                name="mail_leased",
                condition=Q(state__in=["claimed", "sending"]),
            ),
            models.Index(
                fields=["resolved_by"],
                name="mail_resolved_by",
                condition=Q(resolved_by__isnull=False),
            ),
            models.Index(
                fields=["provider_id"], name="mail_provider", condition=~Q(provider_id="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.subject}"


class Heartbeat(models.Model):
    """When a part of the product was last seen alive, and the lease of a periodic job."""

    name = models.CharField(max_length=60, primary_key=True)
    seen_at = models.DateTimeField(null=True)
    holder = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
