"""What the watchdog found wrong, from when until when, and whom it told."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Alarm(models.Model):
    """One episode of one trouble; the next one of the same kind is a new row."""

    class Kind(models.TextChoices):
        STOPPED = "stopped", _("All sending was stopped")
        OVERDUE = "overdue", _("Due mail does not leave")
        MAILS_OVERDUE = "mails_overdue", _("Due replies and notices do not leave")
        HELD = "held", _("The mail server refuses us")
        UNKNOWN = "unknown", _("Mail in doubt")
        STUCK = "stuck", _("Mail that is leaving got no answer")
        SILENT = "silent", _("A part of the product is silent")
        LEDGER = "ledger", _("A campaign does not add up")
        CLOCK = "clock", _("Two clocks differ")
        TALLIES = "tallies", _("Figures were added up wrongly")

    kind = models.CharField(max_length=15, choices=Kind.choices)
    # Which campaign, sender or part of the product; empty when there is only one.
    subject = models.CharField(max_length=60, blank=True)
    # What the sentence about it needs, as it was when last looked at.
    facts: models.JSONField[dict[str, str | int]] = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    # When the mails about it were queued; None while nobody could be told.
    told_at = models.DateTimeField(null=True)
    end_told_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], name="alarm_once", condition=Q(closed_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.opened_at:%Y-%m-%d %H:%M}"
