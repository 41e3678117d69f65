"""Who may open what: four roles in one ladder, and the two decorators every view carries one of."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class Role(models.TextChoices):
    """Each role may do all that the ones above it in this list may."""

    VIEWER = "viewer", _("Viewer")
    AGENT = "agent", _("Agent")
    MANAGER = "manager", _("Manager")
    ADMIN = "admin", _("Admin")

    @property
    def rank(self) -> int:
        return list(Role).index(self)

    def covers(self, needed: Role) -> bool:
        return self.rank >= needed.rank


def requires(role: Role) -> Callable[[View], View]:
    """Let logged-in people of at least `role` in; everybody else gets 403.

    The view keeps the role as `required_role`, which the test of every route reads.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not (request.user.is_authenticated and Role(request.user.role).covers(role)):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.required_role = role  # type: ignore[attr-defined]
        return cast(View, guarded)

    return decorate


def public(view: View) -> View:
    """Open a view to everybody. tests/npsapp/test_routes.py holds the short list of these."""
    return login_not_required(view)
