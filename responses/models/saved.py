"""A page with its filter under a name: what people keep, share with others and have mailed."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any, ClassVar, Self
from urllib.parse import urlencode

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from npsapp.models import User
from surveys.models import Survey


def make_key() -> str:
    return secrets.token_urlsafe(18)


class NamedFilter(models.Model):
    """A filter under a name. What an address would hold is kept in its parts, not as one text: a
    person who is searched for by name must be found here when they are erased."""

    name = models.CharField(_("name"), max_length=40)
    pairs: models.JSONField[list[list[str]]] = models.JSONField(default=list)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def query(self) -> str:
        return urlencode([(name, value) for name, value in self.pairs])


class SavedFilterQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User) -> Self:
        return self.filter(Q(user=user) | Q(is_shared=True))


class SavedFilter(NamedFilter):
    """One person's own, or for the whole team. Each page that saves has a table of its own, and in
    it `user`, whose it is."""

    user_id: int
    is_shared = models.BooleanField(_("for the whole team"), default=False)

    class Meta:
        abstract = True


class SavedDashboard(SavedFilter):
    """A reading of the dashboard. A preset is kept as such: its days move along."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_dashboards"
    )

    objects: ClassVar[models.Manager[SavedDashboard]] = SavedFilterQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint("user", Lower("name"), name="saved_dashboard_once"),
        ]

    def get_absolute_url(self) -> str:
        return f"{reverse('dashboard')}?{self.query}"


class SharedDashboard(NamedFilter):
    """A reading of the dashboard for whoever has its link, until a day.

    The link is signed (responses.sharing): who reads this table cannot make it.
    """

    name = models.CharField(_("name"), max_length=80)
    key = models.CharField(max_length=32, unique=True, default=make_key, editable=False)
    with_comments = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=models.F("created_at")),
                name="shared_dashboard_has_days",
            ),
        ]

    @property
    def last_day(self) -> dt.datetime:
        """A moment of the last day on which the link works: it ends with the day."""
        return self.expires_at - dt.timedelta(minutes=1)


class DashboardDigest(models.Model):
    """Figures that are mailed every week or month: of a survey, or of a saved dashboard."""

    class Rhythm(models.TextChoices):
        WEEKLY = "weekly", _("Every week, on Monday")
        MONTHLY = "monthly", _("Every month, on the 1st")

    rhythm = models.CharField(max_length=10, choices=Rhythm.choices)
    # Kept from being deleted while it is mailed: nobody would be told that it stopped.
    dashboard = models.ForeignKey(
        SavedDashboard, null=True, on_delete=models.PROTECT, related_name="digests"
    )
    survey = models.ForeignKey(
        Survey, null=True, on_delete=models.CASCADE, related_name="dashboard_digests"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(dashboard__isnull=True, survey__isnull=False)
                | Q(dashboard__isnull=False, survey__isnull=True),
                name="dashboard_digest_of_one_thing",
            ),
            models.UniqueConstraint(
                fields=["rhythm", "dashboard", "survey"],
                nulls_distinct=False,
                name="dashboard_digest_once",
            ),
        ]

    def __str__(self) -> str:
        return str(self.dashboard or self.survey)


class StoppedDigest(models.Model):
    """That somebody stopped a digest they do not get at the moment: who is chosen again, or the
    digest begun again, still finds it stopped."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    rhythm = models.CharField(max_length=10, choices=DashboardDigest.Rhythm.choices)
    dashboard = models.ForeignKey(
        SavedDashboard, null=True, on_delete=models.CASCADE, related_name="+"
    )
    survey = models.ForeignKey(Survey, null=True, on_delete=models.CASCADE, related_name="+")
    stopped_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "rhythm", "dashboard", "survey"],
                nulls_distinct=False,
                name="stopped_digest_once",
            ),
        ]

    def __str__(self) -> str:
        return str(self.dashboard or self.survey)


class DigestRecipient(models.Model):
    """Somebody with a login who gets it; who stopped it stays in the list, and gets nothing."""

    digest = models.ForeignKey(DashboardDigest, on_delete=models.CASCADE, related_name="recipients")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="dashboard_digests"
    )
    added_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    # The first day of the last period that was told.
    told = models.DateField(null=True)

    class Meta:
        ordering = ["user__name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["digest", "user"], name="digest_recipient_once"),
        ]

    def __str__(self) -> str:
        return str(self.user)
