"""Middleware of our own: HEAD, two response headers, the reader's language and clock, 405."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation

from surveys.models import get_organisation

GetResponse = Callable[[HttpRequest], HttpResponse]

FEATURES_OFF = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "autoplay",
        "camera",
        "display-capture",
        "encrypted-media",
        "fullscreen",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "picture-in-picture",
        "publickey-credentials-get",
        "screen-wake-lock",
        "usb",
        "xr-spatial-tracking",
    )
)


def bodyless_head(get_response: GetResponse) -> GetResponse:
    """Answer HEAD without a body: mail scanners send many, and gunicorn logs each one that has it.

    Outermost, so that Content-Length still says what a GET would bring.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.method == "HEAD" and not response.streaming:
            response.content = b""
        return response

    return middleware


def permissions_policy(get_response: GetResponse) -> GetResponse:
    """Switch every browser feature off and keep other sites from embedding our resources."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", FEATURES_OFF)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response

    return middleware


def reader(get_response: GetResponse) -> GetResponse:
    """Show staff their own language and the organisation's clock, and keep their pages uncached."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return get_response(request)
        translation.activate(request.user.language)
        request.LANGUAGE_CODE = translation.get_language() or "en"
        # Views that need it take it from here: nearly every page does.
        request.organisation = get_organisation()  # type: ignore[attr-defined]
        with timezone.override(request.organisation.zone):  # type: ignore[attr-defined]
            response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def explained_refusal(get_response: GetResponse) -> GetResponse:
    """Tell staff who open the address of a button what it is, instead of an empty page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_looking = request.method == "GET" and request.user.is_authenticated
        if response.status_code != 405 or not is_looking:
            return response
        page = render(request, "405.html", status=405)
        page.headers["Allow"] = response.headers["Allow"]
        return page

    return middleware
