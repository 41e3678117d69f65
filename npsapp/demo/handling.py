"""What the sample team did about the answers.

Written in bulk, a year of work in seconds: the rows are those that the functions behind the pages
would have written one by one (tests/npsapp/test_demo.py plays some of them again to compare).
"""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from closeloop.causes import ensure_root_causes
from closeloop.changing import FROZEN, find_target, freeze
from closeloop.models import Activity, FollowUp, Member, RootCause
from npsapp.demo.words import CALL, NOTES, REPLIES, SUBJECTS
from npsapp.models import User
from responses.models import Category, Response
from surveys.models import Mail, Organisation, Sender, get_organisation

Outcome, Kind = FollowUp.Outcome, Activity.Kind
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
BATCH = 1000


@dataclass(slots=True)
class Desk:
    """The team at work: whose turn it is, and what has been written down so far."""

    random: Random
    members: list[User]
    causes: list[RootCause]
    organisation: Organisation
    sender: Sender
    now: dt.datetime
    loads: list[int] = field(default_factory=list)
    closings: list[tuple[dt.datetime, int]] = field(default_factory=list)
    follow_ups: list[FollowUp] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    mails: list[tuple[FollowUp, Mail]] = field(default_factory=list)

    def next_member(self, at: dt.datetime) -> int:
        """The one with the fewest open follow-ups at that moment, as closeloop.assigning has it."""
        while self.closings and self.closings[0][0] <= at:
            self.loads[heapq.heappop(self.closings)[1]] -= 1
        return min(range(len(self.members)), key=lambda index: (self.loads[index], index))

    def record(
        self,
        follow_up: FollowUp,
        kind: Activity.Kind,
        at: dt.datetime,
        *,
        details: Mapping[str, object] | None = None,
        **fields: object,
    ) -> None:
        """Write the next line of a timeline, as closeloop.changing does."""
        frozen = freeze(follow_up, now=at) if kind in FROZEN else {}
        follow_up.version += 1
        self.activities.append(
            Activity(
                follow_up=follow_up,
                kind=kind,
                at=at,
                version=follow_up.version,
                actor=follow_up.owner,
                details=frozen | dict(details or {}),
                **fields,
            )
        )


def handle_answers(random: Random, *, now: dt.datetime) -> None:
    """Open a follow-up for every answer and work most of the older ones off."""
    organisation = get_organisation()
    ensure_root_causes(language=organisation.default_language)
    members = [member.user for member in Member.objects.order_by("pk").select_related("user")]
    desk = Desk(
        random=random,
        members=members,
        causes=list(RootCause.objects.order_by("pk")),
        organisation=organisation,
        sender=Sender.objects.get(lane=Sender.Lane.TRANSACTIONAL),
        now=now,
        loads=[0] * len(members),
    )
    answers = Response.objects.counted().collected().select_related("contact")
    for response in answers.order_by("answered_at", "pk"):
        work_on(desk, response)
    FollowUp.objects.bulk_create(desk.follow_ups, batch_size=BATCH)
    for follow_up, mail in desk.mails:
        mail.dedupe_key = f"sample-reply-{follow_up.pk}"
    Mail.objects.bulk_create([mail for _, mail in desk.mails], batch_size=BATCH)
    Activity.objects.bulk_create(desk.activities, batch_size=BATCH)


def work_on(desk: Desk, response: Response) -> None:
    random, now = desk.random, desk.now
    # A few of the newest came in while nobody was on duty, and wait for an owner.
    is_new = now - response.answered_at < dt.timedelta(days=3)
    nobody = is_new and random.random() < 0.2
    opened_at = min(response.answered_at + dt.timedelta(seconds=20), now)
    turn = None if nobody else desk.next_member(opened_at)
    follow_up = open_one(desk, response, turn, at=opened_at)
    age = now - opened_at
    if turn is None:
        return
    desk.loads[turn] += 1
    if random.random() > next(chance for limit, chance in HANDLED if age < limit):
        return
    contacted_at = respond(desk, follow_up, response)
    if age > dt.timedelta(days=2):
        closed_at = min(contacted_at + dt.timedelta(days=1), now)
        finish(desk, follow_up, response, at=closed_at)
        heapq.heappush(desk.closings, (closed_at, turn))


def open_one(desk: Desk, response: Response, turn: int | None, *, at: dt.datetime) -> FollowUp:
    owner = None if turn is None else desk.members[turn]
    follow_up = FollowUp(
        response=response,
        owner=owner,
        opened_at=at,
        due_at=find_target(
            response.category, since=response.answered_at, organisation=desk.organisation
        ),
        known_score=response.score,
        answer_seen_at=response.answered_at,
        version=0,
    )
    details = {"score": response.score, "to": owner and owner.pk, "to_name": str(owner or "")}
    desk.record(follow_up, Kind.OPENED, at, details=details)
    desk.activities[-1].actor = None
    desk.follow_ups.append(follow_up)
    return follow_up


def respond(desk: Desk, follow_up: FollowUp, response: Response) -> dt.datetime:
    """Reply, to a detractor perhaps after a note and a call; return when they heard from us."""
    random, opened_at = desk.random, follow_up.opened_at
    at = min(
        follow_up.due_at - random.random() * (follow_up.due_at - opened_at) * 0.9,
        desk.now - dt.timedelta(minutes=5),
    )
    at = max(at, opened_at)
    if response.category == Category.DETRACTOR:
        if random.random() < 0.4:
            noted_at = opened_at + (at - opened_at) / 2
            desk.record(follow_up, Kind.NOTE, noted_at, text=random.choice(NOTES))
        if random.random() < 0.5:
            desk.record(
                follow_up, Kind.CALL, at, text=CALL, details={"reached": True, "outcome": "reached"}
            )
    follow_up.state = FollowUp.State.IN_PROGRESS
    follow_up.awaiting_contact = False
    follow_up.first_contacted_at = at
    if contact := response.contact:
        # As one that left long ago: the sample data mails nobody about its past.
        mail = Mail(
            sender=desk.sender, kind=Mail.Kind.REPLY, to_email=contact.email,
            to_name=contact.full_name, address_hash=contact.address_hash,
            subject=SUBJECTS[contact.language],
            text=REPLIES[response.category][contact.language], state=Mail.State.SENT,
            sent_at=at, scheduled_for=at, attempt=1, created_by=follow_up.owner,
        )  # fmt: skip
        desk.mails.append((follow_up, mail))
        desk.record(follow_up, Kind.REPLY, at, text=mail.text, mail=mail, mail_settled_at=at)
    return at


def finish(desk: Desk, follow_up: FollowUp, response: Response, *, at: dt.datetime) -> None:
    random = desk.random
    category = Category(response.category)
    cause = random.choices(desk.causes, range(len(desk.causes), 0, -1))[0]
    before = follow_up.state
    follow_up.state = FollowUp.State.CLOSED
    follow_up.closed_at = at
    follow_up.outcome = random.choice(OUTCOMES[category])
    follow_up.root_cause = cause if category == Category.DETRACTOR else None
    details = {
        "outcome": str(follow_up.outcome),
        "root_cause": str(follow_up.root_cause or ""),
        "contacted": True,
        "state": str(before),
    }
    desk.record(follow_up, Kind.CLOSED, at, details=details)
