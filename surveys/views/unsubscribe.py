"""Leaving the surveys: a page that asks once, and the one click of RFC 8058."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from npsapp.roles import public
from surveys import links
from surveys.respondent import Visit, find_invitation, show_page
from surveys.suppressing import stop_asking
from surveys.views.guarding import respondent_page


@public
@csrf_exempt
@respondent_page
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST does it: from our page, or `List-Unsubscribe=One-Click` from a mail client.

    The answer to a POST is the page itself, as RFC 8058 forbids a redirect; and a mail client may
    send it from anywhere, so where it comes from is not asked, nor how often.
    """
    invitation = find_invitation(links.UNSUBSCRIBE, token)
    visit = Visit(request, invitation.campaign.survey, invitation.contact)
    if request.method == "POST":
        stop_asking(invitation)
        return show_page(
            visit,
            "respondent/unsubscribed.html",
            body=visit.say(visit.words.unsubscribed_body),
        )
    return show_page(
        visit,
        "respondent/unsubscribe.html",
        title=visit.say(visit.words.unsubscribe_title),
        action=request.path + visit.language_query,
    )
