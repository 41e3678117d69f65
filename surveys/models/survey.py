"""What is asked."""

from __future__ import annotations

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from surveys.wording import LANGUAGES


def dutch_and_english() -> list[str]:
    return list(LANGUAGES)


class SurveyQuerySet(models.QuerySet["Survey"]):
    def with_counts(self) -> Self:
        """Annotate `campaign_count` and `response_count`."""
        return self.annotate(
            campaign_count=models.Count("campaigns", distinct=True),
            response_count=models.Count(
                "responses", filter=~models.Q(responses__status="test"), distinct=True
            ),
        )


class Survey(models.Model):
    """One question to one kind of customer. What shapes a score locks with the first response."""

    class Touchpoint(models.TextChoices):
        RELATIONSHIP = "relationship", _("Relationship")
        PRE_DELIVERY = "pre_delivery", _("Before delivery")
        POST_DELIVERY = "post_delivery", _("After delivery")
        SERVICE = "service", _("After service contact")
        RETURN = "return", _("After a return")

    class Address(models.TextChoices):
        FORMAL = "formal", _("Formal (u)")
        INFORMAL = "informal", _("Informal (je)")

    class Rest(models.TextChoices):
        ORGANISATION = "organisation", _("Like every other survey")
        OWN = "own", _("Days of rest of its own")
        IGNORE = "ignore", _("Asks regardless of the rule")

    class Scale(models.IntegerChoices):
        FROM_ZERO = 0, _("0 to 10 (standard)")
        FROM_ONE = 1, _("1 to 10")

    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    company = models.CharField(
        _("company or product in the question"),
        max_length=120,
        help_text=_("How likely are you to recommend … to a friend or colleague?"),
    )
    touchpoint = models.CharField(
        _("touchpoint"), max_length=20, choices=Touchpoint.choices, default=Touchpoint.RELATIONSHIP
    )
    scale_min = models.PositiveSmallIntegerField(
        _("scale"), choices=Scale.choices, default=Scale.FROM_ZERO
    )
    address_form = models.CharField(
        _("form of address in Dutch"),
        max_length=10,
        choices=Address.choices,
        default=Address.FORMAL,
    )
    languages = ArrayField(
        models.CharField(max_length=5), verbose_name=_("languages"), default=dutch_and_english
    )
    change_window_hours = models.PositiveSmallIntegerField(
        _("hours in which an answer may be changed"), default=24
    )
    # What the delivery gap holds this survey against: what the same customers said before.
    pre_survey = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="post_surveys",
        verbose_name=_("survey before delivery"),
    )
    pair_days = models.PositiveSmallIntegerField(
        _("days between the two answers of a customer, at most"), default=120
    )
    # Its exception to the contact frequency rule; see surveys.resting.
    rest_rule = models.CharField(
        _("contact frequency rule"), max_length=15, choices=Rest.choices, default=Rest.ORGANISATION
    )
    rest_days = models.PositiveSmallIntegerField(_("days of rest"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager[Survey]] = SurveyQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scale_min__in=[0, 1]), name="survey_scale_known"
            ),
            models.CheckConstraint(
                condition=models.Q(languages__len__gt=0), name="survey_has_language"
            ),
            models.CheckConstraint(
                condition=~models.Q(rest_rule="own")
                | models.Q(rest_days__isnull=False, rest_days__gte=1),
                name="survey_own_rest_has_days",
            ),
            models.CheckConstraint(
                condition=models.Q(pre_survey=None) | ~models.Q(pre_survey=models.F("id")),
                name="survey_not_before_itself",
            ),
            models.CheckConstraint(
                condition=models.Q(pair_days__gte=1), name="survey_pairs_within_days"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("survey", args=[self.pk])

    def find_lock(self) -> str:
        """Return why the question can no longer change, in words; '' while it can."""
        if self._state.adding:
            return ""
        if self.responses.exists():
            return gettext(
                "There are answers to this question already. Another wording or scale would make "
                "their scores impossible to compare."
            )
        if self.campaigns.exclude(state__in=["draft", "cancelled"]).exists():
            return gettext(
                "A campaign asks this question right now. Everybody must be asked the same."
            )
        return ""

    @property
    def scores(self) -> range:
        return range(self.scale_min, 11)

    def language_for(self, preferred: str) -> str:
        """The language to ask somebody in: theirs when the survey has it, else its first."""
        return preferred if preferred in self.languages else self.languages[0]
