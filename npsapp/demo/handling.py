"""What the sample team did about the answers, through the same functions as the pages use."""

from __future__ import annotations

import datetime as dt
from random import Random

from django.db import transaction

from closeloop.changing import lock, note_contact, record
from closeloop.closing import Closing, close
from closeloop.models import Activity, FollowUp, Member, RootCause
from closeloop.noting import add_note, log_call
from closeloop.opening import open_follow_up
from npsapp.demo.words import NOTES, REPLIES, SUBJECTS
from npsapp.models import User
from responses.models import Category, Response
from surveys.models import Mail, Sender

Outcome = FollowUp.Outcome
OUTCOMES = {
    Category.DETRACTOR: [Outcome.SOLVED, Outcome.SOLVED, Outcome.EXPLAINED, Outcome.NO_REPLY],
    Category.PASSIVE: [Outcome.NOTED, Outcome.EXPLAINED, Outcome.NO_REPLY],
    Category.PROMOTER: [Outcome.THANKED, Outcome.THANKED, Outcome.NO_REPLY],
}
# How likely an answer of that age has been dealt with: the newest wait their turn, and of the
# older ones a few are overdue, as in a real team.
HANDLED = [
    (dt.timedelta(days=1), 0.2),
    (dt.timedelta(days=4), 0.6),
    (dt.timedelta(days=9), 0.92),
    (dt.timedelta.max, 1.0),
]


def handle_answers(random: Random, *, now: dt.datetime) -> None:
    """Open a follow-up for every answer and work most of the older ones off."""
    sender = Sender.objects.get(lane=Sender.Lane.TRANSACTIONAL)
    answers = Response.objects.counted().collected().order_by("answered_at")
    for response in answers:
        # A few of the newest came in while nobody was on duty, and wait for an owner.
        is_new = now - response.answered_at < dt.timedelta(days=3)
        Member.objects.update(on_duty=not (is_new and random.random() < 0.2))
        opened_at = response.answered_at + dt.timedelta(seconds=20)
        follow_up = open_follow_up(response.pk, now=opened_at, announce=False)
        if follow_up is not None and follow_up.owner is not None:
            handle(random, follow_up, follow_up.owner, sender, now=now)
    Member.objects.update(on_duty=True)


def handle(
    random: Random, follow_up: FollowUp, owner: User, sender: Sender, *, now: dt.datetime
) -> None:
    opened_at = follow_up.opened_at
    age = now - opened_at
    if random.random() > next(chance for limit, chance in HANDLED if age < limit):
        return
    contacted_at = min(
        follow_up.due_at - random.random() * (follow_up.due_at - opened_at) * 0.9,
        now - dt.timedelta(minutes=5),
    )
    if follow_up.response.category == Category.DETRACTOR:
        if random.random() < 0.4:
            add_note(
                follow_up, text=random.choice(NOTES), user=owner,
                version=follow_up.version, now=opened_at + (contacted_at - opened_at) / 2,
            )  # fmt: skip
        if random.random() < 0.5:
            follow_up.refresh_from_db()
            log_call(
                follow_up, reached=True, text="Gebeld en excuses gemaakt.", user=owner,
                version=follow_up.version, now=contacted_at,
            )  # fmt: skip
    keep_reply(follow_up, owner, sender, at=contacted_at)
    if age > dt.timedelta(days=2):
        finish(random, follow_up, owner, at=min(contacted_at + dt.timedelta(days=1), now))


def keep_reply(follow_up: FollowUp, owner: User, sender: Sender, *, at: dt.datetime) -> None:
    """Write a reply as one that left long ago: the sample data mails nobody about its past."""
    response = follow_up.response
    contact = response.contact
    if contact is None:
        return
    text = REPLIES[response.category][contact.language]
    mail = Mail.objects.create(
        sender=sender, kind=Mail.Kind.REPLY, dedupe_key=f"sample-reply-{follow_up.pk}",
        to_email=contact.email, to_name=contact.full_name, subject=SUBJECTS[contact.language],
        text=text, state=Mail.State.SENT, sent_at=at, scheduled_for=at, attempt=1, created_by=owner,
    )  # fmt: skip
    with transaction.atomic():
        fresh = lock(follow_up.pk)
        fresh.state = FollowUp.State.IN_PROGRESS
        note_contact(fresh, at=at)
        reply = record(fresh, Activity.Kind.REPLY, now=at, user=owner, text=text, mail=mail)
        reply.mail_settled_at = at
        reply.save(update_fields=["mail_settled_at"])


def finish(random: Random, follow_up: FollowUp, owner: User, *, at: dt.datetime) -> None:
    follow_up.refresh_from_db()
    category = Category(follow_up.response.category)
    causes = list(RootCause.objects.order_by("pk"))
    cause = random.choices(causes, range(len(causes), 0, -1))[0]
    closing = Closing(
        outcome=random.choice(OUTCOMES[category]),
        root_cause=cause if category == Category.DETRACTOR else None,
    )
    close(follow_up, closing, user=owner, version=follow_up.version, now=at)
