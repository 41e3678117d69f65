"""The organisation's colour and logo, for the pages of customers: no cookie, kept by browsers.

Each address changes with what it shows, so that what it shows never changes.
"""

from __future__ import annotations

import re

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from npsapp.roles import public
from surveys.brand import find_brand
from surveys.models import Logo, get_organisation

DIGEST = re.compile(r"[0-9a-f]{16}")
FOR_EVER = "public, max-age=31536000, immutable"


@public
@require_safe
def brand_style(request: HttpRequest, colour: str) -> HttpResponse:
    organisation = get_organisation()
    brand = find_brand(organisation)
    if brand is None or organisation.accent != f"#{colour}":
        raise Http404
    response = render(request, "people/brand.css", {"brand": brand}, content_type="text/css")
    response.headers["Cache-Control"] = FOR_EVER
    return response


@public
@require_safe
def brand_logo(request: HttpRequest, digest: str) -> HttpResponse:
    if not DIGEST.fullmatch(digest):
        raise Http404
    logo = Logo.objects.filter(organisation__logo_digest=digest).first()
    if logo is None:
        raise Http404
    response = HttpResponse(bytes(logo.content), content_type=logo.content_type)
    response.headers["Cache-Control"] = FOR_EVER
    response.headers["Content-Disposition"] = "inline"
    return response
