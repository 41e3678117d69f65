"""Follow-ups by the thousand: open ones in every state the queue tells apart, and closed ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from closeloop.models import Activity, FollowUp
from npsapp.models import User
from responses.models import Response, Tag
from surveys.models import Account, Contact, Survey

WORDS = ["doos", "levering", "factuur", "telefoon", "kleur", "retour", "prijs", "website"]
DAY = dt.timedelta(days=1)
BATCH = 5_000


def make_follow_ups(
    count: int, *, survey: Survey, owners: Sequence[User], now: dt.datetime, closed: bool = False
) -> None:
    """Write them with their people, answers, tags and first lines; nobody is mailed."""
    name = "gesloten" if closed else "open"
    first = Contact.objects.count()
    accounts = Account.objects.bulk_create(
        [Account(name=f"Bedrijf {name} {first + number}") for number in range(count // 20 + 1)]
    )
    tags = [Tag.objects.get_or_create(label=word)[0] for word in WORDS[:3]]
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        people = Contact.objects.bulk_create(
            Contact(
                email=f"{name}{first + number}@klanten.example",
                first_name="Fenna",
                last_name=f"Proef{number}",
                language="nl",
                account=accounts[number % len(accounts)],
            )
            for number in numbers
        )
        answers = Response.objects.bulk_create(
            Response(
                survey=survey,
                contact=person,
                scale_min=0,
                score=number % 11,
                comment=f"De {WORDS[number % 8]} was {number} keer nat." if number % 3 else "",
                language="nl",
                channel=Response.Channel.IMPORT,
                properties={"revenue": str(number % 9_000), "region": f"Regio {number % 12}"},
                answered_at=now - number % 90 * DAY,
            )
            for number, person in zip(numbers, people, strict=True)
        )
        rows = FollowUp.objects.bulk_create(
            _make_row(number, answer, owners=owners, now=now, closed=closed)
            for number, answer in zip(numbers, answers, strict=True)
        )
        Activity.objects.bulk_create(
            Activity(follow_up=row, kind=Activity.Kind.OPENED, at=row.opened_at, version=1)
            for row in rows
        )
        through = Response.tags.through
        through.objects.bulk_create(
            through(response_id=row.response_id, tag_id=tags[row.pk % 3].pk)
            for row in rows
            if row.pk % 4
        )


def _make_row(
    number: int, answer: Response, *, owners: Sequence[User], now: dt.datetime, closed: bool
) -> FollowUp:
    fields = {"state": "closed", "outcome": "thanked", "closed_at": now - number % 400 * DAY}
    asleep = now + 2 * DAY if number % 10 == 0 and not closed else None
    return FollowUp(
        response=answer,
        owner=owners[number % len(owners)] if number % 7 else None,
        opened_at=answer.answered_at,
        due_at=now + (number % 20 - 6) * DAY / 4,
        awaiting_contact=not closed and number % 5 != 0,
        wants_contact=number % 17 == 0,
        snoozed_until=asleep,
        known_score=answer.score,
        answer_seen_at=answer.answered_at,
        **(fields if closed else {}),
    )
