"""From whom the mail comes, and whether it may leave now."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.utils.translation import gettext_lazy as _

from surveys.addresses import write_address

# After a restore nothing leaves until a person says so; no hold for trouble is ever as long.
UNTIL_RELEASED = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)
# After an alarm (surveys.sending.alarm) a person looks first as well, at this sender alone.
UNTIL_LOOKED_AT = dt.datetime(9999, 12, 30, tzinfo=dt.UTC)


class Sender(models.Model):
    """An identity and its lane. Credentials stand in the environment only.

    Two lanes, so that a paused campaign never holds up a reply.
    """

    class Lane(models.TextChoices):
        BULK = "bulk", _("Invitations")
        TRANSACTIONAL = "transactional", _("Replies and notices")

    name = models.CharField(_("name"), max_length=80, unique=True)
    lane = models.CharField(_("lane"), max_length=15, choices=Lane.choices, default=Lane.BULK)
    from_name = models.CharField(_("sender name"), max_length=80)
    from_email = models.EmailField(_("sender address"))
    reply_to = models.EmailField(_("answers go to"), blank=True)
    # Provider-wide errors stop the lane, never a person (mailing.md calls this the circuit).
    held_until = models.DateTimeField(null=True, editable=False)
    held_reason = models.CharField(max_length=300, blank=True, editable=False)
    failures_in_a_row = models.PositiveIntegerField(default=0, editable=False)
    # Mails refused for what they say or where they come from: a few in a row are no coincidence.
    refusals_in_a_row = models.PositiveIntegerField(default=0, editable=False)
    # Too much of its mail comes back or is marked as spam, but not so much that it is held.
    warning = models.CharField(max_length=300, blank=True, editable=False)
    # What was before is forgiven: a person looked at it and let the mail leave again.
    results_since = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def from_header(self) -> str:
        return write_address(self.from_name, self.from_email)

    @property
    def is_held_for_release(self) -> bool:
        return self.held_until == UNTIL_RELEASED

    @property
    def is_held_by_alarm(self) -> bool:
        return self.held_until == UNTIL_LOOKED_AT

    @property
    def domain(self) -> str:
        return self.from_email.rpartition("@")[2]
