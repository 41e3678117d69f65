"""What people keep of the queue: filters under a name, and what they did to many rows at once."""

from __future__ import annotations

from typing import Any, ClassVar, Self
from urllib.parse import urlencode

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from npsapp.models import User


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(Q(user=user) | Q(is_shared=True))


class SavedView(models.Model):
    """A filter of the queue under a name, of one person or for the whole team."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views"
    )
    name = models.CharField(_("name"), max_length=40)
    is_shared = models.BooleanField(_("for the whole team"), default=False)
    # Names and values of the address. Not as one text: a person who is searched for by name must
    # be found here when they are erased.
    pairs: models.JSONField[list[list[str]]] = models.JSONField(default=list)

    objects: ClassVar[models.Manager[SavedView]] = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint("user", Lower("name"), name="saved_view_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse('follow_ups')}?{self.query}"

    @property
    def query(self) -> str:
        return urlencode([(name, value) for name, value in self.pairs])


class BulkAct(models.Model):
    """What one person did to many follow-ups at once, kept for a day to be taken back."""

    class Kind(models.TextChoices):
        ASSIGN = "assign"
        TAG = "tag"
        SNOOZE = "snooze"
        CLOSE = "close"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField()
    # Of each one: its key, the version that the act made, and what taking it back needs to know.
    done: models.JSONField[list[dict[str, Any]]] = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"
