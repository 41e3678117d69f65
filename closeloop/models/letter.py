"""What we write to customers: texts to start from, mails that go out by themselves, and rounds."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from closeloop.models.followup import FollowUp
from responses.models import Category
from surveys.models import Survey


class Language(models.TextChoices):
    """Those that a customer can be written to in (surveys.wording.LANGUAGES)."""

    DUTCH = "nl", _("Dutch")
    ENGLISH = "en", _("English")


class ReplyTemplateQuerySet(models.QuerySet["ReplyTemplate"]):
    def suiting(self, *, category: str, language: str, address_form: str) -> Self:
        """Those that can be sent to somebody of a category in their language and form of address.

        The ones made for the category, and for the form of address, come first.
        """
        return self.filter(
            category__in=["", category], language=language, address_form__in=["", address_form]
        ).order_by("-category", "-address_form", "name", "pk")


class ReplyTemplate(models.Model):
    """A text to begin a reply with, in the words of the team."""

    category = models.CharField(
        _("category"), max_length=10, choices=[("", _("Every category")), *Category.choices],
        blank=True,
    )  # fmt: skip
    language = models.CharField(_("language"), max_length=5, choices=Language.choices)
    # Only Dutch knows two; empty: fits both.
    address_form = models.CharField(
        _("form of address in Dutch"),
        max_length=10,
        choices=[("", _("Fits both")), *Survey.Address.choices],
        blank=True,
    )
    name = models.CharField(_("name"), max_length=80)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    body = models.TextField(_("text"), max_length=8000)

    objects: ClassVar[models.Manager[ReplyTemplate]] = ReplyTemplateQuerySet.as_manager()

    class Meta:
        ordering = ["category", "language", "address_form", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["category", "language", "address_form", "name"], name="reply_template_name"
            ),
            models.CheckConstraint(
                condition=Q(address_form="") | Q(language="nl"), name="reply_template_address_form"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("reply_template", args=[self.pk])

    @property
    def opening(self) -> str:
        """How it begins, after the greeting."""
        return " ".join(self.body.removeprefix("{{greeting}}").split())

    @property
    def audience(self) -> str:
        """In which language, and in which form of address, it speaks."""
        language = str(self.get_language_display())
        return f"{language} · {self.get_address_form_display()}" if self.address_form else language


class AutomaticReply(models.Model):
    """Whether, and after how long, a category gets a mail by itself. No row: it gets none."""

    category = models.CharField(max_length=10, choices=Category.choices, unique=True)
    is_on = models.BooleanField(_("send automatic replies"), default=False)
    # Answers from before are left alone: turning it on must not write to everybody at once.
    on_since = models.DateTimeField(null=True)
    hours = models.PositiveSmallIntegerField(_("hours after the answer"), default=24)
    # One for each language and form of address; who speaks another gets no mail.
    templates = models.ManyToManyField(ReplyTemplate, related_name="automatic")
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    def __str__(self) -> str:
        return str(self.get_category_display())


class WritingRound(models.Model):
    """Many people to write to, one after the other, by one of us."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="writing_rounds"
    )
    category = models.CharField(max_length=10, choices=Category.choices)
    templates = models.ManyToManyField(ReplyTemplate, related_name="+")
    started_at = models.DateTimeField()

    class Meta:
        ordering = ["-started_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_category_display()} · {self.started_at:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("writing_round", args=[self.pk])


class RoundItemQuerySet(models.QuerySet["RoundItem"]):
    def waiting(self) -> Self:
        """Those that still want a mail, and from the one whose round it is: not who heard from a
        colleague meanwhile, or belongs to one now."""
        return self.filter(
            ~Q(follow_up__state=FollowUp.State.CLOSED),
            Q(follow_up__owner__isnull=True) | Q(follow_up__owner=F("round__user")),
            state=RoundItem.State.WAITING,
            follow_up__awaiting_contact=True,
        )


class RoundItem(models.Model):
    """One person of a round."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        CLOSED = "closed", _("Sent and closed")
        SKIPPED = "skipped", _("Skipped")

    round = models.ForeignKey(WritingRound, on_delete=models.CASCADE, related_name="items")
    follow_up = models.ForeignKey(FollowUp, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)

    objects: ClassVar[models.Manager[RoundItem]] = RoundItemQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["round", "follow_up"], name="round_item_once"),
        ]

    def __str__(self) -> str:
        return f"{self.position}"
