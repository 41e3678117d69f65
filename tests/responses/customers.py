"""What a customer does with a mail, for the tests of the pages they answer on."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from responses.stamps import draw_stamp
from surveys import links
from surveys.models import Campaign, Invitation
from tests.factories import make_campaign, make_contact, make_invitation, make_survey


def ask(**fields: Any) -> Invitation:
    """Somebody who got the mail two hours ago; survey fields with a `survey_` in front."""
    survey = {
        key.removeprefix("survey_"): fields.pop(key)
        for key in list(fields)
        if key.startswith("survey_")
    }
    if "contact" not in fields:
        fields["contact"] = make_contact(language=fields.pop("language", "nl"))
    campaign = fields.pop("campaign", None) or make_campaign(survey=make_survey(**survey))
    sent = {"state": "sent", "sent_at": timezone.now() - dt.timedelta(hours=2)}
    return make_invitation(campaign=campaign, **(sent | fields))


def answer_path(invitation: Invitation) -> str:
    return reverse("answer", args=[links.sign(links.ANSWER, invitation.pk)])


def done_path(invitation: Invitation) -> str:
    return reverse("answer_done", args=[links.sign(links.ANSWER, invitation.pk)])


def unsubscribe_path(invitation: Invitation) -> str:
    return reverse("unsubscribe", args=[links.sign(links.UNSUBSCRIBE, invitation.pk)])


def preview_path(campaign: Campaign) -> str:
    return reverse("answer_preview", args=[links.sign(links.PREVIEW, campaign.pk)])


def send_answer(
    client: Client, invitation: Invitation, *, seconds: float = 5, path: str = "", **fields: Any
) -> Any:
    """Post the form as a browser does, `seconds` after the page was drawn."""
    drawn_at = timezone.now() - dt.timedelta(seconds=seconds)
    form = {"comment": "", "drawn": draw_stamp(invitation.pk, now=drawn_at), "second_remark": ""}
    return client.post(path or answer_path(invitation), form | fields)


def text_of(response: Any) -> str:
    """The page with its white space made even."""
    return " ".join(response.content.decode().split())
