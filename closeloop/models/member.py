"""Who follows up."""

from __future__ import annotations

from typing import ClassVar, Self
from zoneinfo import ZoneInfo

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

    # Codes of the languages they write to customers in; none: all.
    languages: models.JSONField[list[str]] = models.JSONField(default=list, blank=True)
    # Monday is 0; none: those of the organisation.
    working_days: models.JSONField[list[int]] = models.JSONField(default=list, blank=True)
    # Where their clock stands; empty: with the organisation's.
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    daily_capacity = models.PositiveSmallIntegerField(
        _("follow-ups a day"), default=20, help_text=_("How many answers they can deal with a day.")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager[Member]] = MemberQuerySet.as_manager()

    class Meta:
        ordering = ["user__name", "pk"]

    def __str__(self) -> str:
        return str(self.user)

    @property
    def zone(self) -> ZoneInfo | None:
        """Their own time zone; None for the organisation's."""
        return ZoneInfo(self.time_zone) if self.time_zone else None

    def writes(self, language: str) -> bool:
        return not (language and self.languages) or language in self.languages


class Absence(models.Model):
    """Days on which a member is away, the first and the last one included."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="absences")
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))

    class Meta:
        ordering = ["first_day", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(first_day__lte=models.F("last_day")),
                name="absence_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_day} – {self.last_day}"
