"""What others published, to look at beside one's own score."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

FIRST_YEAR, LAST_YEAR = 2003, 2100  # the score was first published in December 2003


class Benchmark(models.Model):
    """A published score with who measured it, and when. Nothing is ever tested against one."""

    name = models.CharField(_("who"), max_length=120)
    sector = models.CharField(_("sector"), max_length=80, blank=True)
    country = models.CharField(_("country"), max_length=80, blank=True)
    year = models.PositiveSmallIntegerField(
        _("year"), validators=[MinValueValidator(FIRST_YEAR), MaxValueValidator(LAST_YEAR)]
    )
    figure = models.DecimalField(
        _("NPS"),
        max_digits=4,
        decimal_places=1,
        validators=[MinValueValidator(-100), MaxValueValidator(100)],
    )
    source = models.CharField(_("source"), max_length=300)
    link = models.URLField(_("link to the source"), max_length=500, blank=True)
    method = models.TextField(_("how it was measured"), max_length=1000, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "-year", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(figure__gte=-100, figure__lte=100), name="benchmark_is_a_score"
            ),
            models.CheckConstraint(condition=~Q(source=""), name="benchmark_has_source"),
            models.UniqueConstraint(
                fields=["name", "sector", "country", "year"], name="benchmark_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.year}"

    def get_absolute_url(self) -> str:
        return reverse("benchmark", args=[self.pk])

    @property
    def context(self) -> str:
        """Sector and country, as far as they are known."""
        return ", ".join(filter(None, [self.sector, self.country]))
