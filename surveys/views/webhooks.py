"""The door that mail services knock on to tell what became of a mail."""

from __future__ import annotations

import logging

from anymail.exceptions import AnymailConfigurationError, AnymailImproperlyInstalled
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from npsapp.roles import public

logger = logging.getLogger(__name__)


@public
@csrf_exempt
@require_http_methods(["HEAD", "POST"])
def provider_events(request: HttpRequest, provider: str) -> HttpResponse:
    """django-anymail checks secret and signature, reads the events and passes them on one by one.

    There only for the services that mail leaves by, and only while there is a secret: without one
    anybody could have every customer suppressed. A service may ask by HEAD whether we are there.
    """
    if provider not in settings.MAIL_SERVICES or not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        raise Http404
    try:
        view = resolve(f"/{provider}/tracking/", "anymail.urls").func
    except Resolver404:  # a service that tells nothing
        raise Http404 from None
    try:
        response: HttpResponse = view(request)
    except (AnymailConfigurationError, AnymailImproperlyInstalled) as error:
        logger.error("Events of %s cannot be taken: %s", provider, error)
        return HttpResponse(status=503)
    except (AttributeError, KeyError, TypeError, ValueError):
        logger.warning("%s told something that is no event", provider, exc_info=True)
        return HttpResponseBadRequest()
    return response
