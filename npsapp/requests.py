"""What a view behind the login receives."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from npsapp.models import User


class StaffRequest(HttpRequest):
    """A request of somebody who is logged in; for annotations only."""

    user: User
    htmx: HtmxDetails
