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

from closeloop.assigning import Because
from closeloop.causes import ensure_root_causes
from closeloop.changing import FROZEN, find_target, freeze
from closeloop.models import Activity, FollowUp, Member, RootCause
from npsapp.demo.words import CALL, GESTURES, NOTES, REPLIES, STRIKE, SUBJECTS
from npsapp.models import User
from responses.models import Category, Response
from surveys.models import Mail, Organisation, Sender, get_organisation

Outcome, Kind = FollowUp.Outcome, Activity.Kind
OUTCOMES = {
    Category.DETRACTOR: {
        Outcome.SOLVED: 50,
        Outcome.EXPLAINED: 24,
        Outcome.NO_REPLY: 18,
        Outcome.NOT_JUSTIFIED: 8,
    },
    Category.PASSIVE: {Outcome.NOTED: 40, Outcome.EXPLAINED: 32, Outcome.NO_REPLY: 28},
    Category.PROMOTER: {Outcome.THANKED: 70, Outcome.REFERRAL: 8, Outcome.NO_REPLY: 22},
}
# What a follow-up is closed with when nobody could be spoken to, or nobody took the time.
SILENT = {Outcome.NO_ADDRESS: 1, Outcome.WRONG_PERSON: 2, Outcome.OTHER: 3}
CLOSED_SILENTLY = {Category.DETRACTOR: 0.03, Category.PASSIVE: 0.09, Category.PROMOTER: 0.05}
LATE, CALLED, GIVEN = 0.07, 0.5, 0.16
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
    link_answers(desk)
    for follow_up, mail in desk.mails:
        mail.dedupe_key = f"sample-reply-{follow_up.pk}"
    Mail.objects.bulk_create([mail for _, mail in desk.mails], batch_size=BATCH)
    Activity.objects.bulk_create(desk.activities, batch_size=BATCH)


def link_answers(desk: Desk) -> None:
    """Lead from each person's later answer to the one before, as closeloop.linking does."""
    latest: dict[int | None, FollowUp] = {}
    linked = []
    for follow_up in desk.follow_ups:
        contact = follow_up.response.contact_id
        if earlier := latest.get(contact) if contact else None:
            follow_up.previous = earlier
            linked.append(follow_up)
        latest[contact] = follow_up
    FollowUp.objects.bulk_update(linked, ["previous"], batch_size=BATCH)
    for activity in desk.activities:
        if activity.kind == Kind.OPENED:
            activity.details["previous"] = activity.follow_up.previous_id


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
    is_old = age > dt.timedelta(days=9)
    if is_old and random.random() < CLOSED_SILENTLY[Category(response.category)]:
        closed_at = follow_up.due_at
        finish(desk, follow_up, response, at=min(closed_at, now))
        heapq.heappush(desk.closings, (closed_at, turn))
        return
    contacted_at = respond(desk, follow_up, response)
    if age > dt.timedelta(days=2):
        closed_at = min(contacted_at + dt.timedelta(days=1), now)
        if response.category == Category.DETRACTOR and random.random() < GIVEN:
            what, cost = random.choice(GESTURES)
            given_at = contacted_at + (closed_at - contacted_at) / 2
            details = {"what": what, "cost": cost}
            desk.record(follow_up, Kind.GESTURE, given_at, details=details)
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
    details = {
        "score": response.score,
        "to": owner and owner.pk,
        "to_name": str(owner or ""),
        "because": (Because.LOAD if owner else Because.NOBODY).value,
        "previous": None,
    }
    desk.record(follow_up, Kind.OPENED, at, details=details)
    desk.activities[-1].actor = None
    desk.follow_ups.append(follow_up)
    return follow_up


def respond(desk: Desk, follow_up: FollowUp, response: Response) -> dt.datetime:
    """Reply, to a detractor perhaps after a note and a call; return when they heard from us."""
    random, opened_at = desk.random, follow_up.opened_at
    wait = (follow_up.due_at - opened_at) * (1 - random.random() * 0.9)
    if random.random() < LATE:
        wait += dt.timedelta(hours=24 * (0.5 + random.random()))
    at = min(opened_at + wait, desk.now - dt.timedelta(minutes=5))
    at = max(at, opened_at)
    if response.category == Category.DETRACTOR:
        if random.random() < 0.4:
            noted_at = opened_at + (at - opened_at) / 2
            desk.record(follow_up, Kind.NOTE, noted_at, text=random.choice(NOTES))
        if random.random() < CALLED:
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
    before = follow_up.state
    follow_up.state = FollowUp.State.CLOSED
    follow_up.closed_at = at
    outcomes = SILENT if follow_up.awaiting_contact else OUTCOMES[category]
    follow_up.outcome = random.choices(list(outcomes), list(outcomes.values()))[0]
    if category == Category.DETRACTOR:
        follow_up.root_cause = find_cause(desk, response)
    details = {
        "outcome": str(follow_up.outcome),
        "root_cause": str(follow_up.root_cause or ""),
        "contacted": not follow_up.awaiting_contact,
        "state": str(before),
    }
    desk.record(follow_up, Kind.CLOSED, at, details=details)


def find_cause(desk: Desk, response: Response) -> RootCause:
    """Draw one: the first of the list is the most frequent, and lateness is the carrier's."""
    weights = list(range(len(desk.causes), 0, -1))
    if response.comment in STRIKE[response.language]:
        weights[0] *= 20
    elif response.properties.get("bezorging") == "Pakketdienst":
        weights[0] *= 2
    return desk.random.choices(desk.causes, weights)[0]
