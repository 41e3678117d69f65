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

    class RateUnit(models.TextChoices):
        SECOND = "second", _("second")
        MINUTE = "minute", _("minute")
        HOUR = "hour", _("hour")

    name = models.CharField(_("name"), max_length=80, unique=True)
    lane = models.CharField(_("lane"), max_length=15, choices=Lane.choices, default=Lane.BULK)
    from_name = models.CharField(_("sender name"), max_length=80)
    from_email = models.EmailField(_("sender address"))
    reply_to = models.EmailField(_("answers go to"), blank=True)
    rate_limit = models.PositiveIntegerField(_("at most"), null=True, blank=True)
    rate_unit = models.CharField(
        _("mails a"), max_length=6, choices=RateUnit.choices, default=RateUnit.MINUTE
    )
    daily_limit = models.PositiveIntegerField(_("at most a day"), null=True, blank=True)
    # A new domain sends little at first; all three or none.
    warm_up_start = models.PositiveIntegerField(_("mails on the first day"), null=True, blank=True)
    warm_up_end = models.PositiveIntegerField(_("mails on the last day"), null=True, blank=True)
    warm_up_days = models.PositiveSmallIntegerField(_("sending days"), null=True, blank=True)
    # Provider-wide errors stop the lane, never a person (mailing.md calls this the circuit).
    held_until = models.DateTimeField(null=True, editable=False)
    held_reason = models.CharField(max_length=300, blank=True, editable=False)
    failures_in_a_row = models.PositiveIntegerField(default=0, editable=False)
    # Mails refused for what they say or where they come from: a few in a row are no coincidence.
    refusals_in_a_row = models.PositiveIntegerField(default=0, editable=False)
    # Mails of which nobody knows whether the server took them, without one it took in between.
    doubts_in_a_row = models.PositiveIntegerField(default=0, editable=False)
    # Too much of its mail comes back or is marked as spam, but not so much that it is held.
    warning = models.CharField(max_length=300, blank=True, editable=False)
    # What was before is forgiven: a person looked at it and let the mail leave again.
    results_since = models.DateTimeField(null=True, editable=False)
    # Mails that got through since the last hold ended.
    probes_passed = models.PositiveSmallIntegerField(default=0, editable=False)
    # Mails a second while the server asks for less than the limit, and where that began for a
    # sender without a limit. See surveys/sending/pace.py.
    rate = models.FloatField(null=True, editable=False)
    slowed_from = models.FloatField(null=True, editable=False)
    judged_at = models.DateTimeField(null=True, editable=False)
    # The bucket: mails that may leave now, and what was taken from it today. See bucket.py.
    tokens = models.FloatField(default=0, editable=False)
    refilled_at = models.DateTimeField(null=True, editable=False)
    taken_on = models.DateField(null=True, editable=False)
    taken_today = models.PositiveIntegerField(default=0, editable=False)
    # Days on which it sent anything, today included: the warm-up counts them.
    sending_days = models.PositiveIntegerField(default=0, editable=False)

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

    @property
    def ceiling(self) -> float | None:
        """The limit in mails a second; None: as fast as it goes."""
        seconds = {"second": 1, "minute": 60, "hour": 3600}
        return None if self.rate_limit is None else self.rate_limit / seconds[self.rate_unit]


class SenderMinute(models.Model):
    """What the mail server answered to a sender in one minute."""

    sender = models.ForeignKey(Sender, on_delete=models.CASCADE, related_name="minutes")
    minute = models.DateTimeField()
    sent = models.PositiveIntegerField(default=0)
    deferred = models.PositiveIntegerField(default=0)  # 4xx: later, perhaps
    refused = models.PositiveIntegerField(default=0)  # 5xx: never
    unreachable = models.PositiveIntegerField(default=0)  # no answer, and nothing was sent
    unknown = models.PositiveIntegerField(default=0)
    # Of the deferred those that asked for less: 421, 429, a Retry-After.
    slow_downs = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sender", "minute"], name="sender_minute_once")
        ]

    def __str__(self) -> str:
        return f"{self.sender}: {self.minute}"
