"""Which notices a person wants, and when those who manage hear of what is late."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class NoticeChoices(models.Model):
    """What one person is mailed about. Who has no row wants everything."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notice_choices"
    )
    at_once = models.BooleanField(
        _("At once: a detractor, or somebody who asked for contact"), default=True
    )
    digest = models.BooleanField(
        _("Each working morning: what is new, due, overdue or back"), default=True
    )
    mentioned = models.BooleanField(_("When a colleague mentions me in a note"), default=True)
    assigned = models.BooleanField(_("When a colleague gives me something to do"), default=True)
    answered = models.BooleanField(_("When a customer answers my reply"), default=True)
    escalated = models.BooleanField(
        _("When a response target has passed without a response"), default=True
    )
    # The last working day whose digest was written, or found to have nothing to tell.
    digest_day = models.DateField(null=True, editable=False)

    KINDS: ClassVar[tuple[str, ...]] = (
        "at_once", "digest", "mentioned", "assigned", "answered", "escalated",
    )  # fmt: skip

    class Meta:
        verbose_name_plural = "notice choices"

    def __str__(self) -> str:
        return str(self.user)


class EscalationRule(models.Model):
    """What happens when a response target has passed; one row."""

    tell_managers = models.BooleanField(_("tell the managers"), default=True)
    hand_over = models.BooleanField(
        _("give it to somebody on duty when its owner is away"), default=False
    )
    grace_hours = models.PositiveSmallIntegerField(_("working hours of grace"), default=0)
    # Nothing of before is escalated: whoever turns this on is not told of the whole past.
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="escalation_rule_single"),
        ]

    def __str__(self) -> str:
        return "escalation"

    @property
    def is_on(self) -> bool:
        return self.tell_managers or self.hand_over
