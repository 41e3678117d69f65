"""The sample company's past: an import of older answers, a finished round, one that is running."""

from __future__ import annotations

import datetime as dt
from random import Random

from django.db.models import F

from npsapp.demo.words import COMMENTS
from responses.models import Response
from responses.scoring import categorise
from surveys.models import Campaign, Contact, ImportBatch, Invitation, Sender, Survey
from surveys.planning.plan import draw_plan, write_plan

# Chance of each score for each customer group: new customers are the least sure of the shop.
SCORES = {
    "Nieuw": {2: 2, 3: 3, 4: 3, 5: 6, 6: 9, 7: 17, 8: 24, 9: 20, 10: 16},
    "Vast": {1: 1, 3: 2, 5: 3, 6: 5, 7: 11, 8: 21, 9: 29, 10: 28},
    "Zakelijk": {0: 2, 3: 3, 4: 4, 5: 8, 6: 11, 7: 20, 8: 26, 9: 16, 10: 10},
}
ANSWERING = {"Nieuw": 0.24, "Vast": 0.38, "Zakelijk": 0.3}
COMMENTING = {"detractor": 0.75, "passive": 0.45, "promoter": 0.55}


def import_history(random: Random, survey: Survey, contacts: list[Contact], today: dt.date) -> None:
    """Two hundred and some answers of a year ago, as a company brings them along."""
    batch = ImportBatch.objects.create(
        kind=ImportBatch.Kind.RESPONSES,
        state=ImportBatch.State.IMPORTED,
        file_name="antwoorden-vorig-jaar.csv",
        sha256="0" * 64,
        imported_at=moment(today, -200),
    )
    answers = []
    for number, contact in enumerate(random.sample(contacts, 220)):
        at = moment(today, -random.randint(210, 420), hour=random.randint(8, 21))
        answer = write_answer(random, survey, contact, at)
        answer.channel = Response.Channel.IMPORT
        answer.import_batch = batch
        answer.external_id = f"A{number + 1}"
        answers.append(answer)
    Response.objects.bulk_create(answers)
    batch.summary = {"imported": len(answers)}
    batch.save(update_fields=["summary"])


def play_round(
    random: Random,
    survey: Survey,
    sender: Sender,
    *,
    name: str,
    first_day: dt.date,
    now: dt.datetime,
) -> Campaign:
    """Plan a round as its manager did, let pass what is past by now, and answer for the people."""
    campaign = Campaign.objects.create(
        survey=survey, name=name, sender=sender, first_day=first_day, strata=["klantgroep", "land"],
        seed=str(random.getrandbits(32)),
    )  # fmt: skip
    launched_at = moment(first_day, -1, hour=15)
    write_plan(campaign, draw_plan(campaign, now=launched_at))
    campaign.launched_at = launched_at
    over = campaign.last_day < now.date()
    campaign.state = Campaign.State.FINISHED if over else Campaign.State.RUNNING
    campaign.ended_at = moment(campaign.last_day, 1) if over else None
    campaign.save()
    hand_over(random, campaign, now=now)
    answer_round(random, campaign, now=now)
    return campaign


def hand_over(random: Random, campaign: Campaign, *, now: dt.datetime) -> None:
    """Mark as sent what was due; a few addresses bounce, one server refuses, one leaves a doubt."""
    due = campaign.invitations.filter(state=Invitation.State.SCHEDULED, scheduled_for__lt=now)
    pks = list(due.order_by("pk").values_list("pk", flat=True))
    due.update(
        state=Invitation.State.SENT,
        sent_at=F("scheduled_for"),
        intent_at=F("scheduled_for"),
        attempt=1,
        delivery_status=Invitation.DeliveryStatus.DELIVERED,
    )
    random.shuffle(pks)
    bounced, refused, doubtful = pks[:5], pks[5:7], pks[7:8]
    rows = campaign.invitations
    rows.filter(pk__in=bounced).update(delivery_status=Invitation.DeliveryStatus.BOUNCED)
    rows.filter(pk__in=refused).update(
        state=Invitation.State.FAILED,
        reason=Invitation.Reason.REFUSED,
        detail="550 5.1.1 no such mailbox",
        sent_at=None,
        delivery_status="",
    )
    if campaign.state == Campaign.State.RUNNING:
        rows.filter(pk__in=doubtful).update(
            state=Invitation.State.UNKNOWN,
            reason=Invitation.Reason.INTERRUPTED,
            detail="Connection unexpectedly closed",
            unknown_since=F("sent_at"),
            sent_at=None,
            delivery_status="",
        )


def answer_round(random: Random, campaign: Campaign, *, now: dt.datetime) -> None:
    """Let some of those who were asked answer, most of them within a day."""
    asked = campaign.invitations.filter(
        state=Invitation.State.SENT, delivery_status=Invitation.DeliveryStatus.DELIVERED
    )
    answers = []
    for invitation in asked.select_related("contact", "campaign__survey").order_by("pk"):
        contact, sent_at = invitation.contact, invitation.sent_at
        if contact is None or sent_at is None:
            continue
        if random.random() > ANSWERING[contact.properties["klantgroep"]]:
            continue
        at = sent_at + dt.timedelta(minutes=4 + random.expovariate(1 / (11 * 60)))
        if at < now:
            answer = write_answer(random, campaign.survey, contact, at)
            answer.invitation = invitation
            invitation.answered_at = at
            answers.append(answer)
    Response.objects.bulk_create(answers)
    Invitation.objects.bulk_update(
        [answer.invitation for answer in answers if answer.invitation], ["answered_at"]
    )


def write_answer(random: Random, survey: Survey, contact: Contact, at: dt.datetime) -> Response:
    weights = SCORES[contact.properties["klantgroep"]]
    score = random.choices(list(weights), list(weights.values()))[0]
    category = categorise(score)
    comment = ""
    if random.random() < COMMENTING[category]:
        comment = random.choice(COMMENTS[category][contact.language])
    return Response(
        survey=survey,
        contact=contact,
        scale_min=survey.scale_min,
        score=score,
        comment=comment,
        language=contact.language,
        channel=Response.Channel.MAIL,
        properties=contact.properties,
        answered_at=at,
    )


def moment(day: dt.date, days: int, *, hour: int = 9) -> dt.datetime:
    """`days` after `day`, at an hour UTC."""
    return dt.datetime.combine(day + dt.timedelta(days=days), dt.time(hour), dt.UTC)
