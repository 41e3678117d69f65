"""From a row to a message: the invitation, its test mail, and mail whose words the row keeps."""

from __future__ import annotations

import re
from email.utils import format_datetime
from typing import Any, Protocol
from urllib.parse import quote

from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.utils import timezone
from django.utils.encoding import punycode

from surveys.addresses import write_address
from surveys.links import answer_url, preview_url, trial_url, unsubscribe_url
from surveys.models import (
    Campaign,
    Delivery,
    Invitation,
    Mail,
    Organisation,
    Sender,
    get_organisation,
)
from surveys.sending.invitation_mail import Links, Words, write_invitation
from surveys.sending.ledger import Row, sender_of

BY_A_MACHINE = {
    "Auto-Submitted": "auto-generated",
    # No out-of-office notes; bounces are wanted, so NDR is not among these.
    "X-Auto-Response-Suppress": "OOF, AutoReply",
}


class Composer(Protocol):
    """Composes invitations of one campaign, faster than one by one."""

    def compose(self, invitation: Invitation) -> EmailMultiAlternatives: ...


def compose_row(row: Row, composer: Composer | None = None) -> EmailMessage:
    if not isinstance(row, Invitation):
        return compose_mail(row)
    return composer.compose(row) if composer else compose_invitation(row)


def recipient_of(row: Row) -> str:
    """The address that the mail goes to; empty when there is none any more."""
    if isinstance(row, Mail):
        return row.to_email
    return row.contact.email if row.contact else ""


def write_date() -> str:
    """The moment at which a mail is written, as its header says it."""
    return format_datetime(timezone.now())


def message_id(delivery: Delivery) -> str:
    """The Message-ID of a mail, known before it leaves: what a reply refers to."""
    if isinstance(delivery, Invitation):
        return f"<inv.{delivery.message_key.hex}@{delivery.campaign.sender.domain}>"
    if isinstance(delivery, Mail):
        return f"<mail.{delivery.message_key.hex}@{delivery.sender.domain}>"
    raise TypeError(delivery)


def compose_invitation(
    invitation: Invitation, organisation: Organisation | None = None
) -> EmailMultiAlternatives:
    """The mail of an invitation, or of a reminder: its links are the first invitation's."""
    contact = invitation.contact
    if contact is None or not contact.email:
        raise ValueError("Nobody to write to.")
    campaign = invitation.campaign
    first_pk = invitation.first_id or invitation.pk
    organisation = organisation or get_organisation()
    language = campaign.survey.language_for(contact.language or organisation.default_language)
    links = Links(answer_url(first_pk), unsubscribe_url(first_pk))
    words = write_invitation(
        campaign,
        organisation,
        language=language,
        first_name=contact.first_name,
        links=links,
        is_reminder=bool(invitation.sequence),
    )
    to = write_address(contact.full_name, contact.email)
    return make_invitation_message(invitation, words, language=language, links=links, to=to)


def make_invitation_message(
    invitation: Invitation,
    words: Words,
    *,
    language: str,
    links: Links,
    to: str,
) -> EmailMultiAlternatives:
    """Put the words of an invitation into an envelope."""
    campaign, sender = invitation.campaign, invitation.campaign.sender
    headers = {
        **BY_A_MACHINE,
        "List-Unsubscribe": _list_unsubscribe(links.unsubscribe, sender),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Feedback-ID": _feedback_id(campaign, sender),
        "Content-Language": language,
    }
    return _make_message(invitation, words, to=to, headers=headers)


def compose_test_mail(
    campaign: Campaign, *, language: str, user: Any, is_reminder: bool = False
) -> tuple[str, str, str]:
    """Subject, text and HTML of the invitation (or its reminder), marked as a test; its answer is
    one too."""
    language = campaign.survey.language_for(language)
    words = write_invitation(
        campaign,
        get_organisation(),
        language=language,
        first_name=user.get_short_name(),
        # A test knows no contact whose language it could speak.
        links=Links(f"{trial_url(campaign.pk, user.pk)}?lang={language}", ""),
        is_test=True,
        is_reminder=is_reminder,
    )
    return words.subject, words.text, words.html


def compose_preview(
    campaign: Campaign, *, language: str, first_name: str, is_reminder: bool = False
) -> Words:
    """The mail as customers get it; its links lead to the preview of the survey page."""
    page = preview_url(campaign.pk)
    return write_invitation(
        campaign,
        get_organisation(),
        language=campaign.survey.language_for(language),
        first_name=first_name,
        links=Links(page, page),
        is_reminder=is_reminder,
    )


def compose_mail(mail: Mail) -> EmailMultiAlternatives:
    """A transactional mail. A reply by a person carries no mark of a machine."""
    headers = {} if mail.kind == Mail.Kind.REPLY else dict(BY_A_MACHINE)
    if mail.kind == Mail.Kind.ACCOUNT:
        # A link that lets somebody in is for nobody else's eyes; RFC 2156 names it so.
        headers["Sensitivity"] = "Private"
    if mail.kind == Mail.Kind.AUTO_REPLY:
        headers["Auto-Submitted"] = "auto-replied"
    if in_reply_to := " ".join(mail.in_reply_to.split()):
        references = " ".join(mail.references.split()) or in_reply_to
        headers |= {"In-Reply-To": in_reply_to, "References": references}
    words = Words(" ".join(mail.subject.split()), mail.text, mail.html)
    to = write_address(mail.to_name, mail.to_email)
    return _make_message(mail, words, to=to, headers=headers)


def _make_message(
    row: Row,
    words: Words,
    *,
    to: str,
    headers: dict[str, str],
) -> EmailMultiAlternatives:
    sender = sender_of(row)
    message = EmailMultiAlternatives(
        words.subject,
        words.text,
        sender.from_header,
        [to],
        reply_to=_reply_to(row, sender),
        headers={
            "Message-ID": message_id(row),
            "Date": write_date(),
            **headers,
        },
    )
    if words.html:
        message.attach_alternative(words.html, "text/html")
    # Read by django-anymail alone.
    for wish, value in (
        ("metadata", {"key": row.message_key.hex}),
        ("track_opens", False),
        ("track_clicks", False),
    ):
        setattr(message, wish, value)
    return message


def _reply_to(row: Row, sender: Sender) -> list[str] | None:
    """The mail's own address, else the shared one; without either, that of who wrote."""
    if isinstance(row, Mail) and row.reply_to:
        return [write_address(sender.from_name, row.reply_to)]
    if sender.reply_to:
        return [sender.reply_to]
    if isinstance(row, Mail) and row.kind == Mail.Kind.REPLY and row.created_by:
        return [row.created_by.email]
    return None


def _list_unsubscribe(url: str, sender: Sender) -> str:
    """RFC 2369: where to leave, the page first."""
    ways = [url]
    if sender.reply_to:
        ways.append(f"mailto:{_quote_address(sender.reply_to)}?subject=unsubscribe")
    return ", ".join(f"<{way}>" for way in ways)


def _quote_address(address: str) -> str:
    """RFC 6068: a `&`, `?` or `%` of the address must not end it; the domain in its ASCII form."""
    local, _at, domain = address.rpartition("@")
    return f"{quote(local, safe='+')}@{punycode(domain)}"


def _feedback_id(campaign: Campaign, sender: Sender) -> str:
    """Four fields for Gmail's statistics, nothing of the person; the last has 5 to 15 signs."""
    identity = re.sub(r"[^a-z0-9]", "", sender.domain.lower())[:15].ljust(5, "0")
    return f"c{campaign.pk}:s{campaign.survey_id}:nps:{identity}"
