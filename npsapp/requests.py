"""What a view receives: somebody who is logged in, and the page to go back to."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from npsapp.models import User


class StaffRequest(HttpRequest):
    """A request of somebody who is logged in; for annotations only."""

    user: User
    htmx: HtmxDetails


def read_next(request: HttpRequest, *, default: str) -> str:
    """Return the address in `next` when it is one of ours, else that of the page `default`."""
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours else reverse(default)
