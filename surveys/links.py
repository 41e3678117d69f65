"""The signed links in mails: an invitation's primary key, one salt per purpose."""

from __future__ import annotations

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

ANSWER = "answer"
UNSUBSCRIBE = "unsubscribe"
PREVIEW = "preview"
TEST = "test"


class BadLink(ValueError):
    """Not a link of ours, or one that was damaged on its way."""


def make_signer(purpose: str) -> Signer:
    return Signer(
        key=settings.LINK_SIGNING_KEY,
        sep=".",
        salt=f"nps.{purpose}",
        fallback_keys=list(settings.LINK_SIGNING_KEY_FALLBACKS),
    )


def sign(purpose: str, pk: int) -> str:
    return make_signer(purpose).sign(str(pk))


def read(purpose: str, token: str) -> int:
    """Return the primary key in `token`; raises BadLink."""
    try:
        return int(make_signer(purpose).unsign(token))
    except (BadSignature, ValueError):
        raise BadLink(purpose) from None


def answer_url(invitation_pk: int) -> str:
    """The survey page of an invitation (of the first one, for a reminder)."""
    return settings.BASE_URL + reverse("answer", args=[sign(ANSWER, invitation_pk)])


def unsubscribe_url(invitation_pk: int) -> str:
    return settings.BASE_URL + reverse("unsubscribe", args=[sign(UNSUBSCRIBE, invitation_pk)])


def preview_url(campaign_pk: int) -> str:
    """The survey page as a test mail shows it: nothing is kept."""
    return settings.BASE_URL + reverse("answer_preview", args=[sign(PREVIEW, campaign_pk)])


def sign_test(campaign_pk: int, user_pk: int) -> str:
    """Sign whose test of which campaign it is."""
    return make_signer(TEST).sign(f"{campaign_pk}-{user_pk}")


def read_test(token: str) -> tuple[int, int]:
    """Return the campaign and the user of a test mail's link; raises BadLink."""
    try:
        campaign, _, user = make_signer(TEST).unsign(token).partition("-")
        return int(campaign), int(user)
    except (BadSignature, ValueError):
        raise BadLink(TEST) from None


def trial_url(campaign_pk: int, user_pk: int) -> str:
    """Where a test mail leads: the survey page, whose answer reaches the queue as a test."""
    return settings.BASE_URL + reverse("answer_test", args=[sign_test(campaign_pk, user_pk)])
