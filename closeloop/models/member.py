"""Who follows up."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from npsapp.models import User
from npsapp.roles import Role


class MemberQuerySet(models.QuerySet["Member"]):
    def on_duty(self) -> Self:
        """Those who take new follow-ups, and whose role still lets them open the queue."""
        return self.filter(on_duty=True, user__in=User.objects.who_may(Role.AGENT))


class Member(models.Model):
    """A user who takes follow-ups."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="member"
    )
    on_duty = models.BooleanField(_("on duty"), default=True)
    signature = models.TextField(
        _("signature"),
        max_length=500,
        blank=True,
        help_text=_("Stands under your replies. Empty: your name and the organisation."),
    )

    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager[Member]] = MemberQuerySet.as_manager()

    class Meta:
        ordering = ["user__name", "pk"]

    def __str__(self) -> str:
        return str(self.user)
