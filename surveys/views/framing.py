"""Showing a mail inside a page: it is somebody's markup, with its styles inline."""

from __future__ import annotations

from django.http import HttpResponse

# No script, no form, no request to anywhere but here, an origin of its own. Its links open in a new
# window, which is not bound by any of this; components/mail_frame.html says the same to the frame.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


def show_mail(html: str) -> HttpResponse:
    """Return a mail for the frame of a page; two headers replace the house's own."""
    opened = html.replace("<head>", '<head><base target="_blank">', 1)
    response = HttpResponse(opened)
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response
