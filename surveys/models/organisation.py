"""The one organisation that an installation serves."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

MONDAY_TO_FRIDAY = [0, 1, 2, 3, 4]


def monday_to_friday() -> list[int]:
    return list(MONDAY_TO_FRIDAY)


class Logo(models.Model):
    """The organisation's logo as we drew it again; a row of its own, read by its own page only."""

    content = models.BinaryField()
    content_type = models.CharField(max_length=20)

    def __str__(self) -> str:
        return self.content_type


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
    holiday_country = models.CharField(_("public holidays of"), max_length=2, blank=True)
    own_holidays = ArrayField(
        models.DateField(), verbose_name=_("own free days"), default=list, blank=True
    )
    # The contact frequency rule: nobody is asked twice within so many days. 0: no rule.
    rest_days = models.PositiveSmallIntegerField(_("days of rest"), default=90)
    target_days_detractor = models.PositiveSmallIntegerField(_("detractors"), default=1)
    target_days_passive = models.PositiveSmallIntegerField(_("passives"), default=3)
    target_days_promoter = models.PositiveSmallIntegerField(_("promoters"), default=5)
    # From how many answers on a score is shown, may be compared, and needs no reserve.
    score_from = models.PositiveSmallIntegerField(_("shown"), default=5)
    compare_from = models.PositiveSmallIntegerField(_("compared"), default=30)
    firm_from = models.PositiveSmallIntegerField(_("without reserve"), default=100)
    # How many follow-ups the team can take on a working day; empty: nobody said.
    daily_capacity = models.PositiveIntegerField(_("follow-ups a day"), null=True, blank=True)
    # Whether mail waits where more answers are expected than the team can follow up.
    pace_by_team = models.BooleanField(_("send no more than the team can answer"), default=False)
    # "#rrggbb", or empty for the product's own.
    accent = models.CharField(_("colour"), max_length=7, blank=True)
    logo = models.OneToOneField(
        Logo,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="organisation",
    )
    # What the address of the logo changes with, so that browsers may keep it for ever.
    logo_digest = models.CharField(max_length=16, blank=True, editable=False)
    # After how many months what identifies a person is erased; empty: never. And since when.
    retention_months = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    retention_set_at = models.DateTimeField(null=True, editable=False)
    # When an answer to a test mail first reached the queue, and the list of first steps was closed.
    test_answered_at = models.DateTimeField(null=True, editable=False)
    first_steps_closed_at = models.DateTimeField(null=True, editable=False)
    # Set while an admin keeps all mail from leaving.
    sending_stopped_at = models.DateTimeField(null=True, editable=False)
    sending_stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    is_sample = models.BooleanField(default=False, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="organisation_single"),
            models.CheckConstraint(
                condition=models.Q(day_start__lt=models.F("day_end")),
                name="organisation_day_has_length",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    target_days_detractor__gte=1,
                    target_days_passive__gte=1,
                    target_days_promoter__gte=1,
                ),
                name="organisation_targets_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    score_from__gte=5,
                    score_from__lte=models.F("compare_from"),
                    compare_from__lte=models.F("firm_from"),
                ),
                name="organisation_thresholds_rise",
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
