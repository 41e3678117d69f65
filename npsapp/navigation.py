"""What stands around every staff page: the rail, the banners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from closeloop.reports.queue import count_mine
from npsapp.first_steps import find_first_steps
from npsapp.models import User
from npsapp.outbox import leaves_for_real
from npsapp.roles import Role
from npsapp.way_back import find_way_back
from surveys.models import Organisation, get_organisation
from surveys.sending.alarms import list_banners
from surveys.sending.watch import count_unknown, senders_to_mention, silent_parts

# Mails in doubt stop nothing and may stay so for long: told where one looks how mailing goes.
PAGES_ABOUT_MAIL = {"dashboard", "campaigns", "campaign"}


@dataclass(frozen=True)
class Place:
    """An entry of the rail. `icon` names a symbol in components/icon.html."""

    title: str
    url: str
    icon: str
    is_current: bool
    count: int = 0


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the rail and the organisation, computed only when a template asks."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {}
    return {
        "places": SimpleLazyObject(lambda: list_places(request)),
        "way_back": find_way_back(request),
        "organisation": SimpleLazyObject(lambda: _organisation_of(request)),
        "silent_parts": SimpleLazyObject(lambda: silent_parts(timezone.now())),
        **(managers_banners(request) if request.user.may(Role.MANAGER) else {}),
    }


def _organisation_of(request: HttpRequest) -> Organisation:
    """What the middleware has read already."""
    return getattr(request, "organisation", None) or get_organisation()


def managers_banners(request: HttpRequest) -> dict[str, Any]:
    """What only those who can do something about it are told."""
    user, page, now = cast(User, request.user), request.resolver_match, timezone.now()
    senders = SimpleLazyObject(lambda: senders_to_mention(now))
    banners = {
        "held_senders": SimpleLazyObject(
            lambda: [each for each in senders if each.held_until and each.held_until > now]
        ),
        "warned_senders": SimpleLazyObject(lambda: [each for each in senders if each.warning]),
        "alarms": SimpleLazyObject(lambda: list_banners(Role(user.role))),
        "first_steps": SimpleLazyObject(
            lambda: find_first_steps(Role(user.role), _organisation_of(request))
        ),
        "mail_stays": not leaves_for_real(),
    }
    if page and page.url_name in PAGES_ABOUT_MAIL:
        banners["unknown_count"] = SimpleLazyObject(count_unknown)
    return banners


def list_places(request: HttpRequest, *, mine: int | None = None) -> list[Place]:
    """The places this person may open, in the order of the day.

    Who has counted what waits on the person's desk passes it on as `mine`.
    """
    entries = [
        (Role.VIEWER, _("Dashboard"), "dashboard", "chart"),
        (Role.AGENT, _("Follow-ups"), "follow_ups", "inbox"),
        (Role.VIEWER, _("Responses"), "responses", "speech"),
        (Role.AGENT, _("Contacts"), "contacts", "people"),
        (Role.VIEWER, _("Improvements"), "improvements", "wrench"),
        (Role.MANAGER, _("Campaigns"), "campaigns", "paper-plane"),
        (Role.MANAGER, _("Surveys"), "surveys", "question"),
        (Role.MANAGER, _("Team"), "team", "team"),
        (Role.MANAGER, _("Outbox"), "outbox", "envelope"),
        (Role.ADMIN, _("Settings"), "settings", "settings"),
    ]
    user = cast(User, request.user)
    role = Role(user.role)
    places = []
    for needed, title, name, icon in entries:
        if role.covers(needed):
            url = reverse(name)
            is_current = request.path == url if url == "/" else request.path.startswith(url)
            count = 0
            if name == "follow_ups":
                count = count_mine(user, now=timezone.now()) if mine is None else mine
            places.append(Place(title, url, icon, is_current, count))
    return places
