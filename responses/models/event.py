"""What happened on some days, beside what customers said on them."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from responses.selection import Segment
from responses.spans import Span
from surveys.models import Survey


class EventQuerySet(models.QuerySet["Event"]):
    def about(self, survey: Survey) -> Self:
        """Those of one survey, and those of all of them."""
        return self.filter(Q(survey=survey) | Q(survey=None))


class Event(models.Model):
    """A day, or days in a row, to be seen in the trend. It coincides with a score, no more."""

    class Kind(models.TextChoices):
        LAUNCH = "launch", _("Launch")
        CAMPAIGN = "campaign", _("Campaign")
        OUTAGE = "outage", _("Outage")
        PRICE = "price", _("Price")
        # Wording, scale, channel, timing: scores on either side are never tested against another.
        SURVEY_CHANGE = "survey_change", _("Survey change")
        OTHER = "other", _("Something else")

    label = models.CharField(
        _("what happened"),
        max_length=80,
        help_text=_("Everybody who sees the dashboard reads this: name no customers."),
    )
    kind = models.CharField(_("kind"), max_length=15, choices=Kind.choices)
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(
        _("last day"), null=True, blank=True, help_text=_("Empty: it was one day.")
    )
    survey = models.ForeignKey(
        Survey,
        verbose_name=_("survey"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="events",
    )
    # property=value when it touched only those who share it.
    segment = models.CharField(_("part of the customers"), max_length=300, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField()

    objects: ClassVar[models.Manager[Event]] = EventQuerySet.as_manager()

    class Meta:
        ordering = ["-first_day", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day=None) | Q(last_day__gte=F("first_day")),
                name="event_ends_after_it_begins",
            ),
        ]
        indexes = [models.Index(fields=["survey", "first_day"], name="event_by_survey")]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("event_edit", args=[self.pk])

    @property
    def span(self) -> Span:
        return Span(self.first_day, self.last_day or self.first_day)

    @property
    def is_survey_change(self) -> bool:
        return self.kind == self.Kind.SURVEY_CHANGE

    @property
    def part(self) -> Segment | None:
        return Segment.parse(self.segment) if self.segment else None

    def breaks(self, earlier: dt.date, later: dt.date) -> bool:
        """Whether it changed the survey between two days: what is before is another measure."""
        return self.is_survey_change and earlier < self.span.last and self.first_day <= later
