"""What somebody answered."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from responses.automatic import Sign
from responses.exclusion import say_reason
from responses.models.tag import Tag
from responses.searching import among, comment_words, read_sought
from responses.selection import Selection
from surveys.filtering import narrow
from surveys.models import Contact, ImportBatch, Invitation, Survey


class Category(models.TextChoices):
    DETRACTOR = "detractor", _("Detractor")
    PASSIVE = "passive", _("Passive")
    PROMOTER = "promoter", _("Promoter")


SIGN_LABELS: dict[str, object] = {
    Sign.HIDDEN_FIELD: _("A field that people cannot see was filled in."),
    Sign.NOT_OUR_PAGE: _("It was not sent from our page."),
    Sign.TOO_FAST: _("It was sent faster than a person can click."),
    Sign.AT_DELIVERY: _("It was sent at the moment the mail was delivered."),
    Sign.CONTRADICTION: _("Different scores were sent within seconds."),
}


class ResponseQuerySet(models.QuerySet["Response"]):
    def counted(self) -> Self:
        """Those that make up the score."""
        return self.filter(status=Response.Status.COUNTED)

    def tests(self) -> Self:
        """Answers of colleagues to their own test mails; only `everything` has any."""
        return self.filter(status=Response.Status.TEST)

    def collected(self) -> Self:
        """Those that this product asked for itself; imported history gets no follow-up."""
        return self.exclude(channel=Response.Channel.IMPORT)

    def mentioning(self, text: str) -> Self:
        """Those whose comment holds the words, as `responses.searching` reads them.

        All of them for no words. Where no comment has such words, those that hold the text as it
        was typed, also inside of a word: Dutch writes many words as one.
        """
        if not text:
            return self
        sought = read_sought(text)
        inside = self.none() if sought.unwanted else self.filter(comment__icontains=text)
        if not sought.wanted:
            return inside
        words = type(self)(self.model).alias(_words=comment_words()).filter(_words=sought.query)
        found = self.filter(among(words))
        return found if found.exists() else inside

    def in_selection(self, selection: Selection) -> Self:
        """Those that a filter speaks of; see `responses.selection`."""
        chosen = self.filter(selection.moments("answered_at"))
        if selection.survey:
            chosen = chosen.filter(survey=selection.survey)
        if selection.touchpoint:
            chosen = chosen.filter(survey__touchpoint=selection.touchpoint)
        if selection.campaign:
            chosen = chosen.filter(invitation__campaign=selection.campaign)
        if selection.channel:
            chosen = chosen.filter(channel=selection.channel)
        chosen = narrow(chosen, selection.filters)
        if selection.category:
            chosen = chosen.filter(category=selection.category)
        if selection.score is not None:
            chosen = chosen.filter(score=selection.score)
        if selection.status:
            chosen = chosen.filter(status=selection.status)
        return chosen


_Manager = models.Manager.from_queryset(ResponseQuerySet)


class CustomersManager(_Manager["Response"]):
    """Without test answers: whatever counts, lists or exports cannot forget to leave them out."""

    def get_queryset(self) -> models.QuerySet[Response]:
        return super().get_queryset().exclude(status=Response.Status.TEST)


class Response(models.Model):
    """One answer to one ask. Only `responses.recording` and `responses.judging` write it."""

    class Channel(models.TextChoices):
        MAIL = "mail", _("E-mail")
        IMPORT = "import", _("Import")

    class Status(models.TextChoices):
        COUNTED = "counted", _("Counted")
        PROVISIONAL = "provisional", _("Probably automatic")
        EXCLUDED = "excluded", _("Excluded")
        # A colleague's answer to their own test mail. It has no invitation and no contact.
        TEST = "test", _("Test")

        @classmethod
        def of_customers(cls) -> list[Response.Status]:
            return [status for status in cls if status != cls.TEST]

    invitation = models.OneToOneField(
        Invitation, null=True, on_delete=models.PROTECT, related_name="response"
    )
    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="responses")
    contact = models.ForeignKey(
        Contact, null=True, on_delete=models.SET_NULL, related_name="responses"
    )
    # Copied from the survey, so that the row itself can guard its score.
    scale_min = models.PositiveSmallIntegerField()
    score = models.PositiveSmallIntegerField()
    category = models.GeneratedField(
        expression=Case(
            When(score__gte=9, then=Value(Category.PROMOTER.value)),
            When(score__gte=7, then=Value(Category.PASSIVE.value)),
            default=Value(Category.DETRACTOR.value),
        ),
        output_field=models.CharField(max_length=10, choices=Category.choices),
        db_persist=True,
    )
    comment = models.TextField(max_length=4000, blank=True)
    language = models.CharField(max_length=5, blank=True)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    occasion = models.CharField(max_length=120, blank=True)
    external_id = models.CharField(max_length=120, blank=True)
    properties: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.COUNTED)
    status_reason = models.CharField(max_length=200, blank=True)
    status_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    status_at = models.DateTimeField(null=True)
    # Empty: they did not say. True and false: they asked for contact, or for none.
    may_contact = models.BooleanField(null=True)
    answered_at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True)
    import_batch = models.ForeignKey(
        ImportBatch, null=True, on_delete=models.PROTECT, related_name="responses"
    )
    tags = models.ManyToManyField(Tag, blank=True, related_name="responses")
    # Who tried it out, of a test answer.
    tester = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )

    objects: ClassVar[CustomersManager] = CustomersManager()
    everything: ClassVar[models.Manager[Response]] = ResponseQuerySet.as_manager()

    class Meta:
        ordering = ["-answered_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(score__gte=F("scale_min"), score__lte=10),
                name="response_score_in_scale",
            ),
            models.CheckConstraint(condition=Q(scale_min__in=[0, 1]), name="response_scale_known"),
            models.CheckConstraint(
                condition=Q(invitation__isnull=False) | Q(channel="import") | Q(status="test"),
                name="response_asked_or_imported",
            ),
            models.CheckConstraint(
                condition=Q(
                    status="test",
                    tester__isnull=False,
                    invitation__isnull=True,
                    contact__isnull=True,
                )
                | (~Q(status="test") & Q(tester__isnull=True)),
                name="response_test_of_a_tester",
            ),
            models.UniqueConstraint(
                fields=["survey", "tester"],
                condition=Q(status="test"),
                name="response_test_once",
            ),
            models.UniqueConstraint(
                fields=["survey", "external_id"],
                condition=~Q(external_id=""),
                name="response_external_id_once",
            ),
        ]
        indexes = [
            models.Index(fields=["survey", "answered_at"], name="response_by_day"),
            models.Index(fields=["answered_at"], name="response_newest"),
            # Those that have a follow-up, among imported history.
            models.Index(
                fields=["survey", "answered_at"],
                include=["id"],
                name="response_collected",
                condition=~Q(channel="import"),
            ),
            # What is kept out of the count: few, and told beside every score.
            models.Index(
                fields=["survey", "status", "answered_at"],
                # Whose invitation it answers, for the response rate.
                include=["invitation"],
                name="response_left_out",
                condition=Q(status__in=["provisional", "excluded"]),
            ),
            GinIndex(comment_words(), name="response_comment_words"),
        ]

    def __str__(self) -> str:
        return f"{self.score} · {self.get_category_display()}"

    def get_absolute_url(self) -> str:
        return reverse("response", args=[self.pk])

    def get_category_display(self) -> str:
        """The category in the reader's language; Django adds this to no generated field."""
        return str(Category(self.category).label)

    @property
    def changeable_until(self) -> dt.datetime:
        return self.answered_at + dt.timedelta(hours=self.survey.change_window_hours)

    @property
    def last_written_at(self) -> dt.datetime:
        return self.changed_at or self.answered_at

    def is_changeable(self, now: dt.datetime) -> bool:
        """Whether the person may (still) write this answer.

        What looks automatic never closes: a mail scanner must not lock the person out.
        """
        return self.status == self.Status.PROVISIONAL or now < self.changeable_until

    @property
    def status_text(self) -> str:
        """Why the status is what it is: our words for an automatic sign, else a manager's own."""
        return str(SIGN_LABELS.get(self.status_reason) or say_reason(self.status_reason))


class ResponseVersion(models.Model):
    """An answer that was replaced, or one that looked automatic and was not taken over."""

    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="versions")
    score = models.PositiveSmallIntegerField()
    comment = models.TextField(blank=True)
    answered_at = models.DateTimeField()
    replaced_at = models.DateTimeField()
    # A sign of responses.automatic when this never was the answer.
    automatic_reason = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ["replaced_at", "pk"]

    def __str__(self) -> str:
        return f"{self.score}"

    @property
    def automatic_text(self) -> str:
        return str(SIGN_LABELS.get(self.automatic_reason, self.automatic_reason))
