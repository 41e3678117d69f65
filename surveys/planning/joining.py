"""People who join a campaign under way: each gets a place of their own, and nobody else moves."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from surveys.audience import Condition, find_audience
from surveys.history import note_planned
from surveys.models import Campaign, Contact, Invitation, Organisation, get_organisation
from surveys.planning.judging import (
    Judgement,
    find_waiting,
    judge_audience,
    list_openings_of,
)
from surveys.planning.limits import limit_days
from surveys.planning.openings import Lane, draw_lanes
from surveys.planning.plan import count_already
from surveys.planning.rooms import Rooms, fraction_of

State, Reason = Invitation.State, Invitation.Reason

# Read and written so many at a time: a million newcomers take no more memory than these.
_CHUNK = 2_000

# The number of a newcomer goes on from those whom the campaign has of the same stratum.
_NEWCOMERS = f"""
    WITH {{judged}},
    numbered AS (
        SELECT judged.*,
               row_number() OVER (PARTITION BY reason, lane, stratum
                                      ORDER BY hashint8extended(id, %s), id) - 1 AS turn
          FROM judged
    )
    SELECT id, address_hash, numbered.stratum, lane, reason, release, rests_until,
           turn + COALESCE(known.people, 0), hashint8extended(id, 0)
      FROM numbered
      LEFT JOIN (SELECT stratum, count(*) AS people FROM {Invitation._meta.db_table}
                  WHERE campaign_id = %s AND sequence = 0 GROUP BY stratum) AS known
             ON known.stratum = numbered.stratum
     ORDER BY turn, hashint8extended(id, %s), id
"""  # noqa: S608 - a table of ours


@dataclass(frozen=True, slots=True)
class Addition:
    """How many people join, on which days they are asked, and who is left out and why."""

    mails_by_day: Mapping[dt.date, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    fingerprint: str = ""  # of those who are asked: as many others are not the same people

    @property
    def mails(self) -> int:
        return sum(self.mails_by_day.values())

    @property
    def people(self) -> int:
        return self.mails + sum(self.left_out.values())


@dataclass(frozen=True, slots=True)
class _Newcomer:
    pk: int
    address_hash: str
    stratum: str
    lane: int
    reason: str
    release: int
    rests_until: dt.datetime | None
    number: int
    digest: int


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a newcomer would be asked, or why not."""

    person: _Newcomer
    lane: Lane
    moment: dt.datetime | None
    reason: str


class _Tally:
    """What placing all of them comes to."""

    def __init__(self) -> None:
        self.days: Counter[dt.date] = Counter()
        self.left_out: Counter[str] = Counter()
        self.digest = 0

    def add(self, place: _Place) -> None:
        if place.moment:
            self.days[place.moment.astimezone(place.lane.zone).date()] += 1
            self.digest += place.person.digest
        else:
            self.left_out[place.reason] += 1

    def addition(self) -> Addition:
        fingerprint = f"{self.days.total()}.{self.digest & 0xFFFFFFFFFFFFFFFF:x}"
        return Addition(dict(sorted(self.days.items())), dict(self.left_out), fingerprint)


@dataclass(frozen=True, slots=True)
class Look:
    """What adding people would do: who is asked first and when, who is left out; keys."""

    addition: Addition
    first: Sequence[tuple[int, dt.datetime]]
    left_out: Mapping[str, Sequence[int]]


@transaction.atomic
def look_at_people(campaign: Campaign, *, first: int, named: int, now: dt.datetime) -> Look:
    """Return what `add_people` would do now. Writes nothing.

    With the `first` of those who would be asked, and `named` of each reason of those who would not.
    """
    tally, asked = _Tally(), list[tuple[dt.datetime, int]]()
    left_out: dict[str, list[int]] = defaultdict(list)
    for chunk in _place(campaign, None, now=now):
        for place in chunk:
            tally.add(place)
            if place.moment:
                asked.append((place.moment, place.person.pk))
            elif len(left_out[place.reason]) < named:
                left_out[place.reason].append(place.person.pk)
        asked = sorted(asked)[:first]
    return Look(tally.addition(), [(pk, moment) for moment, pk in asked], dict(left_out))


@transaction.atomic
def add_people(
    campaign: Campaign, *, among: QuerySet[Contact] | None = None, now: dt.datetime
) -> Addition:
    """Give everybody whom the campaign has no row of a place in what is left of its window.

    `among` are the contacts that may join; without it all who meet the audience's conditions. They
    are judged like all others. Those already planned stay where they are, and no day gets more
    than its limit. Who is left out gets a row with the reason. The caller holds the campaign.
    """
    tally = _Tally()
    for chunk in _place(campaign, among, now=now):
        for place in chunk:
            tally.add(place)
        Invitation.objects.bulk_create(_make_row(campaign, place, now) for place in chunk)
    addition = tally.addition()
    note_planned(campaign, addition.people)
    return addition


def _place(
    campaign: Campaign, among: QuerySet[Contact] | None, *, now: dt.datetime
) -> Iterator[list[_Place]]:
    """Find each newcomer a place, or the reason for having none; in chunks."""
    organisation = get_organisation()
    lanes = draw_lanes(campaign, organisation, not_before=now)
    if among is None:
        among = find_audience(Condition.from_json(stored) for stored in campaign.audience)
    known = Invitation.objects.filter(campaign=campaign, contact=OuterRef("pk"))
    newcomers = among.exclude(Exists(known))
    judged = judge_audience(campaign, organisation, lanes, among=newcomers, now=now)
    left = _count_room(campaign, organisation, lanes, now=now)
    rooms = [Rooms(lane.slots, left) for lane in lanes]
    for chunk in _read(campaign, judged):
        places = []
        for person in chunk:
            moment, reason = None, person.reason
            if not reason:
                moment = rooms[person.lane].take(person.number, release=person.release)
                reason = "" if moment else Reason.NO_ROOM.value
            places.append(_Place(person, lanes[person.lane], moment, reason))
        yield places


def _make_row(campaign: Campaign, place: _Place, now: dt.datetime) -> Invitation:
    person, lane = place.person, place.lane
    return Invitation(
        campaign=campaign,
        contact_id=person.pk,
        address_hash=person.address_hash,
        stratum=person.stratum,
        order_key=fraction_of(person.number) / 2**64,
        state=State.SKIPPED if place.reason else State.SCHEDULED,
        reason=place.reason,
        scheduled_for=place.moment,
        not_after=lane.slots[-1].end if lane.slots else None,
        rests_until=person.rests_until,
        skipped_at=now if place.reason else None,
    )


def _read(campaign: Campaign, judged: Judgement) -> Iterator[Iterable[_Newcomer]]:
    statement = _NEWCOMERS.format(judged=judged.statement)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop TO off")
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, [*judged.parameters, judged.seed, campaign.pk, judged.seed])
        with connection.cursor() as other:
            other.execute("SET LOCAL enable_nestloop TO DEFAULT")
        while rows := cursor.fetchmany(_CHUNK):
            yield [_Newcomer(*row) for row in rows]


def _count_room(
    campaign: Campaign, organisation: Organisation, lanes: tuple[Lane, ...], *, now: dt.datetime
) -> dict[dt.date, int] | None:
    """Return how many more mails each day may have; None where there is no limit."""
    today = now.astimezone(organisation.zone).date()
    limits = limit_days(campaign, organisation, today=today)
    if limits is None:
        return None
    taken = count_already(campaign, organisation, lanes, now=now)
    waiting = find_waiting(campaign, lanes)
    rows, openings = list_openings_of(lanes)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH {waiting.statement}, opening (lane, starts, slots) AS (VALUES {rows})
                SELECT once.lane, width_bucket(scheduled_for, starts) AS slot, count(*)
                  FROM once JOIN opening ON opening.lane = once.lane AND slots > 0
                 GROUP BY once.lane, slot""",  # noqa: S608
            [*waiting.parameters, *openings],
        )
        for lane, slot, people in cursor.fetchall():
            # What is overdue leaves on the first day.
            taken[lanes[lane].slots[max(slot, 1) - 1].day] += people
    return {day: max(0, limit - taken[day]) for day, limit in limits.items()}
