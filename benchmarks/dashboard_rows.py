"""Answers by the million, brought in by COPY: three years of them, with 40 values of a property.

Nine in ten are history that was imported. Of the others each has its invitation and its follow-up,
and two more people were asked who did not answer.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from random import Random

from django.db import connection

from npsapp.models import User
from surveys.models import Campaign, Contact, Organisation, Property, Sender, Survey

REGIONS, PRODUCTS = 40, 5
MOST_REVENUE = 50_000
DAYS = 3 * 365
CAMPAIGNS = 36
ASKED_PER_ANSWER = 3
# One in so many answers was collected by mail, has words, or (of the collected ones, one in a
# hundred) is left out of the count.
MAILED, WORDY, LEFT_OUT = 10, 10, 1000
SCORES = [0, 2, 4, 5, 6, 7, 7, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10]
BLOCK = 20_000
WORDS = ("De", "levering", "was", "snel", "en", "de", "factuur", "klopte", "niet")

Row = tuple[object, ...]
_RESPONSES = (
    "id survey_id contact_id invitation_id scale_min score comment language channel occasion "
    "external_id properties status status_reason may_contact answered_at"
)
_INVITATIONS = (
    "id campaign_id contact_id occasion sequence stratum order_key state reason detail resolution "
    "address_hash message_key claimed_by claims attempt retries sent_at provider_id "
    "delivery_status answered_at scheduled_for"
)
_FOLLOW_UPS = (
    "response_id owner_id state opened_at due_at awaiting_contact first_contacted_at wants_contact "
    "closed_at outcome known_score answer_seen_at version is_test"
)

_FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
      FROM pg_constraint
     WHERE contype = 'f' AND conrelid::regclass::text = ANY (%s)
"""
# Those of a constraint stay: no two rows may be alike meanwhile.
_INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
      FROM pg_index
     WHERE indrelid::regclass::text = ANY (%s) AND NOT indisunique
"""


def load(
    rows: int, *, now: dt.datetime, tell: Callable[[str], None] = lambda _said: None
) -> Survey:
    """Fill an empty database; return the survey."""
    Organisation.objects.create(pk=1, name="Voorbeeld", first_steps_closed_at=now)
    for key, label in (("region", "Regio"), ("product", "Product")):
        Property.objects.create(key=key, label=label, is_segment=True)
    Property.objects.create(key="revenue", label="Omzet", kind=Property.Kind.MONEY)
    survey = Survey.objects.create(name="Survey", slug="survey", company="Voorbeeld")
    owners = [
        User.objects.create(email=f"t{number}@voorbeeld.example", role="agent")
        for number in range(8)
    ]
    campaigns = _make_campaigns(survey, now)
    contacts = Contact.objects.bulk_create(
        [
            Contact(
                email=f"k{number}@klanten.example",
                address_hash=f"{number:064}",
                last_name=f"Proef {number}",
                properties=_properties(Random(number)),  # noqa: S311  (sample data)
            )
            for number in range(max(100, rows // 100))
        ],
        batch_size=5_000,
    )
    people = [contact.pk for contact in contacts]
    made = _Rows(rows, survey.pk, campaigns, people, [owner.pk for owner in owners], now)
    tables = {
        "surveys_invitation": (_INVITATIONS, made.invitations()),
        "responses_response": (_RESPONSES, made.responses()),
        "closeloop_followup": (_FOLLOW_UPS, made.follow_ups()),
    }
    with _indexed_afterwards(tables):
        for table, (columns, generated) in tables.items():
            copied = _copy(table, columns.split(), generated)
            tell(f"{copied} rows of {table}")
    with connection.cursor() as cursor:
        for table in ("responses_response", "surveys_invitation"):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608
            )
        cursor.execute("VACUUM ANALYZE")
    return survey


def _make_campaigns(survey: Survey, now: dt.datetime) -> list[int]:
    sender = Sender.objects.create(
        name="Sender", from_name="Voorbeeld", from_email="vraag@voorbeeld.example"
    )
    first = (now - dt.timedelta(days=DAYS)).date()
    length = DAYS // CAMPAIGNS
    return [
        Campaign.objects.create(
            name=f"Ronde {number + 1}",
            survey=survey,
            sender=sender,
            round=number + 1,
            state=Campaign.State.FINISHED,
            first_day=first + number * length * dt.timedelta(days=1),
        ).pk
        for number in range(CAMPAIGNS)
    ]


def _properties(random: Random) -> dict[str, str]:
    return {
        "region": f"Regio {random.randrange(REGIONS) + 1}",
        "product": f"Product {random.randrange(PRODUCTS) + 1}",
        "revenue": f"{random.randrange(MOST_REVENUE)}",
    }


@contextmanager
def _indexed_afterwards(tables: Collection[str]) -> Iterator[None]:
    """Take indexes and foreign keys away, and make them of all rows at once at the end.

    Nor is anything noted of each row by a trigger: nothing has been tallied yet.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FOREIGN_KEYS, [list(tables)])
        keys = cursor.fetchall()
        cursor.execute(_INDEXES, [list(tables)])
        indexes = cursor.fetchall()
        for table, name, _definition in keys:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        for _name, definition in indexes:
            cursor.execute(definition)
        for table, name, definition in keys:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def _copy(table: str, columns: Iterable[str], rows: Iterator[Row]) -> int:
    """Lines in PostgreSQL's text format; no value of ours holds a character that it escapes."""
    count, lines = 0, list[str]()
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,
    ):
        for row in rows:
            lines.append("\t".join(r"\N" if cell is None else str(cell) for cell in row) + "\n")
            count += 1
            if len(lines) == BLOCK:
                copy.write("".join(lines))
                lines.clear()
        copy.write("".join(lines))
    return count


class _Rows:
    """The same answers each time they are asked for: three tables are made of them."""

    def __init__(
        self,
        count: int,
        survey: int,
        campaigns: list[int],
        people: list[int],
        owners: list[int],
        now: dt.datetime,
    ) -> None:
        self.count, self.survey, self.campaigns = count, survey, campaigns
        self.people, self.owners, self.now = people, owners, now
        # Imported answers have none, whatever the day.
        self.step = dt.timedelta(days=DAYS) / count

    def at(self, number: int) -> dt.datetime:
        return self.now - (self.count - number) * self.step

    def campaign(self, number: int) -> int:
        return self.campaigns[number * CAMPAIGNS // self.count]

    def score(self, number: int) -> int:
        return SCORES[number * 7919 % len(SCORES)]

    def responses(self) -> Iterator[Row]:
        random = Random(1)  # noqa: S311  (sample data)
        people = len(self.people)
        for number in range(self.count):
            is_mailed = number % MAILED == 0
            status = "counted"
            if number % LEFT_OUT == 0:
                status = "excluded" if number % (2 * LEFT_OUT) else "provisional"
            wordy = number % WORDY == 3 or number % (2 * WORDY) == 0
            yield (
                number + 1,
                self.survey,
                self.people[number % people],
                number * ASKED_PER_ANSWER + 1 if is_mailed else None,
                0,
                self.score(number),
                " ".join(random.choices(WORDS, k=6)) if wordy else "",
                "nl",
                "mail" if is_mailed else "import",
                "",
                "",
                json.dumps(_properties(random)),
                status,
                "",
                None,
                self.at(number).isoformat(),
            )

    def invitations(self) -> Iterator[Row]:
        people = len(self.people)
        for number in range(0, self.count, MAILED):
            answered_at = self.at(number)
            sent_at = answered_at - dt.timedelta(hours=20)
            for other in range(ASKED_PER_ANSWER):
                pk = number * ASKED_PER_ANSWER + 1 + other
                has_bounced = other == 2 and number % (10 * MAILED) == 0
                yield (
                    pk, self.campaign(number), self.people[(number + other) % people],
                    f"{pk}", 0, "", 0, "sent", "", "", "", "0" * 64, uuid.UUID(int=pk), "", 0, 1, 0,
                    sent_at.isoformat(), "", "bounced" if has_bounced else "delivered",
                    answered_at.isoformat() if other == 0 else None, sent_at.isoformat(),
                )  # fmt: skip

    def follow_ups(self) -> Iterator[Row]:
        """Of what is older than two weeks all are closed, most of them after a contact."""
        for number in range(0, self.count, MAILED):
            at = self.at(number)
            is_old = self.now - at > dt.timedelta(days=14)
            reached = at + dt.timedelta(hours=30) if is_old and number % 70 else None
            closed_at = at + dt.timedelta(hours=40) if is_old else None
            yield (
                number + 1,
                self.owners[number // MAILED % len(self.owners)],
                "closed" if is_old else "open",
                at.isoformat(),
                (at + dt.timedelta(days=2)).isoformat(),
                not (is_old and reached),
                reached.isoformat() if reached else None,
                False,
                closed_at.isoformat() if closed_at else None,
                "thanked" if is_old else "",
                self.score(number),
                at.isoformat(),
                1,
                False,
            )
