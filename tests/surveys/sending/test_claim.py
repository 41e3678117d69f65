"""Who gets a row, and that nobody else does."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from django.db import transaction
from django.utils import timezone

from surveys.models import Campaign, Invitation
from surveys.sending.claim import Claim, claim_due, release_claim
from surveys.sending.ledger import INVITATIONS, MAILS, InsideTransactionError
from surveys.sending.reap import reap
from surveys.sending.release import send_lane
from surveys.suppressing import suppress
from tests.factories import make_campaign, make_contact, make_invitation, make_mail, make_user
from tests.races import run_at_once

pytestmark = pytest.mark.django_db(transaction=True)


def claim(campaign: Campaign, *, limit: int = 50, late_too: bool = True) -> Claim:
    return claim_due(INVITATIONS, campaign.pk, limit=limit, late_too=late_too, now=timezone.now())


def test_claim_takes_the_oldest_first_up_to_the_limit() -> None:
    campaign = make_campaign()
    now = timezone.now()
    rows = [
        make_invitation(campaign=campaign, scheduled_for=now - dt.timedelta(minutes=minutes))
        for minutes in (1, 3, 2)
    ]

    found = claim(campaign, limit=2)

    assert [row.pk for row in found.rows] == [rows[1].pk, rows[2].pk]
    first = Invitation.objects.get(pk=rows[1].pk)
    assert (first.state, first.claim_token, first.claims) == ("claimed", found.token, 1)
    assert first.lease_until is not None
    assert first.lease_until > now + dt.timedelta(minutes=4)


def test_claim_leaves_what_is_not_due() -> None:
    campaign = make_campaign()
    make_invitation(campaign=campaign, scheduled_for=timezone.now() + dt.timedelta(minutes=1))
    make_invitation(campaign=campaign, state="skipped", reason="answered")
    make_invitation()

    assert claim(campaign).taken == 0


@pytest.mark.parametrize("state", ["draft", "paused", "finished", "cancelled"])
def test_claim_needs_a_running_campaign(state: str) -> None:
    campaign = make_campaign(state=state)
    make_invitation(campaign=campaign)

    assert claim(campaign).taken == 0


def test_claim_races_share_every_row_once() -> None:
    campaign = make_campaign()
    for _ in range(40):
        make_invitation(campaign=campaign)
    taken: list[int] = []

    def work() -> None:
        while (found := claim(campaign, limit=3)).taken:
            taken.extend(row.pk for row in found.rows)

    raised = run_at_once(*[work] * 4)

    assert raised == []
    assert max(Counter(taken).values()) == 1
    assert len(taken) == 40


def test_claim_waits_for_nobody() -> None:
    """A row that another transaction holds is passed over, not waited for."""
    campaign = make_campaign()
    locked = make_invitation(campaign=campaign)
    free = make_invitation(campaign=campaign)
    found: list[int] = []

    with transaction.atomic():
        Invitation.objects.select_for_update().get(pk=locked.pk)
        raised = run_at_once(lambda: found.extend(row.pk for row in claim(campaign).rows))

    assert raised == []
    assert found == [free.pk]


def test_claim_inside_a_transaction_is_refused() -> None:
    campaign = make_campaign()

    with transaction.atomic(), pytest.raises(InsideTransactionError):
        claim(campaign)
    with transaction.atomic(), pytest.raises(InsideTransactionError):
        send_lane(MAILS, now=timezone.now())
    with transaction.atomic(), pytest.raises(InsideTransactionError):
        reap()


def test_claim_skips_what_must_never_leave_with_its_reason() -> None:
    campaign = make_campaign()
    now = timezone.now()
    suppressed = make_invitation(campaign=campaign)
    suppress(suppressed.address_hash, scope="surveys", reason="unsubscribed")
    answered = make_invitation(campaign=campaign, answered_at=now)
    reminder = make_invitation(
        campaign=campaign, contact=answered.contact, sequence=1, first=answered
    )
    late = make_invitation(campaign=campaign, not_after=now - dt.timedelta(seconds=1))
    erased = make_invitation(campaign=campaign)
    Invitation.objects.filter(pk=erased.pk).update(contact=None)
    silent = make_invitation(campaign=campaign, contact=make_contact(email="", external_id="k1"))
    good = make_invitation(campaign=campaign)

    found = claim(campaign)

    reasons = dict(Invitation.objects.values_list("pk", "reason"))
    assert [row.pk for row in found.rows] == [good.pk]
    assert found.taken == 7
    assert reasons == {
        suppressed.pk: "suppressed",
        answered.pk: "answered",
        reminder.pk: "answered",
        late.pk: "window_over",
        erased.pk: "erased",
        silent.pk: "no_address",
        good.pk: "",
    }
    moments = set(Invitation.objects.filter(state="skipped").values_list("skipped_at", flat=True))
    assert len(moments) == 1
    assert all(moment is not None and moment >= now for moment in moments)


def test_claim_judges_a_person_by_the_new_address() -> None:
    invitation = make_invitation()
    other = make_contact()
    suppress(other.address_hash, scope="all", reason="complained")
    contact = invitation.contact
    assert contact is not None
    address_hash = other.address_hash
    other.delete()
    contact.address_hash = address_hash
    contact.save(update_fields=["address_hash"])

    claim(invitation.campaign)

    invitation.refresh_from_db()
    assert (invitation.state, invitation.reason) == ("skipped", "suppressed")


def test_unsubscribing_from_surveys_leaves_replies_alone() -> None:
    mail = make_mail()
    suppress(mail.address_hash, scope="surveys", reason="unsubscribed")

    found = claim_due(MAILS, mail.sender_id, limit=5, late_too=True, now=timezone.now())

    assert [row.pk for row in found.rows] == [mail.pk]


def test_notice_to_somebody_who_was_deactivated_never_leaves() -> None:
    make_user(email="weg@voorbeeld.example", is_active=False)
    make_user(email="hier@voorbeeld.example")
    gone, link, here = (
        make_mail(to_email=to, kind=kind)
        for to, kind in [
            ("weg@voorbeeld.example", "notice"),
            ("weg@voorbeeld.example", "account"),
            ("hier@voorbeeld.example", "notice"),
        ]
    )

    found = [
        row.pk
        for sender in (gone.sender, link.sender, here.sender)
        for row in claim_due(MAILS, sender.pk, limit=9, late_too=True, now=timezone.now()).rows
    ]

    gone.refresh_from_db()
    assert (gone.state, gone.reason) == ("skipped", "suppressed")
    assert sorted(found) == [link.pk, here.pk]


def test_release_gives_back_what_was_not_tried() -> None:
    campaign = make_campaign()
    invitation = make_invitation(campaign=campaign)
    found = claim(campaign)

    release_claim(found)

    invitation.refresh_from_db()
    assert (invitation.state, invitation.claims, invitation.lease_until) == ("scheduled", 0, None)


def test_reaper_returns_expired_claims_and_tries_them_alone() -> None:
    campaign = make_campaign()
    rows = [make_invitation(campaign=campaign) for _ in range(3)]
    claim(campaign)
    Invitation.objects.update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    fresh = make_invitation(campaign=campaign)

    found = reap()

    assert found.returned == 3
    # What is fresh goes first; the suspects follow one by one.
    assert [row.pk for row in claim(campaign).rows] == [fresh.pk]
    assert [row.pk for row in claim(campaign).rows] == [rows[0].pk]
    assert [row.pk for row in claim(campaign).rows] == [rows[1].pk]


def test_reaper_gives_up_a_row_that_kills_its_workers() -> None:
    invitation = make_invitation(claims=5)

    found = reap()

    invitation.refresh_from_db()
    assert found.poisonous == 1
    assert (invitation.state, invitation.reason) == ("failed", "cannot_compose")


def test_reaper_leaves_live_leases() -> None:
    now = timezone.now()
    claimed = make_invitation(state="claimed", lease_until=now + dt.timedelta(minutes=1))
    sending = make_invitation(state="sending", lease_until=now + dt.timedelta(minutes=1))

    reap()

    claimed.refresh_from_db()
    sending.refresh_from_db()
    assert (claimed.state, sending.state) == ("claimed", "sending")


def test_reaper_calls_a_stale_intent_doubtful_unless_there_was_an_answer() -> None:
    now = timezone.now()
    stale = {
        "state": "sending",
        "intent_at": now - dt.timedelta(minutes=20),
        "lease_until": now - dt.timedelta(minutes=8),
    }
    doubtful = make_invitation(**stale)
    answered = make_invitation(**stale, answered_at=now)

    reap()

    doubtful.refresh_from_db()
    answered.refresh_from_db()
    assert (doubtful.state, doubtful.reason) == ("unknown", "crashed")
    assert doubtful.unknown_since == stale["intent_at"]
    assert (answered.state, answered.resolution) == ("sent", "evidence")
