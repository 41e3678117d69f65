"""What stands before every page for customers: size, origin, bad links, and how many of each.

A link that works is never counted by where it is opened: all customers of one company may answer
from one address. What is limited is how often one link sends a form, and how many links that do
not work one address opens.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from npsapp.throttle import Quota, find_address, spend, spend_a_look
from surveys.links import BadLink
from surveys.models import Invitation
from surveys.respondent import LONGEST_COMMENT, Visit, show_page
from surveys.wording import LANGUAGES, fill, get_wording

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
LARGEST_BODY = 64 * 1024
UNKNOWN_LINKS = Quota("unknown-link", 30, dt.timedelta(minutes=1))
# An answer and a remark are two: room to change one's mind nine times in an hour.
FORMS = Quota("form", 20, dt.timedelta(hours=1))


def respondent_page(view: View[P]) -> View[P]:
    """Wrap a page for customers: neither stored nor found, and one page for every bad link."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        try:
            if not length.isdecimal() or int(length) > LARGEST_BODY:
                response: HttpResponseBase = show_dead_end(request, "too_large", status=413)
            else:
                response = view(request, *args, **kwargs)
        except BadLink:
            response = show_unknown(request)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return guarded


def refuse_other_sites(view: View[P]) -> View[P]:
    """Refuse a form that another site made the browser send.

    These pages read no cookie, so there is no CSRF token to compare: the link itself is what
    proves the right to answer. Browsers too old to say where a form comes from are let in.
    """

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        origin = request.headers.get("Sec-Fetch-Site", "none")
        if request.method == "POST" and origin not in ("same-origin", "none"):
            return show_dead_end(request, "refused", status=403)
        return view(request, *args, **kwargs)

    return guarded


def refuse_flood(visit: Visit, invitation: Invitation, *, now: dt.datetime) -> HttpResponse | None:
    """Count a form that a link sends; beyond the limit return the page that asks to wait."""
    wait = spend(FORMS, str(invitation.pk), now=now)
    if wait is None:
        return None
    moment = f"{(now + wait).astimezone(visit.organisation.zone):%H:%M}"
    body = visit.say(visit.words.paused_body, moment=moment)
    response = show_page(visit, "respondent/paused.html", status=429, body=body)
    return _ask_to_wait(response, wait)


def show_unknown(request: HttpRequest) -> HttpResponse:
    """A link that is not ours, counted in memory: no GET writes."""
    wait = spend_a_look(UNKNOWN_LINKS, find_address(request), now=timezone.now())
    if wait is None:
        return show_dead_end(request, "unknown", status=404)
    return _ask_to_wait(show_dead_end(request, "too_many", status=429), wait)


def _ask_to_wait(response: HttpResponse, wait: dt.timedelta) -> HttpResponse:
    response.headers["Retry-After"] = str(math.ceil(wait.total_seconds()))
    return response


def show_dead_end(request: HttpRequest, kind: str, *, status: int) -> HttpResponse:
    """A page that knows no survey and hence no language: it speaks all of them."""
    texts = [
        {
            "language": words.language,
            "title": getattr(words, f"{kind}_title"),
            "body": fill(getattr(words, f"{kind}_body"), limit=LONGEST_COMMENT),
        }
        for words in (get_wording(code, "formal") for code in LANGUAGES)
    ]
    return render(request, "respondent/dead_end.html", {"texts": texts}, status=status)
