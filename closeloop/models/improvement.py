"""The outer loop: what the company changes because of what customers said."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from closeloop.models.followup import FollowUp
from npsapp.models import User
from responses.models import Category
from surveys.models import Survey


class ImprovementQuerySet(models.QuerySet["Improvement"]):
    def under_way(self) -> Self:
        return self.filter(state__in=Improvement.UNDER_WAY)

    def ended(self) -> Self:
        return self.exclude(state__in=Improvement.UNDER_WAY)

    def owned_by(self, user: User) -> Self:
        return self.filter(owner=user)

    def due(self, today: dt.date) -> Self:
        """Those under way whose day has come."""
        return self.under_way().filter(due_on__lte=today)


class Improvement(models.Model):
    """Something to change, whose it is, and in whose score it should show."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        DOING = "doing", _("Being done")
        DONE = "done", _("Done")
        DROPPED = "dropped", _("Dropped")

    UNDER_WAY: ClassVar[tuple[str, ...]] = (State.OPEN, State.DOING)

    title = models.CharField(_("what changes"), max_length=160)
    description = models.TextField(
        _("why, and how"),
        max_length=4000,
        blank=True,
        help_text=_("Everybody who logs in reads this: leave out who the customers are."),
    )
    news = models.TextField(
        _("what customers are told"),
        max_length=2000,
        blank=True,
        help_text=_(
            "In words for customers, once it is done. It stands in the draft of each mail to those "
            "who asked for it."
        ),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="improvements",
    )
    due_on = models.DateField(_("due on"), null=True, blank=True)
    # Whose score it should move: those who answered a survey, or the part of them that shares a
    # value of a property; `category` is the group whose share should change.
    survey = models.ForeignKey(
        Survey,
        verbose_name=_("survey"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="improvements",
    )
    segment_key = models.CharField(max_length=60, blank=True)
    segment_value = models.CharField(max_length=200, blank=True)
    category = models.CharField(_("category"), max_length=10, choices=Category.choices, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    done_on = models.DateField(null=True, editable=False)
    follow_ups = models.ManyToManyField(
        FollowUp, through="ImprovementVoice", related_name="improvements"
    )
    created_at = models.DateTimeField()
    # Of the form that wrote it down: sent twice, it makes one.
    once = models.UUIDField(null=True, unique=True, editable=False)
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar[models.Manager[Improvement]] = ImprovementQuerySet.as_manager()

    class Meta:
        ordering = [models.F("due_on").asc(nulls_last=True), "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="done", done_on__isnull=False)
                | (~models.Q(state="done") & models.Q(done_on__isnull=True)),
                name="improvement_done_on_a_day",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("improvement", args=[self.pk])

    @property
    def is_under_way(self) -> bool:
        return self.state in self.UNDER_WAY

    @property
    def segment(self) -> str:
        """As a form offers it."""
        return f"{self.segment_key}={self.segment_value}" if self.segment_key else ""

    def is_overdue(self, today: dt.date) -> bool:
        return self.is_under_way and self.due_on is not None and self.due_on < today


class ImprovementVoice(models.Model):
    """A customer who asked for it, by the follow-up of what they said."""

    improvement = models.ForeignKey(Improvement, on_delete=models.CASCADE, related_name="voices")
    follow_up = models.ForeignKey(FollowUp, on_delete=models.CASCADE, related_name="voices")
    added_at = models.DateTimeField()
    # When they were told what came of it, and by whom.
    told_at = models.DateTimeField(null=True)
    told_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["added_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["improvement", "follow_up"], name="improvement_voice_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.improvement_id} ← {self.follow_up_id}"


class ImprovementEvent(models.Model):
    """One line of an improvement's history. It is never changed and never deleted."""

    class Kind(models.TextChoices):
        CREATED = "created", _("Written down")
        CHANGED = "changed", _("Changed")
        MOVED = "moved", _("State changed")
        NOTE = "note", _("Note")
        ADDED = "added", _("Customer added")
        REMOVED = "removed", _("Customer taken off")
        TOLD = "told", _("Customer told")
        NOT_TOLD = "not_told", _("Customer not told after all")

    improvement = models.ForeignKey(Improvement, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField()
    text = models.TextField(blank=True)
    details: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return self.get_kind_display()
