"""The door that mail services bring customers' mail to."""

from __future__ import annotations

import logging

from anymail.exceptions import AnymailConfigurationError, AnymailImproperlyInstalled
from anymail.utils import get_request_basic_auth
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.urls import Resolver404, resolve
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from npsapp.roles import public

logger = logging.getLogger(__name__)
# With everything that is attached, as the service writes it (base64 makes a third more of it).
MOST_BYTES = 10 * 1024 * 1024


@public
@csrf_exempt
@require_http_methods(["HEAD", "POST"])
def inbound_mail(request: HttpRequest, provider: str) -> HttpResponse:
    """django-anymail checks the signature, reads the mail and passes it on.

    There only for the services that bring mail, and only while there is a secret: without one
    anybody could put words into a customer's mouth. Who does not know it is refused before
    anything is read.
    """
    if provider not in settings.INBOUND_SERVICES or not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        raise Http404
    try:
        view = resolve(f"/{provider}/inbound/", "anymail.urls").func
    except Resolver404:  # a service whose mail comes through another door
        raise Http404 from None
    if request.method == "POST":
        if not _knows_secret(request):
            return HttpResponse(status=403)
        if not _read_whole(request):
            logger.warning("%s brought a mail that is larger than %s bytes", provider, MOST_BYTES)
            return HttpResponse(status=413)
    try:
        response: HttpResponse = view(request)
    except (AnymailConfigurationError, AnymailImproperlyInstalled) as error:
        logger.error("Mail from %s cannot be taken: %s", provider, error)
        return HttpResponse(status=503)
    except (AttributeError, KeyError, TypeError, ValueError, LookupError):
        logger.warning("%s brought something that is no mail", provider, exc_info=True)
        return HttpResponseBadRequest()
    return response


def _knows_secret(request: HttpRequest) -> bool:
    given = get_request_basic_auth(request) or ""
    secrets = settings.ANYMAIL["WEBHOOK_SECRET"]
    known = [secrets] if isinstance(secrets, str) else secrets
    return any(constant_time_compare(given, each) for each in known)


def _read_whole(request: HttpRequest) -> bool:
    """Read the body up to a limit of our own: Django's is made for forms that people fill in."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        return False
    body = request.read(MOST_BYTES + 1)
    # What Django itself keeps of a body that it has read.
    request._body = body
    return len(body) <= MOST_BYTES
