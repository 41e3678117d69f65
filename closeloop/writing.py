"""Writing to many people, one after the other: each mail is looked at before it leaves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from closeloop.assigning import take
from closeloop.closing import Closing
from closeloop.drafting import discard_draft, save_draft
from closeloop.letters import choose_suiting
from closeloop.models import Draft as Kept
from closeloop.models import FollowUp, ReplyTemplate, RoundItem, WritingRound
from closeloop.models.followup import FollowUpQuerySet
from closeloop.replying import Draft, draft_reply, send_reply
from npsapp.models import User

MOST = 500
State = RoundItem.State


@dataclass(frozen=True, slots=True)
class Progress:
    """`number` of `total`: where one is. Those whom a colleague reached meanwhile are `passed`."""

    total: int
    number: int
    sent: int
    skipped: int
    passed: int

    @property
    def left(self) -> int:
        return self.total - self.number + 1

    @property
    def done(self) -> int:
        return self.number - 1


def find_candidates(
    category: str, *, owners: str, user: User, now: dt.datetime
) -> FollowUpQuerySet:
    """Open follow-ups of a category whose person waits and may be written to."""
    whose = {
        "mine": Q(owner=user),
        "unassigned": Q(owner__isnull=True),
        "both": Q(owner=user) | Q(owner__isnull=True),
    }[owners]
    return (
        FollowUp.objects.open()
        .awake(now)
        .reachable()
        .filter(whose, awaiting_contact=True, response__category=category)
        .in_order()
    )


def count_candidates(category: str, *, user: User, now: dt.datetime) -> dict[str, int]:
    def count(owners: str) -> int:
        return find_candidates(category, owners=owners, user=user, now=now).count()

    mine, unassigned = count("mine"), count("unassigned")
    return {"mine": mine, "unassigned": unassigned, "both": mine + unassigned}


@transaction.atomic
def start_round(
    follow_ups: QuerySet[FollowUp],
    *,
    category: str,
    templates: Iterable[ReplyTemplate],
    user: User,
    now: dt.datetime,
) -> WritingRound | None:
    """Put the follow-ups in a row, in their order; None when there are none."""
    chosen = list(follow_ups.values_list("pk", flat=True)[:MOST])
    if not chosen:
        return None
    started = WritingRound.objects.create(user=user, category=category, started_at=now)
    started.templates.set(templates)
    RoundItem.objects.bulk_create(
        RoundItem(round=started, follow_up_id=pk, position=position)
        for position, pk in enumerate(chosen, 1)
    )
    return started


def list_unfinished(user: User) -> list[tuple[WritingRound, Progress]]:
    """Rounds that somebody left, newest first."""
    rounds = WritingRound.objects.filter(user=user, items__in=RoundItem.objects.waiting())
    return [(each, measure(each)) for each in rounds.distinct()]


def find_current(writing_round: WritingRound) -> RoundItem | None:
    """The next one who still waits. Nothing is written: leaving and coming back finds the same."""
    return writing_round.items.waiting().order_by("position").first()


def measure(writing_round: WritingRound) -> Progress:
    counts = writing_round.items.aggregate(
        total=Count("pk"),
        sent=Count("pk", filter=Q(state__in=[State.SENT, State.CLOSED])),
        skipped=Count("pk", filter=Q(state=State.SKIPPED)),
    )
    left = writing_round.items.waiting().count()
    total = counts["total"]
    passed = total - left - counts["sent"] - counts["skipped"]
    return Progress(total, total - left + 1, counts["sent"], counts["skipped"], passed)


def draft_for(item: RoundItem, follow_up: FollowUp, *, user: User) -> Draft:
    template = choose_suiting(item.round.templates.all(), follow_up.response)
    return draft_reply(follow_up, user=user, template=str(template.pk) if template else None)


def keep_words(
    item: RoundItem,
    follow_up: FollowUp,
    *,
    subject: str,
    text: str,
    user: User,
    version: int,
    now: dt.datetime,
) -> Kept | None:
    """Keep what somebody typed and did not send as their draft; what was proposed is none."""
    proposed = draft_for(item, follow_up, user=user)
    if (subject.strip(), text.strip()) == (proposed.subject.strip(), proposed.text.strip()):
        text = ""
    return save_draft(
        follow_up,
        Kept.Kind.REPLY,
        subject=subject,
        text=text,
        user=user,
        version=version,
        now=now,
    )


def send_item(
    item: RoundItem,
    *,
    subject: str,
    text: str,
    user: User,
    version: int,
    now: dt.datetime,
    closing: Closing | None = None,
) -> None:
    """Send one of a round; what nobody had becomes one's own. Raises what `send_reply` does."""
    with transaction.atomic():
        follow_up = item.follow_up
        if follow_up.owner_id is None and not follow_up.is_closed:
            follow_up = take(follow_up, user=user, version=version, now=now)
            version = follow_up.version
        send_reply(
            follow_up,
            subject=subject,
            text=text,
            user=user,
            version=version,
            now=now,
            closing=closing,
        )
        settle_item(item, State.CLOSED if closing else State.SENT)
        discard_draft(follow_up, Kept.Kind.REPLY, user=user)


def settle_item(item: RoundItem, state: RoundItem.State) -> None:
    RoundItem.objects.filter(pk=item.pk, state=State.WAITING).update(state=state)
