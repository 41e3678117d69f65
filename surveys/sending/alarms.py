"""The watchdog: what is wrong now becomes an alarm, once per episode, and somebody hears of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from django.db import transaction

from npsapp.roles import Role
from surveys.models import Alarm, Campaign
from surveys.sending.alarm_mail import advise, describe_alarm, tell_begun, tell_ended
from surveys.sending.outcome import FOR_A_PERSON
from surveys.sending.restored import is_held_for_release
from surveys.sending.vitals import MAIL_LATE, MOST_CLOCK_SECONDS, Vitals, measure
from surveys.sending.watch import SILENT_AFTER, last_seen, note_alive

Kind = Alarm.Kind

WATCHDOG = "watchdog"
# A provider's report or an answer settles most doubt within the hour.
DOUBT_MAY_LAST = dt.timedelta(hours=1)
MUCH_DOUBT = 10
# Raised and ended by who checks it, every night, and not by the numbers of now.
CHECKED_ELSEWHERE = (Kind.TALLIES,)
# A server that refuses once or twice is no news.
FAILURES = 3
_A_LITTLE = dt.timedelta(minutes=1)

Facts = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Breach:
    kind: str
    subject: str = ""
    facts: Facts = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.subject


def find_breaches(vitals: Vitals, *, known: Iterable[tuple[str, str]] = ()) -> list[Breach]:
    """Return what is wrong. `known` are the alarms that stand: some end later than they begin."""
    found = [*_about_all(vitals), *_about_campaigns(vitals)]
    found += _about_senders(vitals, set(known))
    found += [Breach(Kind.SILENT, part.name, {"since": _say(part.since)}) for part in vitals.silent]
    return found


def _about_all(vitals: Vitals) -> Iterator[Breach]:
    stopped_at = vitals.organisation.sending_stopped_at
    if stopped_at:
        who = str(vitals.organisation.sending_stopped_by or "")
        yield Breach(Kind.STOPPED, "", {"since": _say(stopped_at), "who": who})
    if vitals.mail_due_since and vitals.now - vitals.mail_due_since > MAIL_LATE:
        yield Breach(Kind.MAILS_OVERDUE, "", {"since": _say(vitals.mail_due_since)})
    since = vitals.unknown_since or vitals.now
    if vitals.unknown >= MUCH_DOUBT or vitals.now - since > DOUBT_MAY_LAST:
        yield Breach(Kind.UNKNOWN, "", {"count": vitals.unknown, "since": _say(since)})
    if vitals.without_result:
        facts: Facts = {
            "count": vitals.without_result,
            "since": _say(vitals.without_result_since),
        }
        yield Breach(Kind.STUCK, "", facts)
    if vitals.clock_apart > MOST_CLOCK_SECONDS:
        yield Breach(Kind.CLOCK, "", {"seconds": round(vitals.clock_apart)})


def _about_campaigns(vitals: Vitals) -> Iterator[Breach]:
    for due in vitals.due:
        if due.is_stuck:
            facts: Facts = {
                "name": due.campaign.name,
                "count": due.mails,
                "since": _say(due.oldest),
            }
            yield Breach(Kind.OVERDUE, str(due.campaign.pk), facts)
    for account in vitals.wrong_accounts:
        facts = {
            "name": account.campaign.name,
            "planned": account.planned,
            "rows": account.rows,
        }
        yield Breach(Kind.LEDGER, str(account.campaign.pk), facts)


def _about_senders(vitals: Vitals, known: set[tuple[str, str]]) -> Iterator[Breach]:
    """A sender in trouble tries now and then; between two tries it is not well."""
    for sender in vitals.senders:
        if sender.is_held_for_release:
            continue  # whoever restored the backup knows
        held_for = (sender.held_until or vitals.now) - vitals.now
        is_held = held_for > dt.timedelta(0)
        if (Kind.HELD, str(sender.pk)) in known:
            is_breach = is_held or sender.failures_in_a_row > 0
        else:
            is_long = held_for >= FOR_A_PERSON - _A_LITTLE
            is_breach = is_held and (is_long or sender.failures_in_a_row >= FAILURES)
        if is_breach:
            facts: Facts = {"name": sender.name, "words": sender.held_reason}
            yield Breach(Kind.HELD, str(sender.pk), facts)


def _say(moment: dt.datetime | None) -> str:
    return moment.isoformat() if moment else ""


def watch(*, now: dt.datetime) -> str:
    """Open and close alarms by the numbers of now, and queue the mails about them."""
    vitals = measure(now=now)
    with transaction.atomic():
        _note_standstill(now)
        standing = {(alarm.kind, alarm.subject): alarm for alarm in list_standing()}
        breaches = {each.key: each for each in find_breaches(vitals, known=standing)}
        for key, breach in breaches.items():
            if key not in standing:
                Alarm.objects.create(
                    kind=breach.kind, subject=breach.subject, facts=breach.facts, opened_at=now
                )
            elif standing[key].facts != breach.facts:
                Alarm.objects.filter(pk=standing[key].pk).update(facts=breach.facts)
        over = [
            alarm.pk
            for key, alarm in standing.items()
            if key not in breaches and alarm.kind not in CHECKED_ELSEWHERE
        ]
        Alarm.objects.filter(pk__in=over).update(closed_at=now)
        tell_begun(now=now)
        tell_ended(now=now)
        note_alive(WATCHDOG, now=now)
    return f"{len(breaches)} alarms stand, {len(over)} are over"


def raise_alarms(kind: Kind, found: Mapping[str, Facts], *, now: dt.datetime) -> None:
    """Open and close the alarms of a kind that something else looks after; `watch` tells of them.

    `found` has the facts of each subject that is in trouble now.
    """
    with transaction.atomic():
        standing = Alarm.objects.filter(kind=kind, closed_at=None)
        standing.exclude(subject__in=found).update(closed_at=now)
        for subject, facts in found.items():
            changes = {"facts": facts}
            begun = changes | {"opened_at": now}
            Alarm.objects.update_or_create(
                kind=kind, subject=subject, closed_at=None, defaults=changes, create_defaults=begun
            )


def list_standing() -> list[Alarm]:
    return list(Alarm.objects.filter(closed_at=None).order_by("opened_at", "pk"))


def list_banners(role: Role) -> list[str]:
    """What stands on every page of managers; what is for the operator only on those of admins.

    Held senders, doubt, silence and a stop have banners of their own.
    """
    kinds = [Kind.OVERDUE, Kind.MAILS_OVERDUE, Kind.STUCK, Kind.LEDGER, Kind.TALLIES]
    if role.covers(Role.ADMIN):
        kinds.append(Kind.CLOCK)
    return [
        f"{describe_alarm(alarm)} {advise(alarm.kind)}"
        for alarm in list_standing()
        if alarm.kind in kinds
    ]


def _note_standstill(now: dt.datetime) -> None:
    """Nobody watched for a while: neither the watchdog nor anything else ran then."""
    seen = last_seen(WATCHDOG)
    # A restored row says when the backup was made, not when somebody watched last.
    if seen is None or now - seen <= SILENT_AFTER or is_held_for_release():
        return
    facts: Facts = {"since": _say(seen), "until": _say(now)}
    is_news = Campaign.objects.running().exists()
    Alarm.objects.create(
        kind=Kind.SILENT,
        subject=WATCHDOG,
        facts=facts,
        opened_at=seen,
        closed_at=now,
        # Its only mail is the one that it is over; on a machine that sends nothing it is no news.
        told_at=now if is_news else None,
    )
