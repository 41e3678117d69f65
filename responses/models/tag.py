"""The team's own words on answers."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class Tag(models.Model):
    """A word that groups answers across scores and root causes; of follow-ups it is the same."""

    label = models.CharField(_("tag"), max_length=40)

    class Meta:
        ordering = ["label"]
        constraints = [models.UniqueConstraint(Lower("label"), name="response_tag_once")]

    def __str__(self) -> str:
        return self.label
