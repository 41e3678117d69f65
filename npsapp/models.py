"""The people who log in."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from npsapp.roles import Role


class UserManager(BaseUserManager["User"]):
    def create_user(
        self,
        email: str,
        password: str | None = None,
        *,
        name: str = "",
        role: str = Role.VIEWER,
        language: str = "en",
    ) -> User:
        """Create a user; without a password nobody can log in as them."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=email.strip().lower(), name=name, role=role, language=language)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def who_may(self, role: Role) -> models.QuerySet[User]:
        """Those who can log in and whose role covers `role`."""
        covering = [each for each in Role if each.covers(role)]
        return self.filter(is_active=True, role__in=covering)

    def admins(self) -> models.QuerySet[User]:
        """Those admins who can log in: who was invited and has no password yet is none."""
        unusable = models.Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
        return self.filter(~unusable, is_active=True, role=Role.ADMIN)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=(username or "").strip())


class User(AbstractBaseUser):
    """A member of staff, known by e-mail address."""

    class Language(models.TextChoices):
        ENGLISH = "en", "English"
        DUTCH = "nl", "Nederlands"

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.VIEWER)
    language = models.CharField(
        _("language"), max_length=5, choices=Language.choices, default=Language.ENGLISH
    )
    is_active = models.BooleanField(_("active"), default=True)
    # Single keys can be in the way of who dictates or has tremors: each person may do without.
    shortcuts = models.BooleanField(_("keyboard shortcuts"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="user_role_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def may(self, role: Role) -> bool:
        """Whether this person's role covers `role`."""
        return self.is_active and Role(self.role).covers(role)

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email


class Attempts(models.Model):
    """How often a door was knocked at lately, per account and per address of the network.

    The key is a hash: neither the one nor the other can be read from it.
    """

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_index=True)
    closed_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.key
