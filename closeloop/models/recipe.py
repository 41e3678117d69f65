"""What the team does about an answer of each category, in its own words."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from responses.models import Category


class Recipe(models.Model):
    """The steps of one category, a line each. Until the team wrote one, the usual steps stand."""

    category = models.CharField(max_length=10, choices=Category.choices, unique=True)
    steps = models.TextField(_("steps"), max_length=2000, blank=True)

    objects: ClassVar[models.Manager[Recipe]] = models.Manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return str(self.get_category_display())
