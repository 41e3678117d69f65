"""Invitations built once per campaign and language, and filled in per person.

What comes out equals what `compose_invitation` and Django build, byte for byte. Whatever could make
a difference (an odd name, an odd company) is left to them: each blueprint is tried on an awkward
name before it is used.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
import re
import secrets
import sys
import uuid
from collections.abc import Hashable
from dataclasses import dataclass
from email.utils import format_datetime, parseaddr
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import SafeMIMEMultipart, sanitize_address

from surveys.addresses import write_address
from surveys.links import ANSWER, UNSUBSCRIBE, answer_url, make_signer, unsubscribe_url
from surveys.models import Campaign, Contact, Invitation, Organisation
from surveys.sending.compose import compose_invitation, make_invitation_message, write_date
from surveys.sending.invitation_mail import Links, Words, ingredients, write_invitation
from surveys.sending.layout import (
    ENCODING,
    Layout,
    NotFast,
    escape_text,
    find_name_lines,
    is_plain,
    is_simple_address,
    lay_out,
    write_to_header,
)

logger = logging.getLogger(__name__)

_MOST_KEPT = 64
_kept: dict[Hashable, _Blueprint | None] = {}
# In the first build of a mail each gap is filled with one letter, in the second with another.
_GAPS = {"answer": "AB", "unsubscribe": "CD", "key": "ef", "date": "GH", "boundary": "IJ"}
_BOUNDARY_DIGITS = len(repr(sys.maxsize - 1))
_AWKWARD = ("O'Brien & Zn. <b>", 'Zoë "Ünï" & <Ørsted> 株式会社 😀')


class PreparedMail(EmailMultiAlternatives):
    """An ordinary message of Django's whose bytes need not be built: SMTP asks for `prepared`.

    It becomes one only when somebody asks for more than that.
    """

    def __init__(
        self, blueprint: _Blueprint, invitation: Invitation, contact: Contact, name: str
    ) -> None:
        self.blueprint, self.invitation = blueprint, invitation
        self.first_name, self.to_email = name, contact.email
        self.to = [write_address(contact.full_name, contact.email)]
        self.full_name = " ".join(contact.full_name.split())
        answer, unsubscribe = blueprint.sign(invitation.first_id or invitation.pk)
        self.gaps = {
            "answer": answer,
            "unsubscribe": unsubscribe,
            "key": invitation.message_key.hex,
            "date": write_date(),
        }

    def __getattr__(self, name: str) -> Any:
        is_built = "subject" in self.__dict__
        # Before the first line of __init__ only copy and pickle ask.
        if is_built or name.startswith("__") or "blueprint" not in self.__dict__:
            raise AttributeError(name)
        built = self.blueprint.build_message(self)
        for key, value in vars(built).items():
            self.__dict__.setdefault(key, value)
        return getattr(self, name)

    @property
    def envelope(self) -> tuple[str, str]:
        return self.blueprint.sender_address, self.to_email

    def prepared(self) -> bytes:
        # As in email.generator: what nobody can foresee stands in no name.
        boundary = f"{random.randrange(sys.maxsize):0{_BOUNDARY_DIGITS}d}"  # noqa: S311
        gaps = {name: value.encode("ascii") for name, value in self.gaps.items()}
        gaps["boundary"] = boundary.encode("ascii")
        to = write_to_header(self.to[0], self.full_name, self.to_email)
        return self.blueprint.layout.fill(gaps, name=self.first_name, to=to)


@dataclass(frozen=True)
class Press:
    """The mails of one campaign, as campaign, survey, sender and organisation stand now."""

    campaign: Campaign
    organisation: Organisation
    contents: Hashable

    @classmethod
    def set_up(cls, campaign: Campaign, organisation: Organisation) -> Press:
        return cls(campaign, organisation, ingredients(campaign, organisation))

    def compose(self, invitation: Invitation) -> EmailMultiAlternatives:
        """Equal to compose_invitation, and to it alone where the fast way is not certain."""
        contact = invitation.contact
        name = " ".join(contact.first_name.split()) if contact else ""
        if contact is None or not is_plain(name) or not is_simple_address(contact.email):
            return compose_invitation(invitation, self.organisation)
        blueprint = self._find(invitation, contact, name)
        if blueprint is None:
            return compose_invitation(invitation, self.organisation)
        return PreparedMail(blueprint, invitation, contact, name)

    def _find(self, invitation: Invitation, contact: Contact, name: str) -> _Blueprint | None:
        language = self.campaign.survey.language_for(
            contact.language or self.organisation.default_language
        )
        kind = "" if not name else "ascii" if name.isascii() else "wide"
        digits = len(str(invitation.first_id or invitation.pk))
        key = (self.contents, language, invitation.sequence, kind, digits)
        try:
            return _kept[key]
        except KeyError:
            pass
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        try:
            blueprint = _Blueprint(invitation, self.organisation, language, kind)
            blueprint.prove(self.organisation)
        except NotFast:
            blueprint = None
        _kept[key] = blueprint
        return blueprint


class _Blueprint:
    """The mails of one language to people whose names are alike: none, ASCII, or not."""

    def __init__(
        self, invitation: Invitation, organisation: Organisation, language: str, kind: str
    ) -> None:
        self.campaign, self.language, self.kind = invitation.campaign, language, kind
        self.pk = invitation.first_id or invitation.pk
        self.sequence = invitation.sequence
        self.signers = (make_signer(ANSWER), make_signer(UNSUBSCRIBE))
        answer, unsubscribe = self.sign(self.pk)
        mark = secrets.token_hex(8)
        self.marks = {"answer": f"a{mark}", "unsubscribe": f"u{mark}", "name": f"n{mark}"}
        if kind == "wide":
            self.marks["name"] += "é"
        self.links = Links(
            answer_url(self.pk).replace(answer, self.marks["answer"]),
            unsubscribe_url(self.pk).replace(unsubscribe, self.marks["unsubscribe"]),
        )
        words = write_invitation(
            self.campaign,
            organisation,
            language=language,
            first_name=self.marks["name"] if kind else "",
            links=self.links,
            is_reminder=bool(self.sequence),
        )
        if mark in words.subject:
            raise NotFast("The subject is personal.")
        self.words = words
        pattern = re.compile("(" + "|".join(self.marks.values()) + ")")
        self.text, self.html = pattern.split(words.text), pattern.split(words.html)
        self.layout = self._lay_out(len(answer), len(unsubscribe))

    def sign(self, pk: int) -> tuple[str, str]:
        answer, unsubscribe = self.signers
        return answer.sign(str(pk)), unsubscribe.sign(str(pk))

    def _lay_out(self, answer: int, unsubscribe: int) -> Layout:
        lengths = {
            "answer": answer,
            "unsubscribe": unsubscribe,
            "key": 32,
            "date": len(format_datetime(dt.datetime(2000, 1, 1, tzinfo=dt.UTC))),
            "boundary": _BOUNDARY_DIGITS,
        }
        nobody = f"{self.marks['name'].strip('é')}@nobody.example"
        one, two = (
            self._build({name: _GAPS[name][i] * lengths[name] for name in _GAPS}, to=nobody)
            for i in range(2)
        )
        name_lines = [
            *find_name_lines(self.words.text, self.marks["name"], is_html=False),
            *find_name_lines(self.words.html, self.marks["name"], is_html=True),
        ]
        letters = {letters[0]: name for name, letters in _GAPS.items()}
        to_line = f"To: {nobody}\r\n".encode("ascii")
        return lay_out(
            one, two, letters=letters, lengths=lengths, name_lines=name_lines, to_line=to_line
        )

    def _build(self, gaps: dict[str, str], *, to: str) -> bytes:
        """Let Django build the mail with these letters in the gaps."""

        def put_in(text: str) -> str:
            for name in ("answer", "unsubscribe"):
                text = text.replace(self.marks[name], gaps[name])
            return text

        message: EmailMultiAlternatives = make_invitation_message(
            Invitation(campaign=self.campaign, message_key=uuid.UUID(gaps["key"])),
            Words(self.words.subject, put_in(self.words.text), put_in(self.words.html)),
            language=self.language,
            links=Links(put_in(self.links.answer), put_in(self.links.unsubscribe)),
            to=to,
        )
        message.extra_headers["Date"] = gaps["date"]
        # As Django makes an envelope of it, and smtplib of that.
        _, self.sender_address = parseaddr(sanitize_address(message.from_email, ENCODING))
        if not is_simple_address(self.sender_address.lower()):
            raise NotFast("The sender's address is an odd one.")
        return build_bytes(message, f"{'=' * 15}{gaps['boundary']}==")

    def build_message(self, mail: PreparedMail) -> EmailMultiAlternatives:
        """The mail as a message of Django's, for a backend that speaks no SMTP."""
        values = {**mail.gaps, "name": mail.first_name}
        unsubscribe = values["unsubscribe"]
        message: EmailMultiAlternatives = make_invitation_message(
            mail.invitation,
            Words(
                self.words.subject,
                self._fill_in(self.text, values),
                self._fill_in(self.html, values | {"name": escape_text(mail.first_name)}),
            ),
            language=self.language,
            links=Links("", self.links.unsubscribe.replace(self.marks["unsubscribe"], unsubscribe)),
            to=mail.to[0],
        )
        message.extra_headers["Date"] = mail.gaps["date"]
        return message

    def _fill_in(self, pieces: list[str], values: dict[str, str]) -> str:
        filled = pieces.copy()
        for index in range(1, len(filled), 2):
            filled[index] = values[_NAME_OF[filled[index][0]]]
        return "".join(filled)

    def prove(self, organisation: Organisation) -> None:
        """Compare with what Django builds for somebody with an awkward name, or raise NotFast."""
        name = {"": "", "ascii": _AWKWARD[0], "wide": _AWKWARD[1]}[self.kind]
        contact = Contact(
            first_name=name, last_name="Test", email="a.b@c.example", language=self.language
        )
        probe = Invitation(
            pk=self.pk,
            campaign=self.campaign,
            contact=contact,
            sequence=self.sequence,
            message_key=uuid.uuid4(),
        )
        fast = PreparedMail(self, probe, contact, name)
        slow = compose_invitation(probe, organisation)
        slow.extra_headers["Date"] = fast.extra_headers["Date"]
        found = fast.prepared()
        boundary = re.search(rb"={15}\d+==", found)
        is_same = boundary and found == build_bytes(slow, boundary[0].decode())
        if not is_same or _facts(fast) != _facts(slow):
            logger.warning("The mails of %s cannot be filled in; each is built.", self.campaign)
            raise NotFast("What was filled in differs from what Django builds.")


# Marks are known by their first letter.
_NAME_OF = {"a": "answer", "u": "unsubscribe", "n": "name"}


def build_bytes(message: EmailMultiAlternatives, boundary: str) -> bytes:
    """The message as Django builds it, with this boundary."""
    built = message.message()
    if not isinstance(built, SafeMIMEMultipart):
        raise NotFast("There is only one part.")
    built.set_boundary(boundary)
    return built.as_bytes(linesep="\r\n")


def _facts(message: EmailMultiAlternatives) -> list[Any]:
    """What a backend that speaks no SMTP reads of a message."""
    return [message.subject, message.body, message.alternatives, message.from_email, message.to,
            message.reply_to, message.extra_headers, message.metadata]  # type: ignore[attr-defined]  # fmt: skip
