"""What a container, a proxy or a monitor asks: does the process live, and can it work?"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from npsapp.readiness import find_obstacle
from npsapp.roles import public

PLAIN = "text/plain; charset=utf-8"


@public
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process lives. Asks nobody else: a database that is away is no reason to restart it."""
    return HttpResponse("alive\n", content_type=PLAIN)


@public
@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Ready, or 503 with what is missing. Says nothing of addresses or versions to strangers."""
    if obstacle := find_obstacle():
        return HttpResponse(f"{obstacle.sentence}\n", status=503, content_type=PLAIN)
    return HttpResponse("ready\n", content_type=PLAIN)
