"""What the customer's mail does to the follow-up, and to whom it is told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from closeloop.closing import Closing, close
from closeloop.models import Activity, FollowUp
from closeloop.receiving import filing
from closeloop.replying import send_reply
from npsapp.models import User
from surveys.models import Mail
from tests.closeloop.received_mail import (
    HOUR,
    SENDER,
    bring,
    make_answered,
    postmark_photo,
)
from tests.factories import (
    make_follow_up,
    make_test,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("inbound_services"),
    pytest.mark.filterwarnings("ignore:django-anymail has dropped official support for SendGrid"),
]


# What it does to the follow-up


def test_closed_follow_up_is_reopened_with_the_reason_and_a_new_target(sanne: User) -> None:
    follow_up = make_answered(sanne)
    close(follow_up, Closing("thanked"), user=sanne, version=1, now=timezone.now())

    bring(follow_up)

    follow_up.refresh_from_db()
    kinds = list(follow_up.activities.values_list("kind", flat=True))
    assert (follow_up.state, follow_up.outcome, follow_up.awaiting_contact) == ("open", "", True)
    assert follow_up.due_at > timezone.now()
    assert kinds == ["opened", "closed", "received", "reopened"]
    assert follow_up.activities.get(kind="reopened").details == {"because": "customer_wrote"}


def test_snoozed_follow_up_returns(sanne: User) -> None:
    follow_up = make_answered(sanne, snoozed_until=timezone.now() + dt.timedelta(days=9))

    bring(follow_up)

    follow_up.refresh_from_db()
    assert follow_up.snoozed_until is None
    assert follow_up.returned_at is not None


def test_who_had_heard_from_us_waits_anew_and_who_waited_keeps_the_target(sanne: User) -> None:
    due = timezone.now() - dt.timedelta(days=9)
    heard = make_answered(sanne, due_at=due)
    reply = {"subject": "Re", "text": "Excuus.", "user": sanne, "version": 1}
    send_reply(heard, now=timezone.now(), **reply)  # type: ignore[arg-type]
    waiting = make_follow_up(score=2, due_at=due)

    bring(heard)
    bring(waiting)

    heard.refresh_from_db()
    assert (heard.awaiting_contact, heard.due_at > due) == (True, True)
    assert FollowUp.objects.get(pk=waiting.pk).due_at == due


def test_owner_is_told_once(sanne: User) -> None:
    follow_up = make_answered(sanne)

    bring(follow_up)
    bring(follow_up)

    notice = Mail.objects.get(dedupe_key__startswith="answered:")
    assert (notice.to_email, notice.subject) == ("sanne@voorbeeld.example", "Daan Duin wrote back")
    assert "het pakket is er!" in notice.text


def bring_number(follow_up: FollowUp, number: int, **fields: Any) -> Activity | None:
    bring(follow_up, headers={"Message-ID": f"<{number}@klanten.example>"}, **fields)
    return follow_up.activities.filter(kind="received").order_by("pk").last()


def test_owner_is_told_again_only_after_a_while(sanne: User) -> None:
    follow_up = make_answered(sanne)
    told = Mail.objects.filter(dedupe_key__startswith="answered:")

    bring_number(follow_up, 1)
    bring_number(follow_up, 2)
    assert told.count() == 1
    told.update(created_at=timezone.now() - dt.timedelta(minutes=11))
    bring_number(follow_up, 3)

    assert told.count() == 2


def test_long_mail_is_short_in_the_notice_and_folded_on_the_page(
    sanne: User, agent_client: Client
) -> None:
    follow_up = make_answered(sanne)

    bring(follow_up, TextBody="a" * 50_000)

    html = agent_client.get(follow_up.get_absolute_url()).content.decode()
    assert 1900 < Mail.objects.get(dedupe_key__startswith="answered:").text.count("a") < 2200
    assert f'<p class="talk-text">{"a" * 3999}…</p>' in html
    assert "<summary>The whole mail</summary>" in html


def test_flood_of_mails_is_kept_and_wakes_nobody(
    sanne: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filing, "MOST_AN_HOUR", 2)
    follow_up = make_answered(sanne)
    first, second = bring_number(follow_up, 1), bring_number(follow_up, 2)
    fresh = FollowUp.objects.get(pk=follow_up.pk)
    close(fresh, Closing("thanked"), user=sanne, version=fresh.version, now=timezone.now())

    third = bring_number(follow_up, 3)

    assert [each.received.automatic for each in (first, second, third) if each] == ["", "", "bulk"]
    assert FollowUp.objects.get(pk=follow_up.pk).is_closed


def test_flood_is_over_after_an_hour(sanne: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filing, "MOST_AN_HOUR", 1)
    follow_up = make_answered(sanne)
    bring_number(follow_up, 1)
    Activity.objects.filter(kind="received").update(at=timezone.now() - HOUR)

    activity = bring_number(follow_up, 2)

    assert activity is not None
    assert activity.received.automatic == ""


@pytest.mark.parametrize(
    ("fields", "automatic"),
    [
        ({"headers": {"Auto-Submitted": "auto-replied"}}, "auto_reply"),
        ({"headers": {"Auto-Submitted": "no"}}, ""),
        ({"headers": {"X-Autoreply": "yes"}}, "auto_reply"),
        ({"headers": {"Precedence": "auto_reply"}}, "auto_reply"),
        ({"headers": {"Precedence": "bulk"}}, "bulk"),
        ({"headers": {"List-Id": "<nieuws.klanten.example>"}}, "bulk"),
        ({"headers": {"Return-Path": "<>"}}, "bounce"),
        ({"FromFull": {"Email": "MAILER-DAEMON@klanten.example", "Name": ""}}, "bounce"),
    ],
)
def test_mail_of_a_machine_is_shown_as_such_and_reopens_nothing(
    sanne: User, fields: dict[str, Any], automatic: str
) -> None:
    follow_up = make_answered(sanne)
    close(follow_up, Closing("thanked"), user=sanne, version=1, now=timezone.now())

    activity = bring(follow_up, **fields)

    follow_up.refresh_from_db()
    assert activity is not None
    assert activity.received.automatic == automatic
    assert follow_up.is_closed == bool(automatic)


def test_mail_from_another_address_is_filed_with_a_warning(
    sanne: User, agent_client: Client
) -> None:
    follow_up = make_answered(sanne)

    bring(follow_up, FromFull={"Email": "partner@elders.example", "Name": "Partner"})

    html = agent_client.get(follow_up.get_absolute_url()).content.decode()
    assert "From another address than the customer's: partner@elders.example" in html


def test_nothing_of_a_mail_is_html_on_the_page(sanne: User, agent_client: Client) -> None:
    follow_up = make_answered(sanne)
    evil = "<script>alert(1)</script>"

    bring(
        follow_up,
        TextBody=evil,
        Subject=evil,
        FromFull={"Email": SENDER, "Name": evil},
        Attachments=[postmark_photo(evil)],
    )

    html = agent_client.get(follow_up.get_absolute_url()).content.decode()
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 3
    assert evil not in html


def test_answer_of_a_colleague_to_their_own_test_is_filed(sanne: User) -> None:
    test = make_test(tester=sanne)

    assert bring(test) is not None
