"""Who follows up."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class MemberQuerySet(models.QuerySet["Member"]):
    def on_duty(self) -> Self:
        return self.filter(on_duty=True, user__is_active=True)


class Member(models.Model):
    """A user who takes follow-ups."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="member"
    )
    on_duty = models.BooleanField(_("on duty"), default=True)
    signature = models.TextField(_("signature"), max_length=500, blank=True)

    objects: ClassVar[models.Manager[Member]] = MemberQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.user)
