"""What a view receives: somebody who is logged in, a method, and the page to go back to."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from npsapp.models import User
from npsapp.roles import View


class StaffRequest(HttpRequest):
    """A request of somebody who is logged in; for annotations only."""

    user: User
    htmx: HtmxDetails
    organisation: Any  # surveys.models.Organisation, by npsapp.middleware.reader


def require_post_else(page: str, *names: str) -> Callable[[View], View]:
    """Let only POST in. A refused form is drawn at the address of such a view: reloading that leads
    back to `page`, with those of the view's own arguments that are named. What is linked there by a
    query alone leads to `page` with it."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method in {"GET", "HEAD"}:
                kept = {name: kwargs[name] for name in names}
                query = request.META["QUERY_STRING"]
                url = reverse(page, kwargs=kept)
                return HttpResponseRedirect(f"{url}?{query}" if query else url)
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            return view(request, *args, **kwargs)

        return cast(View, guarded)

    return decorate


def read_text(request: HttpRequest, name: str, *, longest: int) -> str:
    """Return a text of the address that no form reads, fit for a query.

    PostgreSQL refuses null characters in any text, also in one that is only compared.
    """
    return request.GET.get(name, "").replace("\0", "").strip()[:longest]


def read_next(request: HttpRequest, *, default: str) -> str:
    """Return the address in `next` when it is one of ours, else that of the page `default`."""
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours else reverse(default)
