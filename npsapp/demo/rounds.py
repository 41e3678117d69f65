"""The sample company's past: an import of older answers, finished rounds, one that is running."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from django.db.models import F, OuterRef, Subquery

from npsapp.demo.answers import ANSWERING, Moods, draw_answer
from npsapp.models import User
from npsapp.roles import Role
from responses.automatic import Sign
from responses.models import Response
from surveys.campaign_history import Kind, note
from surveys.models import (
    Campaign,
    Contact,
    ImportBatch,
    Invitation,
    InvitationEvent,
    Sender,
    Survey,
)
from surveys.planning.plan import draw_plan, write_plan

IMPORTED = 320
SEASONS = ("Winter", "Voorjaars", "Zomer", "Najaars")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Whom a campaign asked and when; `ordered` are the days on which they ordered last."""

    survey: Survey
    name: str
    first_day: dt.date
    window_days: int = 30
    ordered: tuple[dt.date, dt.date] | None = None
    seed: str


def name_season(day: dt.date) -> str:
    return f"{SEASONS[day.month % 12 // 3]}ronde {day.year}"


def import_history(
    random: Random, survey: Survey, contacts: list[Contact], moods: Moods, today: dt.date
) -> None:
    """Some hundred answers of a year ago, as a company brings them along; two are left out."""
    batch = ImportBatch.objects.create(
        kind=ImportBatch.Kind.RESPONSES,
        state=ImportBatch.State.IMPORTED,
        file_name="antwoorden-vorig-jaar.csv",
        sha256="0" * 64,
        imported_at=moment(today, -200),
    )
    answers = []
    for number, contact in enumerate(random.sample(contacts, IMPORTED)):
        at = moment(today, -random.randint(290, 424), hour=random.randint(8, 21))
        answer = draw_answer(random, survey, contact, moods, at)
        answer.channel = Response.Channel.IMPORT
        answer.import_batch = batch
        answer.external_id = f"A{number + 1}"
        answers.append(answer)
    # No tallies are kept here or in a round: the sample company is made in an empty database, where
    # no day stands in tallies yet. The job tallies all of them once they are committed.
    manager = User.objects.get(role=Role.MANAGER)
    for answer in answers[:2]:
        answer.status = Response.Status.EXCLUDED
        answer.status_reason = "Stond twee keer in het oude bestand."
        answer.status_by = manager
        answer.status_at = moment(today, -199)
    Response.objects.bulk_create(answers, batch_size=1000)
    # As an import that somebody uploaded leaves it: the page of this one is drawn from it.
    batch.summary = {
        "survey": survey.slug,
        "rows": len(answers),
        "new": len(answers),
        "unchanged": 0,
        "refused": 0,
        "has_ids": True,
        "properties": [],
    }
    batch.save(update_fields=["summary"])


def play_round(
    random: Random,
    asked: Round,
    sender: Sender,
    contacts: Mapping[int, Contact],
    moods: Moods,
    *,
    now: dt.datetime,
) -> Campaign:
    """Plan a round as its manager did, let pass what is past by now, and answer for the people."""
    campaign = Campaign.objects.create(
        survey=asked.survey, name=asked.name, sender=sender, first_day=asked.first_day,
        window_days=asked.window_days, strata=["klantgroep", "bezorging"], seed=asked.seed,
        audience=_describe_audience(asked),
    )  # fmt: skip
    launched_at = moment(asked.first_day, -1, hour=15)
    plan = draw_plan(campaign, now=launched_at)
    write_plan(campaign, plan)
    campaign.launched_at = launched_at
    over = campaign.last_day < now.date()
    campaign.state = Campaign.State.FINISHED if over else Campaign.State.RUNNING
    campaign.ended_at = moment(campaign.last_day, 1) if over else None
    follow_on(campaign)
    campaign.save()
    left_out = sum(plan.left_out.values())
    note(campaign, Kind.LAUNCHED, at=launched_at, mails=plan.mails, left_out=left_out)
    if campaign.ended_at:
        note(campaign, Kind.FINISHED, at=campaign.ended_at)
    hand_over(random, campaign, now=now)
    answer_round(random, campaign, contacts, moods, now=now)
    return campaign


def follow_on(campaign: Campaign) -> None:
    """Make the round the next of the same survey, so that rounds can be compared."""
    before = Campaign.objects.filter(survey=campaign.survey).exclude(pk=campaign.pk)
    campaign.previous = before.order_by("first_day", "pk").last()
    campaign.round = campaign.previous.round + 1 if campaign.previous else 1


def _describe_audience(asked: Round) -> list[dict[str, object]]:
    if asked.ordered is None:
        return []
    return [
        {"property": "besteld_op", "operator": operator, "values": [day.isoformat()]}
        for operator, day in zip(("at_least", "at_most"), asked.ordered, strict=True)
    ]


def hand_over(random: Random, campaign: Campaign, *, now: dt.datetime) -> None:
    """Mark as sent what was due; a few addresses bounce, one server refuses, one leaves a doubt."""
    due = campaign.invitations.filter(state=Invitation.State.SCHEDULED, scheduled_for__lt=now)
    pks = list(due.order_by("pk").values_list("pk", flat=True))
    random.shuffle(pks)
    some = max(1, len(pks) // 100)
    bounced, refused, doubtful = pks[:some], pks[some : some + 2], pks[some + 2 : some + 3]
    if campaign.state != Campaign.State.RUNNING:
        doubtful = []
    due.exclude(pk__in=[*refused, *doubtful]).update(
        state=Invitation.State.SENT,
        sent_at=F("scheduled_for"),
        intent_at=F("scheduled_for"),
        attempt=1,
        delivery_status=Invitation.DeliveryStatus.DELIVERED,
    )
    rows = campaign.invitations
    rows.filter(pk__in=bounced).update(delivery_status=Invitation.DeliveryStatus.BOUNCED)
    rows.filter(pk__in=refused).update(
        state=Invitation.State.FAILED,
        reason=Invitation.Reason.REFUSED,
        detail="550 5.1.1 no such mailbox",
        intent_at=F("scheduled_for"),
        attempt=1,
    )
    # Not long ago: three days later it would be treated as sent.
    just_now = now - dt.timedelta(minutes=50)
    rows.filter(pk__in=doubtful).update(
        state=Invitation.State.UNKNOWN,
        reason=Invitation.Reason.INTERRUPTED,
        detail="Connection unexpectedly closed",
        claimed_by="werkpaard:412",
        scheduled_for=just_now,
        intent_at=just_now,
        unknown_since=just_now,
        attempt=1,
    )
    # Their history was written just now, of what happened when they were due.
    steps = InvitationEvent.objects.filter(invitation__in=rows.values("pk"))
    steps.filter(scheduled_for__isnull=False).update(at=F("scheduled_for"))


def answer_round(
    random: Random,
    campaign: Campaign,
    contacts: Mapping[int, Contact],
    moods: Moods,
    *,
    now: dt.datetime,
) -> None:
    """Let some of those who were asked answer, most of them within a day."""
    asked = campaign.invitations.filter(
        state=Invitation.State.SENT, delivery_status=Invitation.DeliveryStatus.DELIVERED
    )
    answers = []
    rows = asked.order_by("pk").values_list("pk", "contact_id", "sent_at")
    for pk, contact_pk, sent_at in rows:
        if contact_pk is None or sent_at is None:
            continue
        contact = contacts[contact_pk]
        if random.random() > ANSWERING[contact.properties["klantgroep"]]:
            continue
        at = sent_at + dt.timedelta(minutes=4 + random.expovariate(1 / (11 * 60)))
        if at < now:
            answer = draw_answer(random, campaign.survey, contact, moods, at)
            answer.invitation_id = pk
            answers.append(answer)
    if campaign.state == Campaign.State.RUNNING:
        # A scanner at some company pressed a button: a manager has to look at these.
        for answer in answers[20:220:50]:
            answer.status, answer.status_reason = Response.Status.PROVISIONAL, Sign.TOO_FAST
            answer.comment = ""
    Response.objects.bulk_create(answers, batch_size=1000)


def note_answers() -> None:
    """Tell every invitation that it was answered, as recording an answer does."""
    given = Response.objects.filter(invitation=OuterRef("pk")).order_by().values("answered_at")
    Invitation.objects.filter(response__isnull=False).update(answered_at=Subquery(given))


def moment(day: dt.date, days: int, *, hour: int = 9) -> dt.datetime:
    """`days` after `day`, at an hour UTC."""
    return dt.datetime.combine(day + dt.timedelta(days=days), dt.time(hour), dt.UTC)
