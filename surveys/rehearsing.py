"""The mail before it is mailed: is it complete, and did somebody see it in their own mailbox?

A test counts for as long as the mail is worded as it was then: whatever changes a word of it, of
the survey, the sender or the organisation, asks for a new one.
"""

from __future__ import annotations

import enum
import hashlib
import json
import re
from dataclasses import dataclass
from html import unescape

from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from surveys.models import Campaign, Mail, Organisation
from surveys.sending.invitation_mail import Links, Words, write_invitation

State = Mail.State

# Stand where the links of a person would: each of them must be found again in what was written.
_LINKS = Links("https://link.example/answer", "https://link.example/unsubscribe")


class Rehearsal(enum.StrEnum):
    """How far the test mail is. Only `SENT` lets a campaign be launched."""

    NONE = "none"
    OUTDATED = "outdated"  # the mail was changed since
    WAITING = "waiting"
    FAILED = "failed"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Sample:
    """The mail of a campaign in a language, with links that lead nowhere."""

    language: str
    words: Words


def write_samples(campaign: Campaign, organisation: Organisation) -> list[Sample]:
    """Write the mail in each language of the survey."""
    return [
        Sample(
            language,
            write_invitation(
                campaign, organisation, language=language, first_name="Robin", links=_LINKS
            ),
        )
        for language in campaign.survey.languages
    ]


def fingerprint(campaign: Campaign, samples: list[Sample]) -> str:
    """Return what changes with every word of the mail, and with whom it comes from."""
    sender = campaign.sender
    parts = [sender.from_header, sender.reply_to]
    parts += [
        part
        for sample in samples
        for part in (sample.language, sample.words.subject, sample.words.text, sample.words.html)
    ]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=12).hexdigest()


def find_rehearsal(campaign: Campaign, worded_as: str) -> Rehearsal:
    """Return how far the test mail of the campaign, as it is worded now, is."""
    # A test of a reminder names no wording: the invitation is another mail.
    found = campaign.test_mails.filter(kind=Mail.Kind.TEST).exclude(worded_as="")
    tests = list(found.values_list("worded_as", "state"))
    states = {state for wording, state in tests if wording == worded_as}
    if State.SENT in states:
        return Rehearsal.SENT
    if states & {State.SCHEDULED, State.CLAIMED, State.SENDING}:
        return Rehearsal.WAITING
    if states:
        return Rehearsal.FAILED
    return Rehearsal.OUTDATED if tests else Rehearsal.NONE


def find_gaps(campaign: Campaign, organisation: Organisation, samples: list[Sample]) -> list[str]:
    """Return what the mail must have and has not: its links, and the organisation's address."""
    gaps = []
    scores = [_LINKS.score(score) for score in campaign.survey.scores]
    for sample in samples:
        words, html = sample.words, unescape(sample.words.html)
        told = {"language": sample.language}
        targets = set(re.findall(r'href="([^"]*)"', html))
        if not targets.issuperset(scores) or _LINKS.answer not in words.text:
            gaps.append(_("The mail in “%(language)s” lacks links to the scores.") % told)
        if _LINKS.unsubscribe not in targets or _LINKS.unsubscribe not in words.text:
            gaps.append(_("The mail in “%(language)s” lacks its link to unsubscribe.") % told)
        address = _squeeze(organisation.postal_address)
        if address and not all(address in _squeeze(part) for part in (words.text, _read(html))):
            gaps.append(_("The mail in “%(language)s” lacks the postal address.") % told)
        if not words.subject.strip():
            gaps.append(_("The mail in “%(language)s” has no subject.") % told)
    return gaps


def explain_rehearsal(rehearsal: Rehearsal) -> str:
    """Say what is missing; nothing when a test was sent."""
    match rehearsal:
        case Rehearsal.SENT:
            return ""
        case Rehearsal.WAITING:
            return _("The test mail is still on its way.")
        case Rehearsal.FAILED:
            return _("The test mail could not be sent. Send another one.")
        case Rehearsal.OUTDATED:
            return _("The mail was changed since your last test mail. Send another one.")
        case _:
            return _("No test mail was sent yet. Send one to yourself and look at it.")


def _read(html: str) -> str:
    return unescape(strip_tags(re.sub(r"<(style|title)\b.*?</\1>", "", html, flags=re.DOTALL)))


def _squeeze(text: str) -> str:
    return " ".join(text.split())
