"""One run of a survey."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy as _

from surveys.models.organisation import monday_to_friday
from surveys.models.sender import Sender
from surveys.models.survey import Survey

MOST_REMINDERS = 3
MOST_DAYS_BETWEEN = 60


def new_seed() -> str:
    """Return what the order in which people are asked is drawn from."""
    return secrets.token_hex(8)


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def running(self) -> Self:
        return self.filter(state=Campaign.State.RUNNING)

    def with_progress(self) -> Self:
        """Annotate `mail_count` (people who are not skipped), `sent_count` and `answered_count`.

        A reminder asks nobody new: only first mails are counted.
        """
        return self.select_related("survey").annotate(
            mail_count=models.Count(
                "invitations",
                filter=models.Q(invitations__sequence=0) & ~models.Q(invitations__state="skipped"),
            ),
            sent_count=models.Count(
                "invitations",
                filter=models.Q(invitations__sequence=0, invitations__state="sent"),
            ),
            answered_count=models.Count(
                "invitations", filter=models.Q(invitations__answered_at__isnull=False)
            ),
        )


class Campaign(models.Model):
    """Who is asked by whom and when. draft → running ⇄ paused → finished | cancelled."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        FINISHED = "finished", _("Finished")
        CANCELLED = "cancelled", _("Cancelled")

    class Repeat(models.TextChoices):
        NEVER = "", _("Not by itself")
        QUARTERLY = "quarterly", _("Every quarter")
        YEARLY = "yearly", _("Every year")

    UNDER_WAY: ClassVar[tuple[str, ...]] = (State.RUNNING.value, State.PAUSED.value)

    class Clock(models.TextChoices):
        ORGANISATION = "organisation", _("Ours")
        RECIPIENT = "recipient", _("That of each recipient")

    survey = models.ForeignKey(
        Survey, verbose_name=_("survey"), on_delete=models.PROTECT, related_name="campaigns"
    )
    name = models.CharField(_("name"), max_length=120)
    sender = models.ForeignKey(
        Sender, verbose_name=_("sender"), on_delete=models.PROTECT, related_name="campaigns"
    )
    # Conditions that all must hold: [{"property": "segment", "operator": "is", "values": ["Gold"]}]
    audience: models.JSONField[list[dict[str, Any]]] = models.JSONField(
        _("audience"), default=list, blank=True
    )
    first_day = models.DateField(_("first day"))
    window_days = models.PositiveSmallIntegerField(_("window in days"), default=30)
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(), verbose_name=_("weekdays"), default=monday_to_friday
    )
    day_start = models.TimeField(_("from"), default=dt.time(9))
    day_end = models.TimeField(_("until"), default=dt.time(17))
    # By whose clock the hours are meant, and the days of the window.
    clock = models.CharField(
        _("clock"), max_length=15, choices=Clock.choices, default=Clock.ORGANISATION
    )
    daily_limit = models.PositiveIntegerField(
        _("daily limit"), null=True, blank=True, help_text=_("Empty: no limit.")
    )
    # A slow start: so many mails on the first day, growing to the daily limit over some days.
    ramp_start = models.PositiveIntegerField(_("mails on the first day"), null=True, blank=True)
    ramp_days = models.PositiveSmallIntegerField(
        _("days until the daily limit"), null=True, blank=True
    )
    # What the team can answer decides how many mails may leave on that day in all, when the
    # organisation wants it so; empty: it sets no limit. Written from downstream.
    followup_allowance = models.PositiveIntegerField(null=True, editable=False)
    followup_allowance_day = models.DateField(null=True, editable=False)
    strata = ArrayField(
        models.CharField(max_length=60),
        verbose_name=_("each day mirrors"),
        default=list,
        blank=True,
    )
    seed = models.CharField(max_length=32, default=new_seed, editable=False)
    # At most so many reminders to who has not answered, each so long after the mail before it.
    reminders = models.PositiveSmallIntegerField(_("reminders"), default=0)
    reminder_after_days = models.PositiveSmallIntegerField(_("days before a reminder"), default=7)
    # A repeated campaign: the number of this run, and the run before it.
    round = models.PositiveSmallIntegerField(default=1, editable=False)
    previous = models.OneToOneField(
        "self", null=True, on_delete=models.SET_NULL, related_name="next", editable=False
    )
    repeat = models.CharField(_("repeat"), max_length=10, choices=Repeat.choices, blank=True)
    repeat_days_before = models.PositiveSmallIntegerField(
        _("days before its first day"), default=14
    )
    # Once only: a draft that somebody deleted does not come back.
    next_prepared_at = models.DateTimeField(null=True, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    launched_at = models.DateTimeField(null=True, editable=False)
    # How many people its plans named: its ledger must have as many rows. None: never counted.
    planned = models.PositiveIntegerField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[models.Manager[Campaign]] = CampaignQuerySet.as_manager()

    class Meta:
        ordering = ["-first_day", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(day_start__lt=models.F("day_end")),
                name="campaign_day_has_length",
            ),
            models.CheckConstraint(
                condition=models.Q(window_days__gte=1, window_days__lte=366),
                name="campaign_window_in_bounds",
            ),
            models.CheckConstraint(
                condition=models.Q(weekdays__len__gt=0), name="campaign_has_weekday"
            ),
            models.CheckConstraint(
                condition=models.Q(reminders__lte=MOST_REMINDERS)
                & models.Q(reminder_after_days__gte=1, reminder_after_days__lte=MOST_DAYS_BETWEEN),
                name="campaign_reminders_in_bounds",
            ),
            models.CheckConstraint(
                condition=models.Q(ramp_start=None, ramp_days=None)
                | models.Q(
                    ramp_start__gte=1, ramp_days__gte=2, daily_limit__gte=models.F("ramp_start")
                ),
                name="campaign_ramp_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("campaign", args=[self.pk])

    @property
    def weekday_names(self) -> list[str]:
        return [str(WEEKDAYS_ABBR[day]) for day in sorted(self.weekdays)]

    @property
    def may_change(self) -> bool:
        """Whether its form is open: all of a draft, the rest of the window once it was launched."""
        return self.state in {Campaign.State.DRAFT, *Campaign.UNDER_WAY}

    @property
    def is_under_way(self) -> bool:
        return self.state in Campaign.UNDER_WAY

    @property
    def last_day(self) -> dt.date:
        """The last day of the window, included."""
        return self.first_day + dt.timedelta(days=self.window_days - 1)

    @property
    def last_reminder_day(self) -> dt.date:
        """Who was asked on the last day of the window is reminded as well, after it."""
        return self.last_day + dt.timedelta(days=self.reminders * self.reminder_after_days)

    @property
    def next_round(self) -> Campaign | None:
        return Campaign.objects.filter(previous=self).first()


class CampaignEvent(models.Model):
    """One line of a campaign's history. What it says is never changed and never deleted."""

    class Kind(models.TextChoices):
        LAUNCHED = "launched", _("Launched")
        PAUSED = "paused", _("Paused")
        RESUMED = "resumed", _("Resumed")
        CHANGED = "changed", _("Changed")
        JOINED = "joined", _("People added")
        HELD = "held", _("Person held")
        LET_GO = "let_go", _("Person let go")
        CAUGHT_UP = "caught_up", _("Planned again after a standstill")
        BEHIND = "behind", _("Behind its plan")
        CANCELLED = "cancelled", _("Cancelled")
        FINISHED = "finished", _("Finished")

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    # None: the engine did it by itself, or the colleague's account is gone.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField()
    details: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return self.get_kind_display()
