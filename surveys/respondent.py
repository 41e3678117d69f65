"""What every page for customers shares: the link, the language, the words.

These pages have no cookie and no session. A link in a mail is all there is, and the mail may be
forwarded: so no name and no address of the person ever stands on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import cached_property
from django.utils.translation.trans_real import parse_accept_lang_header

from npsapp.models import User
from surveys.brand import logo_url, style_url
from surveys.links import TEST, BadLink, read, read_test
from surveys.models import Campaign, Contact, Invitation, Organisation, Survey, get_organisation
from surveys.wording import Wording, fill, get_wording

LONGEST_COMMENT = 4000


@dataclass(frozen=True)
class Language:
    """A choice in the language switch."""

    code: str
    name: str
    url: str
    is_current: bool


class Visit:
    """One visit to a page for customers: whose survey it is and in which words it speaks."""

    def __init__(
        self,
        request: HttpRequest,
        survey: Survey,
        contact: Contact | None,
        *,
        tester: User | None = None,
    ) -> None:
        self.tester = tester
        self.request = request
        self.survey = survey
        self.organisation: Organisation = get_organisation()
        asked_for = request.GET.get("lang", "")
        # A language that was chosen by hand stays in the address; there is no cookie to keep it.
        self.chosen_language = asked_for if asked_for in survey.languages else ""
        self.language = self.chosen_language or choose_language(
            survey,
            contact.language if contact else "",
            request.headers.get("Accept-Language", ""),
            self.organisation.default_language,
        )

    @cached_property
    def words(self) -> Wording:
        """The wording with the names filled in; `{score}` and the like stay for the page."""
        return get_wording(self.language, self.survey.address_form)

    def say(self, text: str, **values: object) -> str:
        contact = self.organisation.contact_email or self.organisation.postal_address
        return fill(
            text,
            company=self.survey.company,
            organisation=self.organisation.name or self.survey.company,
            contact=contact or self.organisation.name,
            low=self.survey.scale_min,
            limit=LONGEST_COMMENT,
            **values,
        )

    @property
    def style_url(self) -> str:
        return style_url(self.organisation)

    @property
    def logo_url(self) -> str:
        return logo_url(self.organisation)

    @property
    def language_query(self) -> str:
        return f"?lang={self.chosen_language}" if self.chosen_language else ""

    @property
    def languages(self) -> list[Language]:
        """The languages of the survey as plain links to this very page."""
        kept = {
            name: value
            for name in ("score", "change")
            if (value := self.request.GET.get(name, "")) and len(value) <= 2
        }
        return [
            Language(
                code=code,
                name=get_wording(code, self.survey.address_form).language_name,
                url=f"{self.request.path}?{urlencode({**kept, 'lang': code})}",
                is_current=code == self.language,
            )
            for code in self.survey.languages
        ]


def choose_language(survey: Survey, known: str, accepted: str, default: str) -> str:
    """The person's own language, else what their browser asks for, else the organisation's."""
    wishes = [known, *(tag for tag, _ in parse_accept_lang_header(accepted.lower()))]
    for wish in wishes:
        code = wish.lower().replace("_", "-").partition("-")[0]
        if code in survey.languages:
            return code
    return survey.language_for(default)


def find_invitation(purpose: str, token: str, *related: str) -> Invitation:
    """Return the (first) invitation that a link speaks of; raises BadLink.

    A link of somebody who was erased is as good as none.
    """
    invitations = Invitation.objects.select_related("campaign__survey", "contact", *related)
    try:
        invitation: Invitation = invitations.get(pk=read(purpose, token), contact__isnull=False)
        if invitation.first_id:
            invitation = invitations.get(pk=invitation.first_id)
    except (Invitation.DoesNotExist, OverflowError):
        raise BadLink(purpose) from None
    return invitation


def find_campaign(purpose: str, token: str) -> Campaign:
    """Return the campaign that a preview link speaks of; raises BadLink."""
    try:
        return Campaign.objects.select_related("survey").get(pk=read(purpose, token))
    except (Campaign.DoesNotExist, OverflowError):
        raise BadLink(purpose) from None


def find_test(token: str) -> tuple[Campaign, User]:
    """Return the campaign and the colleague that a test mail's link speaks of; raises BadLink."""
    campaign_pk, user_pk = read_test(token)
    try:
        campaign = Campaign.objects.select_related("survey").get(pk=campaign_pk)
        return campaign, User.objects.get(pk=user_pk, is_active=True)
    except (Campaign.DoesNotExist, User.DoesNotExist, OverflowError):
        raise BadLink(TEST) from None


def show_page(visit: Visit, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """Draw a page in the visitor's language, with who asks and what happens with the answer."""
    frame = {
        "visit": visit,
        "words": visit.words,
        "who_asks": visit.say(visit.words.who_asks),
        "privacy_body": visit.say(visit.words.privacy_body),
    }
    response = render(visit.request, template, frame | context, status=status)
    response.headers["Content-Language"] = visit.language
    return response
