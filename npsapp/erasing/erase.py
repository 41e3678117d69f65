"""Forgetting one person: the score stays, without anything that says whose it was.

The address stays suppressed by its keyed hash, so that nobody writes to it again after the same
file is imported once more. Rows of the ledger keep their state and their times: the counts of a
campaign do not change because somebody was erased.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet

from closeloop.changing import lock, record
from closeloop.models import Activity, FollowUp
from npsapp.erasing.files import remove_mails
from npsapp.erasing.sweeping import count_files, erase_import_files, sweep_tables
from npsapp.erasing.traces import Traces, find_traces
from npsapp.models import User
from responses.automatic import Sign
from responses.models import Response, ResponseVersion
from surveys.addresses import hash_address
from surveys.models import (
    Contact,
    Delivery,
    Invitation,
    Mail,
    Property,
    ProviderEvent,
    Suppression,
)
from surveys.sending.compose import message_id
from surveys.suppressing import suppress

State = Delivery.State


class CannotEraseNow(Exception):
    """The sentence says what is going on; a minute later it works."""


class MailLeaving(CannotEraseNow):
    pass


class ImportRunning(CannotEraseNow):
    pass


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was taken away, in numbers; nothing of it says whose it was."""

    answers: int = 0
    waiting: int = 0
    mails: int = 0
    previews: int = 0
    problem_files: int = 0
    files: int = 0


def look_ahead(person: Contact) -> dict[str, int]:
    """Return what the confirmation tells: how many rows of each kind there are."""
    traces = find_traces(person.email, person)
    previews, problem_files = count_files(traces)
    return {
        "answers": person.responses.count(),
        "waiting": person.invitations.filter(state__in=[State.SCHEDULED, State.CLAIMED]).count(),
        "mails": _mails_of(person.email, _follow_ups_of(person)).count(),
        "follow_ups": len(_follow_ups_of(person)),
        "previews": previews,
        "problem_files": problem_files,
    }


def erase(address: str, person: Contact | None, *, user: User | None, now: dt.datetime) -> Erasure:
    """Erase everything of a person, or (without one) what is left of an address.

    Safe to repeat: a second call ends what a first one could not. Raises CannotEraseNow.
    """
    with transaction.atomic():
        if person:
            person = Contact.objects.select_for_update().get(pk=person.pk)
            address = person.email
        traces = find_traces(address, person)
        if address:
            suppress(
                hash_address(address),
                scope=Suppression.Scope.ALL,
                reason=Suppression.Reason.ERASED,
            )
        follow_ups = _follow_ups_of(person)
        mails = list(_mails_of(address, follow_ups).select_for_update(of=("self",)))
        written = _erase_mails(mails, now=now)
        waiting = 0
        _erase_events(person, mails, address)
        if person:
            sent, waiting = _erase_invitations(person)
            written |= sent
        for pk in follow_ups:
            _erase_follow_up(pk, user=user, now=now)
        answers = _erase_answers(person) if person else 0
        previews, problem_files = erase_import_files(traces, or_else=ImportRunning)
        if person:
            _delete(person, traces)
        sweep_tables(traces)
    files = remove_mails(traces, message_ids=written)
    return Erasure(answers, waiting, len(mails), previews, problem_files, files)


def _follow_ups_of(person: Contact | None) -> list[int]:
    if person is None:
        return []
    found = FollowUp.objects.filter(response__contact=person).order_by("pk")
    return list(found.values_list("pk", flat=True))


def _mails_of(address: str, follow_ups: list[int]) -> QuerySet[Mail]:
    """Mails to the person, and those to colleagues that quote what the person said."""
    about = Q(activity__follow_up__in=follow_ups)
    for pk in follow_ups:
        about |= Q(dedupe_key__startswith=f"detractor:{pk}:")
    if address:
        about |= Q(to_email__iexact=address) & ~Q(kind=Mail.Kind.TEST)
    return Mail.objects.filter(about).select_related("sender").order_by("pk")


def _refuse_leaving(state: str) -> None:
    if state == State.SENDING:
        raise MailLeaving


def _erase_mails(mails: list[Mail], *, now: dt.datetime) -> set[str]:
    """Empty the mails, stop those that wait; return the Message-IDs of all."""
    ids = set()
    for mail in mails:
        _refuse_leaving(mail.state)
        ids.add(message_id(mail))
        if mail.state in {State.SCHEDULED, State.CLAIMED}:
            mail.state, mail.reason, mail.claim_token = State.SKIPPED, Delivery.Reason.ERASED, None
            mail.lease_until = None
        if mail.kind != Mail.Kind.NOTICE:
            mail.to_email = mail.to_name = mail.address_hash = ""
        mail.subject = mail.text = mail.html = mail.in_reply_to = mail.detail = ""
        mail.provider_id = ""
        mail.save()
    return ids


def _erase_invitations(person: Contact) -> tuple[set[str], int]:
    """Unlink and stop the invitations; return their Message-IDs and how many waited."""
    rows = list(
        person.invitations.select_for_update(of=("self",))
        .select_related("campaign__sender")
        .order_by("pk")
    )
    for row in rows:
        _refuse_leaving(row.state)
    ids = {message_id(row) for row in rows}
    mine = Invitation.objects.filter(pk__in=[row.pk for row in rows])
    waiting = mine.filter(state__in=[State.SCHEDULED, State.CLAIMED]).update(
        state=State.SKIPPED, reason=Delivery.Reason.ERASED, claim_token=None, lease_until=None
    )
    mine.update(contact=None, address_hash="", occasion="", detail="", provider_id="")
    return ids, waiting


def _erase_events(person: Contact | None, mails: list[Mail], address: str) -> None:
    """What mail services told; before the invitations lose their person."""
    keys = {mail.message_key for mail in mails if mail.kind != Mail.Kind.NOTICE}
    if person:
        keys.update(person.invitations.values_list("message_key", flat=True))
    about = Q(message_key__in=keys)
    if address:
        about |= Q(address_hash=hash_address(address))
    ProviderEvent.objects.filter(about).delete()


def _erase_follow_up(pk: int, *, user: User | None, now: dt.datetime) -> None:
    """Empty its timeline. An open one is closed: there is nobody left to react to."""
    follow_up = lock(pk)
    activities = Activity.objects.filter(follow_up=follow_up)
    activities.update(text="")
    for activity in activities.filter(details__has_key="subject"):
        del activity.details["subject"]
        activity.save(update_fields=["details"])
    if follow_up.is_closed:
        return
    details = {
        "outcome": FollowUp.Outcome.OTHER.value,
        "root_cause": "",
        "owner": follow_up.owner_id,
        "contacted": not follow_up.awaiting_contact,
    }
    follow_up.state, follow_up.closed_at = FollowUp.State.CLOSED, now
    follow_up.outcome, follow_up.awaiting_contact = FollowUp.Outcome.OTHER, False
    record(follow_up, Activity.Kind.CLOSED, now=now, user=user, details=details)


def _erase_answers(person: Contact) -> int:
    """Leave score, day and segments; take the words and whatever else names somebody."""
    segments = set(Property.objects.filter(is_segment=True).values_list("key", flat=True))
    answers = list(Response.objects.select_for_update(of=("self",)).filter(contact=person))
    for answer in answers:
        answer.contact = None
        answer.comment = answer.occasion = answer.external_id = ""
        answer.may_contact = None
        answer.properties = {k: v for k, v in answer.properties.items() if k in segments}
        if answer.status_reason not in set(Sign):
            answer.status_reason = ""
        answer.save()
    ResponseVersion.objects.filter(response__in=answers).update(comment="")
    return len(answers)


def _delete(person: Contact, traces: Traces) -> None:
    account = person.account
    person.delete()
    if account and traces.occur_in(account.name) and not account.contacts.exists():
        account.delete()
