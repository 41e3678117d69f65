"""The mails as they arrive: headers, links, words, and nothing that a name could break."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage as ParsedMessage
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives

from surveys.links import answer_url, trial_url, unsubscribe_url
from surveys.models import Invitation
from surveys.sending.compose import compose_invitation, compose_mail, compose_test_mail, message_id
from surveys.wording import get_wording
from tests.factories import (
    make_campaign,
    make_contact,
    make_invitation,
    make_mail,
    make_organisation,
    make_sender,
    make_survey,
    make_user,
)

pytestmark = pytest.mark.django_db
FORMAL = "Hoe waarschijnlijk is het dat u Winkel & Zn. zou aanbevelen aan een vriend of collega?"
INFORMAL = "Hoe waarschijnlijk is het dat je Winkel & Zn. zou aanbevelen aan een vriend of collega?"
ENGLISH = "How likely are you to recommend Winkel & Zn. to a friend or colleague?"


class Page(HTMLParser):
    """Text, links and sources of an HTML part."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.in_style = False
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.in_style = tag == "style"
        for name, value in attributes:
            if name == "href":
                self.links.append(value or "")
            if name in {"src", "background"}:
                self.sources.append(value or "")

    def handle_data(self, data: str) -> None:
        if not self.in_style:
            self.words.extend(data.split())

    @property
    def text(self) -> str:
        return " ".join(self.words)


def invite(
    *,
    language: str = "nl",
    address_form: str = "formal",
    scale_min: int = 0,
    reply_to: str = "klantenservice@winkel.example",
    **contact: str,
) -> Invitation:
    make_organisation(
        name="Winkel BV", postal_address="Teststraat 1, 1000 AA Testdam", contact_email=""
    )
    survey = make_survey(company="Winkel & Zn.", address_form=address_form, scale_min=scale_min)
    sender = make_sender(
        from_name="Team Winkel", from_email="vraag@mail.winkel.example", reply_to=reply_to
    )
    return make_invitation(
        campaign=make_campaign(survey=survey, sender=sender),
        contact=make_contact(language=language, **contact),
    )


def parse(message: EmailMessage) -> ParsedMessage:
    """As a mail program reads what was sent."""
    parsed = message_from_bytes(message.message().as_bytes(), policy=policy.default)
    assert isinstance(parsed, ParsedMessage)
    return parsed


def read_part(parsed: ParsedMessage, kind: str) -> str:
    part = parsed.get_body(preferencelist=(kind,))
    assert part is not None
    return str(part.get_content())


def read_html(message: EmailMultiAlternatives) -> str:
    return str(message.alternatives[0][0])


def test_invitation_headers() -> None:
    invitation = invite(first_name="Fenna", last_name="Proef", email="fenna@klanten.example")

    parsed = parse(compose_invitation(invitation))

    unsubscribe = unsubscribe_url(invitation.pk)
    expected = {
        "Subject": "Hoe waarschijnlijk is het dat u Winkel & Zn. aanbeveelt?",
        "From": "Team Winkel <vraag@mail.winkel.example>",
        "To": "Fenna Proef <fenna@klanten.example>",
        "Reply-To": "klantenservice@winkel.example",
        "Message-ID": f"<inv.{invitation.message_key.hex}@mail.winkel.example>",
        "List-Unsubscribe": (
            f"<{unsubscribe}>, <mailto:klantenservice@winkel.example?subject=unsubscribe>"
        ),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "Content-Language": "nl",
        "Feedback-ID": f"c{invitation.campaign_id}:s{invitation.campaign.survey_id}"
        ":nps:mailwinkelexamp",
    }
    # A long value starts on a line of its own; that is folding, not content.
    assert {name: str(parsed[name]).strip() for name in expected} == expected
    assert parsed["Precedence"] is None


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("hulp+enquete@winkel.example", "hulp+enquete@winkel.example"),
        ("o'neil&co@winkel.example", "o%27neil%26co@winkel.example"),
        ("wat?nu=100%@winkel.example", "wat%3Fnu%3D100%25@winkel.example"),
        ('"a,b> c"@winkel.example', "%22a%2Cb%3E%20c%22@winkel.example"),
        ("hulp@wínkel.example", "hulp@xn--wnkel-zsa.example"),
    ],
)
def test_address_to_unsubscribe_at_is_read_back_whole(address: str, written: str) -> None:
    invitation = invite(reply_to=address)

    header = str(compose_invitation(invitation).message()["List-Unsubscribe"])

    mailto = header.split(", ")[1]
    assert mailto == f"<mailto:{written}?subject=unsubscribe>"
    parts = urlsplit(mailto.strip("<>"))
    local = unquote(parts.path).rpartition("@")[0]
    assert local == address.rpartition("@")[0]
    assert parts.query == "subject=unsubscribe"


def test_invitation_without_reply_address_has_no_mailto() -> None:
    invitation = invite(reply_to="")

    parsed = parse(compose_invitation(invitation))

    assert parsed["List-Unsubscribe"].strip() == f"<{unsubscribe_url(invitation.pk)}>"
    assert parsed["Reply-To"] is None


@pytest.mark.parametrize(
    ("language", "address_form", "question", "greeting"),
    [
        ("nl", "formal", FORMAL, "Beste Fenna,"),
        ("nl", "informal", INFORMAL, "Beste Fenna,"),
        ("en", "formal", ENGLISH, "Dear Fenna,"),
        ("en", "informal", ENGLISH, "Dear Fenna,"),
        ("fr", "formal", FORMAL, "Beste Fenna,"),
    ],
)
def test_invitation_asks_in_the_persons_language(
    language: str, address_form: str, question: str, greeting: str
) -> None:
    invitation = invite(language=language, address_form=address_form, first_name="Fenna")

    parsed = parse(compose_invitation(invitation))

    for words in (read_part(parsed, "plain"), Page(read_part(parsed, "html")).text):
        assert question in words
        assert greeting in words


@pytest.mark.parametrize(("scale_min", "count"), [(0, 11), (1, 10)])
def test_invitation_links_every_score_once(scale_min: int, count: int) -> None:
    invitation = invite(scale_min=scale_min)

    page = Page(read_html(compose_invitation(invitation)))

    answer = answer_url(invitation.pk)
    scores = [link for link in page.links if "?score=" in link]
    assert scores == [f"{answer}?score={score}" for score in range(scale_min, 11)]
    assert len(scores) == count
    assert answer in page.links
    assert f"{scale_min} = helemaal niet waarschijnlijk" in page.text


def test_invitation_text_has_one_link_and_the_way_out() -> None:
    invitation = invite()

    text = str(compose_invitation(invitation).body)

    links = re.findall(r"https?://\S+", text)
    assert links == [answer_url(invitation.pk), unsubscribe_url(invitation.pk)]
    assert "Winkel BV, Teststraat 1, 1000 AA Testdam" in text


def test_invitation_parts_say_the_same() -> None:
    message = compose_invitation(invite(first_name="Fenna"))
    page = Page(read_html(message))

    sentences = [line for line in str(message.body).splitlines() if line and "http" not in line]

    missing = [line for line in sentences if line.rstrip(":- ") not in page.text]
    assert missing == []
    assert len(sentences) > 8


def test_invitation_html_is_small_and_loads_nothing() -> None:
    message = compose_invitation(invite())
    html = read_html(message)
    page = Page(html)

    hosts = {link.split("/")[2] for link in page.links if link.startswith("http")}

    assert len(message.message().as_bytes()) < 100_000
    assert page.sources == []
    assert hosts == {"localhost:8000"}
    assert "url(" not in html
    assert "<form" not in html


def test_invitation_looks_stand_on_the_elements() -> None:
    html = read_html(compose_invitation(invite()))

    cells = re.findall(r'<td class="score"[^>]*style="([^"]*)"', html)

    assert len(cells) == 11
    # One look for all: no colour leads to a score.
    assert len(set(cells)) == 1
    assert "width: 42px" in cells[0]
    assert "border: 1px solid" in cells[0]


def test_invitation_escapes_names_and_breaks_no_header() -> None:
    invitation = invite(first_name="<b>Bob</b>\r\nBcc: x@kwaad.example", last_name='"Quote", Comma')
    survey = invitation.campaign.survey
    survey.company = "Kwaad\r\nX-Injected: 1 <script>alert(1)</script>"
    invitation.campaign.sender.from_name = "Één\r\nX-From: 1"

    parsed = parse(compose_invitation(invitation))

    html = read_part(parsed, "html")
    assert parsed["X-Injected"] is None
    assert parsed["Bcc"] is None
    assert parsed["X-From"] is None
    assert parsed["From"].addresses[0].display_name == "Één X-From: 1"
    assert parsed["To"].addresses[0].addr_spec == invitation.contact.email  # type: ignore[union-attr]
    assert len(parsed["To"].addresses) == 1
    assert "<script>" not in html
    assert "<b>Bob" not in html
    assert "&lt;b&gt;Bob" in html


def test_invitation_of_a_reminder_leads_to_the_first() -> None:
    first = invite()
    reminder = make_invitation(
        campaign=first.campaign, contact=first.contact, sequence=1, first=first
    )

    page = Page(read_html(compose_invitation(reminder)))

    assert f"{answer_url(first.pk)}?score=9" in page.links
    assert unsubscribe_url(first.pk) in page.links


def test_invitation_without_a_person_is_an_error() -> None:
    invitation = invite()
    invitation.contact = None

    with pytest.raises(ValueError, match="Nobody"):
        compose_invitation(invitation)


def test_test_mail_is_marked_and_leads_to_a_test() -> None:
    campaign = invite().campaign
    user = make_user(name="Marga Meting")

    subject, text, html = compose_test_mail(campaign, language="en", user=user)

    page = Page(html)
    own = trial_url(campaign.pk, user.pk)
    assert subject == "[Test] How likely are you to recommend Winkel & Zn.?"
    note = get_wording("en", "formal").mail_test_note
    assert f"*** {note} ***" in text
    assert note in page.text
    assert "Dear Marga," in text
    assert [link for link in page.links if not link.startswith(own)] == []
    assert re.findall(r"https?://\S+", text) == [f"{own}?lang=en"]
    assert f"{own}?lang=en&score=9" in page.links


def test_reply_is_threaded_and_carries_no_mark_of_a_machine() -> None:
    mail = make_mail(
        kind="reply",
        in_reply_to="<inv.1@winkel.example>",
        subject="Re: uw antwoord\r\nBcc: x@y.example",
    )

    parsed = parse(compose_mail(mail))

    assert parsed["In-Reply-To"] == "<inv.1@winkel.example>"
    assert parsed["References"] == "<inv.1@winkel.example>"
    assert (
        parsed["Message-ID"]
        == message_id(mail)
        == f"<mail.{mail.message_key.hex}@{mail.sender.domain}>"
    )
    assert parsed["Auto-Submitted"] is None
    assert parsed["Bcc"] is None


def test_notice_says_that_a_machine_wrote_it() -> None:
    parsed = parse(compose_mail(make_mail(kind="notice", html="<p>Hallo</p>")))

    assert parsed["Auto-Submitted"] == "auto-generated"
    assert read_part(parsed, "html").strip() == "<p>Hallo</p>"
