"""The history of every mail: what is written by itself, by whom, and how it is told."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from npsapp.erasing.erase import erase
from npsapp.exporting import export_person
from npsapp.models import User
from surveys import campaigns
from surveys.history import acting, read_histories
from surveys.models import Campaign, CampaignEvent, Invitation, InvitationEvent
from surveys.replanning import let_go_on
from surveys.sending.claim import claim_due, release_claim
from surveys.sending.ledger import INVITATIONS
from surveys.sending.outcome import retry
from surveys.sending.reap import reap
from surveys.sending.record import record_outcome
from surveys.sending.release import Pass
from surveys.sending.unknown import resolve_unknown, settle_by_evidence
from tests.factories import make_campaign, make_contact, make_invitation, make_sender, make_user
from tests.surveys.sending.smtp_server import CUT, Server

HOUR = dt.timedelta(hours=1)


def events() -> list[tuple[str, str]]:
    return list(InvitationEvent.objects.order_by("pk").values_list("kind", "before"))


def make_always_open() -> Campaign:
    return make_campaign(weekdays=list(range(7)), day_start=dt.time(0), day_end=dt.time(23, 59, 59))


@pytest.mark.django_db(transaction=True)
def test_taking_and_giving_back_leaves_no_trace() -> None:
    invitation = make_invitation(campaign=make_always_open())

    claim = claim_due(
        INVITATIONS, invitation.campaign_id, limit=5, late_too=True, now=timezone.now()
    )
    release_claim(claim)

    assert len(claim.rows) == 1
    assert events() == []


@pytest.mark.django_db(transaction=True)
def test_each_result_is_one_step(smtp: Server, send: Callable[[], Pass]) -> None:
    campaign = make_always_open()
    for _ in range(3):
        make_invitation(campaign=campaign)
    smtp.say(body=["550 5.6.0 no", CUT])

    send()

    assert sorted(events()) == [("failed", "sending"), ("sent", "sending"), ("unknown", "sending")]
    words = dict(InvitationEvent.objects.values_list("kind", "detail"))
    assert words["failed"] == "550 5.6.0 no"


@pytest.mark.django_db(transaction=True)
def test_row_told_to_come_back_was_tried() -> None:
    token = uuid.uuid4()
    invitation = make_invitation(state="claimed", claim_token=token)

    record_outcome(
        INVITATIONS,
        invitation,
        token,
        retry("450 4.2.1 later"),
        sender=invitation.campaign.sender,
        address_hash="",
        now=timezone.now(),
    )

    assert events() == [("scheduled", "claimed")]
    assert "come back later" in read_histories([invitation])[invitation.pk][0].sentence


@pytest.mark.django_db(transaction=True)
def test_worker_that_died_leaves_doubt_which_evidence_ends() -> None:
    past = timezone.now() - HOUR
    invitation = make_invitation(state="sending", intent_at=past, lease_until=past)

    reap()
    invitation.refresh_from_db()
    settle_by_evidence(invitation)

    assert events() == [("unknown", "sending"), ("sent", "unknown")]
    assert InvitationEvent.objects.get(kind="sent").resolution == "evidence"


@pytest.mark.django_db
def test_decision_has_its_person(manager: User) -> None:
    invitation = make_invitation(state="unknown", unknown_since=timezone.now())

    with acting(manager):
        resolve_unknown(invitation, resolution="treat_as_sent", user=manager, now=timezone.now())
    Invitation.objects.update(state="skipped")

    made, later = InvitationEvent.objects.order_by("pk")
    assert (made.actor, made.resolution) == (manager, "treat_as_sent")
    assert later.actor is None


@pytest.mark.django_db
def test_new_word_of_the_provider_is_a_step() -> None:
    invitation = make_invitation(state="sent")

    Invitation.objects.update(delivery_status="bounced")
    Invitation.objects.update(delivery_status="bounced")

    assert events() == [("delivery", "sent")]
    step = read_histories([invitation])[invitation.pk][0]
    assert step.sentence == "Returned: the address does not work."


@pytest.mark.django_db
def test_cancelling_writes_one_step_for_each_who_waited(manager: User) -> None:
    campaign = make_campaign()
    for _ in range(3):
        make_invitation(campaign=campaign)
    make_invitation(campaign=campaign, state="sent")

    campaigns.cancel(campaign, by=manager, now=timezone.now())

    assert InvitationEvent.objects.exclude(actor=manager).count() == 0
    assert events() == [("skipped", "scheduled")] * 3
    assert CampaignEvent.objects.get().kind == "cancelled"
    assert CampaignEvent.objects.get().actor == manager


@pytest.mark.django_db
def test_new_times_are_one_step_of_the_campaign() -> None:
    today = timezone.localdate()
    campaign = make_campaign(first_day=today, weekdays=list(range(7)))
    for _ in range(3):
        make_invitation(campaign=campaign, not_after=timezone.now() + 30 * 24 * HOUR)

    let_go_on(campaign, by=None, now=timezone.now())

    assert events() == []
    assert [event.kind for event in CampaignEvent.objects.all()] == ["caught_up"]


@pytest.mark.django_db
def test_launch_knows_how_many_it_planned() -> None:
    make_contact()
    make_contact(email="")
    campaign = make_campaign(
        state="draft",
        first_day=timezone.localdate() + dt.timedelta(days=1),
        weekdays=list(range(7)),
        sender=make_sender(),
    )
    from tests.factories import make_organisation, make_rehearsal

    make_organisation()
    make_rehearsal(campaign)

    campaigns.launch(
        campaign, previewed=1, terms=campaigns.describe_terms(campaign), now=timezone.now()
    )

    campaign.refresh_from_db()
    assert campaign.planned == campaign.invitations.count() == 2
    assert CampaignEvent.objects.get().kind == "launched"


@pytest.mark.django_db
def test_a_large_change_after_a_small_one_stays_quick() -> None:
    """The trigger's plan is made for one row; it must not compare each row with each."""
    invitation = make_invitation()
    Invitation.objects.filter(pk=invitation.pk).update(state="failed")
    campaign = make_campaign()
    people = [make_contact() for _ in range(2)]
    Invitation.objects.bulk_create(
        Invitation(campaign=campaign, contact=people[0], occasion=str(number), state="scheduled")
        for number in range(4000)
    )
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout TO '20s'")
        Invitation.objects.filter(campaign=campaign).update(state="skipped", reason="cancelled")

    assert InvitationEvent.objects.filter(kind="skipped").count() == 4000


@pytest.mark.django_db
def test_page_of_a_person_tells_the_steps(agent_client: Client, manager: User) -> None:
    invitation = make_invitation(state="unknown", unknown_since=timezone.now())
    with acting(manager):
        resolve_unknown(invitation, resolution="treat_as_sent", user=manager, now=timezone.now())

    page = agent_client.get(f"/contacts/{invitation.contact_id}/").content.decode()

    assert "Somebody decided to treat it as sent." in page
    assert "By Marga Meting." in page


@pytest.mark.django_db
def test_buttons_of_a_campaign_say_who_pressed_them(manager_client: Client, manager: User) -> None:
    campaign = make_campaign()
    make_user()

    manager_client.post(f"/campaigns/{campaign.pk}/pause/")

    assert CampaignEvent.objects.get().actor == manager


@pytest.mark.django_db
def test_erasing_a_person_leaves_steps_without_words() -> None:
    """Also when a name is shared, so that no table is searched for it."""
    invitation = make_invitation(state="sending")
    person = invitation.contact
    assert person is not None
    words = f"550 5.1.1 <{person.email.upper()}>: no such person as P. Proef"
    Invitation.objects.update(state="failed", reason="refused", detail=words)
    assert InvitationEvent.objects.get().detail == words

    erase(person.email, person, user=None, now=timezone.now(), note=False)

    event = InvitationEvent.objects.get(kind="failed")
    assert (event.detail, event.reason) == ("", "refused")


@pytest.mark.django_db
def test_copy_for_a_person_holds_the_steps() -> None:
    invitation = make_invitation(state="sending")
    Invitation.objects.update(state="sent")
    assert invitation.contact is not None

    exported = export_person(invitation.contact, now=timezone.now())

    assert [step["kind"] for step in exported["invitations"][0]["history"]] == ["sent"]
