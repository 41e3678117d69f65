"""Mails filled in from a blueprint equal those that Django builds, whatever people are called."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from email import generator, message_from_bytes, policy
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from surveys.models import Campaign, Contact, Invitation, Organisation
from surveys.sending import blueprint as blueprint_module
from surveys.sending.blueprint import PreparedMail, Press
from surveys.sending.compose import compose_invitation
from surveys.sending.layout import write_to_header
from tests.factories import make_campaign, make_organisation, make_sender, make_survey

pytestmark = pytest.mark.django_db

NAMES = st.one_of(
    st.text(max_size=80),
    st.text(alphabet="abcdefghij ,.'\"\\()<>@:;&-=?_é", max_size=80),
    st.sampled_from(
        [
            "Zoë", "Renée-Noël", "O'Brien", 'Jan "Piet" Test', "Comma, Person", "<b>Bob</b>",
            "A & B", "محمد", "\u202eabc", "a\u200fb", "👩‍👩‍👧 Test", "Ж" * 80, "x" * 80,
            "a\r\nBcc: x@kwaad.example", "nul\0nul", "=?utf-8?q?x?=", "\u2028", "\xa0", "\x85", ".",
            "{company}", "&amp;", "株式会社" * 20, "ﬁ", "e\u0301", "\ufeff", "x y " * 20,
        ]
    ),
)  # fmt: skip
LOCAL = st.text(alphabet="abcxyz0189._+-", min_size=1, max_size=60)
ADDRESSES = st.one_of(
    LOCAL.map(lambda local: f"{local}@klanten.example"),
    st.text(alphabet="abc-", min_size=1, max_size=60).map(lambda name: f"a@{name}.example"),
    st.sampled_from(
        [f"a@{'lang.' * 40}example", "o'x@klanten.example", '"a b"@klanten.example', "a@b@c",
         "a@xn--mnchen-3ya.example", "é@klanten.example", "a@münchen.example", "a@klanten", "@"]
    ),
)  # fmt: skip


@pytest.fixture
def campaign() -> Campaign:
    make_organisation(name="Winkel & Zn. <BV>", contact_email="service@winkel.example")
    return make_campaign(
        survey=make_survey(company="Café 'Één' & Zn."),
        sender=make_sender(
            from_name="Één, Winkel", from_email="vraag@mail.winkel.example",
            reply_to="klantenservice@winkel.example",
        ),
    )  # fmt: skip


def invite(campaign: Campaign, pk: int = 123, **person: str) -> Invitation:
    """Unsaved: a name that PostgreSQL would refuse is asked for as well."""
    person = {"email": "fenna@klanten.example", "first_name": "Fenna", "language": "nl"} | person
    return Invitation(pk=pk, campaign=campaign, contact=Contact(**person), message_key=uuid.uuid4())


def press(campaign: Campaign) -> Press:
    return Press.set_up(campaign, Organisation.objects.get())


def build(message: EmailMultiAlternatives) -> bytes:
    """As Django's SMTP backend does; both ways draw the boundary from the same place."""
    random.seed(7)
    return message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]


def compose_both(invitation: Invitation) -> tuple[Any, Any]:
    """The quick mail and Django's, or the errors that they are."""
    found: list[Any] = []
    for compose in (press(invitation.campaign).compose, compose_invitation):
        try:
            found.append(compose(invitation))
        except Exception as error:
            found.append(error)
    return found[0], found[1]


def facts(message: Any) -> list[Any]:
    if not isinstance(message, EmailMultiAlternatives):
        return [type(message), str(message)]
    return [
        message.subject, message.body, message.alternatives, message.from_email, message.to,
        message.reply_to, message.extra_headers | {"Date": ""}, message.metadata,  # type: ignore[attr-defined]
        message.track_opens, message.track_clicks, message.recipients(),  # type: ignore[attr-defined]
    ]  # fmt: skip


def bytes_of(message: Any) -> Any:
    random.seed(7)
    try:
        return message.prepared() if isinstance(message, PreparedMail) else build(message)
    except Exception as error:
        return type(error), str(error)


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    first_name=NAMES,
    last_name=NAMES,
    email=ADDRESSES,
    language=st.sampled_from(["nl", "en", "fr", ""]),
    pk=st.integers(1, 2**40),
)
@example(first_name="", last_name="", email="a@b.example", language="en", pk=1)
@example(first_name="Fenna", last_name="x" * 200, email="a@b.example", language="en", pk=1)
def test_mail_equals_djangos(
    campaign: Campaign, first_name: str, last_name: str, email: str, language: str, pk: int
) -> None:
    invitation = invite(
        campaign, pk, first_name=first_name, last_name=last_name, email=email, language=language
    )

    quick, slow = compose_both(invitation)

    assert facts(quick) == facts(slow)
    if isinstance(slow, EmailMultiAlternatives):
        slow.extra_headers["Date"] = quick.extra_headers["Date"]
        assert bytes_of(quick) == bytes_of(slow)


@settings(max_examples=1000, deadline=None)
@given(name=NAMES, email=ADDRESSES)
def test_to_header_equals_djangos(name: str, email: str) -> None:
    name = " ".join(name.split())
    message = EmailMultiAlternatives("", "", "a@b.example", [_write(name, email)])

    def fold() -> Any:
        try:
            return write_to_header(_write(name, email), name, email)
        except Exception as error:
            return type(error)

    def build_it() -> Any:
        try:
            head = build(message).partition(b"\r\n\r\n")[0] + b"\r\n"
        except Exception as error:
            return type(error)
        return head[head.index(b"To: ") : head.index(b"Date: ")]

    assert fold() == build_it()


def _write(name: str, email: str) -> str:
    from surveys.addresses import write_address

    return write_address(name, email)


@pytest.mark.parametrize(
    ("first_name", "last_name", "is_quick"),
    [
        ("Fenna", "Proef", True),
        ("Zoë", "Ünal", True),
        ("", "Testbedrijf", True),
        ("O'Brien & <Zn>", 'with "quotes"', True),
        ("株式会社 😀", "", True),
        # A sign that nobody sees, or one that a parser may drop: the slow and exact way.
        ("a\u200fb", "", False),
        ("nul\0", "", False),
        ("x" * 101, "", False),
    ],
)
def test_way_a_mail_is_made(
    campaign: Campaign, first_name: str, last_name: str, is_quick: bool
) -> None:
    made = press(campaign).compose(invite(campaign, first_name=first_name, last_name=last_name))

    assert isinstance(made, PreparedMail) is is_quick


def test_name_breaks_no_header(campaign: Campaign) -> None:
    invitation = invite(
        campaign, first_name="Bob\r\nBcc: x@kwaad.example", last_name="\r\n\r\n<html>\r\n.\r\n"
    )

    made = press(campaign).compose(invitation)

    assert isinstance(made, PreparedMail)
    parsed = message_from_bytes(made.prepared(), policy=policy.default)
    assert parsed["Bcc"] is None
    assert [address.addr_spec for address in parsed["To"].addresses] == ["fenna@klanten.example"]
    assert made.envelope == ("vraag@mail.winkel.example", "fenna@klanten.example")
    assert b"\r\n.\r\n" not in made.prepared()


@pytest.mark.parametrize(
    "address",
    ["a@b.example>\r\nRCPT TO:<x@kwaad.example", "a b@c.example", "a@b.example\n", "é@b.c"],
)
def test_address_breaks_no_envelope(campaign: Campaign, address: str) -> None:
    """What is no plain address never comes to the quick way."""
    try:
        made: Any = press(campaign).compose(invite(campaign, email=address))
    except ValueError:
        return
    assert not isinstance(made, PreparedMail)


@pytest.mark.parametrize(
    "company",
    ["Odd\u2028Co", "Long " * 230, "\x0b", "=?utf-8?q?x?=", "🏪" * 50],
    ids=["line separator", "too long", "vertical tab", "encoded word", "emoji"],
)
def test_odd_company_makes_no_difference(campaign: Campaign, company: str) -> None:
    campaign.survey.company = company

    quick, slow = compose_both(invite(campaign, first_name="Zoë"))

    slow.extra_headers["Date"] = quick.extra_headers["Date"]
    assert bytes_of(quick) == bytes_of(slow)


def test_blueprint_that_differs_is_not_used(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(blueprint_module, "escape_text", lambda name: name)
    invitation = invite(campaign)

    made = press(campaign).compose(invitation)

    assert not isinstance(made, PreparedMail)
    assert "cannot be filled in" in caplog.text


EDITS: list[tuple[str, str, Any]] = [
    ("survey", "company", "Andere winkel"),
    ("survey", "address_form", "informal"),
    ("survey", "scale_min", 1),
    ("survey", "languages", ["en"]),
    ("sender", "from_name", "Iemand anders"),
    ("sender", "from_email", "iemand@anders.example"),
    ("sender", "reply_to", ""),
    ("organisation", "name", "Andere naam"),
    ("organisation", "postal_address", "Elders 1"),
    ("organisation", "contact_email", "elders@winkel.example"),
    ("organisation", "privacy_url", "https://winkel.example/privacy"),
    ("organisation", "accent", "#aa3355"),
    ("organisation", "default_language", "en"),
]


@pytest.mark.parametrize(("what", "field", "value"), EDITS)
def test_edit_reaches_the_next_mail(campaign: Campaign, what: str, field: str, value: Any) -> None:
    before = press(campaign).compose(invite(campaign, language=""))
    row: Any = {
        "survey": campaign.survey, "sender": campaign.sender,
        "organisation": Organisation.objects.get(),
    }[what]  # fmt: skip
    setattr(row, field, value)
    row.save()

    quick, slow = compose_both(invite(campaign, language=""))

    assert facts(quick) == facts(slow)
    assert facts(quick)[:8] != facts(before)[:8]
    assert build(quick) != build(before)


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    blueprint_module._kept.clear()
    yield
    blueprint_module._kept.clear()


def test_boundary_is_drawn_as_django_draws_it() -> None:
    random.seed(7)
    ours = f"{random.randrange(2**63 - 1):019d}"
    random.seed(7)

    assert generator.Generator._make_boundary() == f"{'=' * 15}{ours}=="  # type: ignore[attr-defined]
