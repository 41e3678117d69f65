"""Whom we may ask."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Func, Value
from django.db.models.functions import Lower, NullIf
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from surveys.searching import words_of

# More dimensions than this nobody reads, and each one costs a row per day in every count.
MOST_SEGMENTS = 5


class Account(models.Model):
    """An organisation that contacts belong to."""

    name = models.CharField(_("name"), max_length=160, unique=True)
    # Who follows up what its contacts answer.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="accounts",
        verbose_name=_("owner"),
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PropertyQuerySet(models.QuerySet["Property"]):
    def segments(self) -> Self:
        """Those by which results are compared."""
        return self.filter(is_segment=True)


class Property(models.Model):
    """A field that contacts carry in `Contact.properties`."""

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        CHOICE = "choice", _("Choice")
        NUMBER = "number", _("Number")
        MONEY = "money", _("Money")
        DATE = "date", _("Date")

    key = models.SlugField(_("key"), max_length=60, unique=True)
    label = models.CharField(_("label"), max_length=120)
    kind = models.CharField(_("type"), max_length=10, choices=Kind.choices, default=Kind.TEXT)
    is_segment = models.BooleanField(_("use as segment"), default=False)
    # Of numbers and dates, low to high: [{"name": "Small", "below": "100"}, {"name": "Large"}].
    # The last band has no end. What a band means is looked up whenever a value is read.
    bands: models.JSONField[list[dict[str, str]]] = models.JSONField(default=list, blank=True)

    objects: ClassVar[models.Manager[Property]] = PropertyQuerySet.as_manager()

    class Meta:
        ordering = ["label"]
        verbose_name_plural = "properties"

    def __str__(self) -> str:
        return self.label


# As Dutch lists sort: “van der Proef” stands under the P.
_PARTICLES = r"^((van|von|de|den|der|het|'t|’t|te|ten|ter|la|le|du|op|in|aan)\s+)+"


class ContactQuerySet(models.QuerySet["Contact"]):
    def by_name(self) -> Self:
        """By last name, without capitals and particles; who has none comes last."""
        main = Func(Lower("last_name"), Value(_PARTICLES), Value(""), function="regexp_replace")
        return self.order_by(
            NullIf(main, Value("")).asc(nulls_last=True), Lower("first_name"), "pk"
        )

    def reachable(self) -> Self:
        """Those with an address to write to."""
        return self.exclude(email="")

    def matching(self, text: str) -> Self:
        """Those in whom every word of `text` occurs: name, address, external id or account."""
        matching = self
        for word in text.split():
            matching = matching.filter(
                models.Q(first_name__icontains=word)
                | models.Q(last_name__icontains=word)
                | models.Q(email__icontains=word)
                | models.Q(external_id__icontains=word)
                | models.Q(account__name__icontains=word)
            )
        return matching


class Contact(models.Model):
    """A person. `email` is stored normalised; `address_hash` follows it (surveys.addresses)."""

    email = models.EmailField(_("e-mail"), blank=True)
    address_hash = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    external_id = models.CharField(_("external id"), max_length=120, blank=True)
    first_name = models.CharField(_("first name"), max_length=80, blank=True)
    last_name = models.CharField(_("last name"), max_length=80, blank=True)
    language = models.CharField(_("language"), max_length=5, blank=True)
    # Empty: the organisation's.
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    account = models.ForeignKey(
        Account,
        verbose_name=_("account"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="contacts",
    )
    properties: models.JSONField[dict[str, Any]] = models.JSONField(default=dict, blank=True)
    # The import that brought this person; empty for those who were added by hand.
    import_batch = models.ForeignKey(
        "surveys.ImportBatch",
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="contacts",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[Contact]] = ContactQuerySet.as_manager()

    class Meta:
        ordering = ["last_name", "first_name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["email"], condition=~models.Q(email=""), name="contact_email_once"
            ),
            models.UniqueConstraint(
                fields=["external_id"],
                condition=~models.Q(external_id=""),
                name="contact_external_id_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(email="")
                | ~models.Q(external_id="")
                | ~models.Q(last_name="")
                | ~models.Q(first_name=""),
                name="contact_is_somebody",
            ),
        ]
        indexes = [
            GinIndex(words_of("first_name", "last_name", "email"), name="contact_words"),
        ]

    def __str__(self) -> str:
        return self.full_name or self.email or self.external_id

    def get_absolute_url(self) -> str:
        return reverse("contact", args=[self.pk])

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()
