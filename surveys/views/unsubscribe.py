"""Leaving the surveys: a page that asks once, and the one click of RFC 8058."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from npsapp.roles import public
from surveys import links
from surveys.respondent import Visit, find_invitation, show_page
from surveys.suppressing import ask_again, stop_asking
from surveys.views.guarding import refuse_other_sites, respondent_page


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
    if request.method == "POST" or getattr(invitation, "is_unsubscribed", False):
        back = reverse("resubscribe", args=[token]) + visit.language_query
        body = visit.say(visit.words.unsubscribed_body)
        return show_page(visit, "respondent/unsubscribed.html", body=body, back=back)
    return show_page(
        visit,
        "respondent/unsubscribe.html",
        title=visit.say(visit.words.unsubscribe_title),
        action=request.path + visit.language_query,
    )


@public
@csrf_exempt
@respondent_page
@refuse_other_sites
@require_http_methods(["GET", "HEAD", "POST"])
def resubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Take an unsubscription back, by the button on its page. Looking leads to that page."""
    invitation = find_invitation(links.UNSUBSCRIBE, token)
    visit = Visit(request, invitation.campaign.survey, invitation.contact)
    if request.method != "POST":
        return HttpResponseRedirect(reverse("unsubscribe", args=[token]) + visit.language_query)
    ask_again(invitation, now=timezone.now())
    body = visit.say(visit.words.resubscribed_body)
    return show_page(visit, "respondent/resubscribed.html", body=body)
