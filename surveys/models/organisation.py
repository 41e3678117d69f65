"""The one organisation that an installation serves."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

MONDAY_TO_FRIDAY = [0, 1, 2, 3, 4]


def monday_to_friday() -> list[int]:
    return list(MONDAY_TO_FRIDAY)


class Organisation(models.Model):
    """Exactly one row (primary key 1): who asks, and when people work there."""

    name = models.CharField(_("name"), max_length=120)
    postal_address = models.CharField(_("postal address"), max_length=240, blank=True)
    contact_email = models.EmailField(_("contact address"), blank=True)
    privacy_url = models.URLField(_("privacy statement"), blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Amsterdam")
    working_days = ArrayField(
        models.PositiveSmallIntegerField(),
        verbose_name=_("working days"),
        default=monday_to_friday,
        help_text=_("0 is Monday."),
    )
    day_start = models.TimeField(_("start of the working day"), default=dt.time(9))
    day_end = models.TimeField(_("end of the working day"), default=dt.time(17))
    default_language = models.CharField(_("default language"), max_length=5, default="nl")
    is_sample = models.BooleanField(default=False, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="organisation_single"),
            models.CheckConstraint(
                condition=models.Q(day_start__lt=models.F("day_end")),
                name="organisation_day_has_length",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


def get_organisation() -> Organisation:
    """Return the organisation; an unsaved one with the defaults before set-up."""
    return Organisation.objects.first() or Organisation(pk=1)
