"""Forgetting one person: the score stays, without anything that says whose it was.

The address stays suppressed by its keyed hash, so that nobody writes to it again after the same
file is imported once more. Rows of the ledger keep their state and their times: the counts of a
campaign do not change because somebody was erased.
"""

from __future__ import annotations

import datetime as dt
from copy import copy
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from closeloop.models import FollowUp
from npsapp.erasing.emptying import (
    WAITING,
    CannotEraseNow,
    ImportRunning,
    MailLeaving,
    empty_follow_up,
    empty_mails,
    empty_received_mails,
    erase_tags,
    forget_acts,
    rename_saved_views,
    unlink_answers,
    unlink_invitations,
)
from npsapp.erasing.files import remove_mails
from npsapp.erasing.ledger import note_erasure
from npsapp.erasing.sweeping import count_files, erase_import_files, sweep_tables
from npsapp.erasing.traces import Traces, find_traces
from npsapp.models import User
from responses.models import ExportFile, Response
from responses.tallies import ChangedAnswers
from surveys.addresses import hash_address
from surveys.models import Contact, Invitation, Mail, ProviderEvent, Suppression
from surveys.suppressing import suppress

__all__ = ["CannotEraseNow", "Erasure", "ImportRunning", "MailLeaving", "erase", "look_ahead"]


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
        "waiting": person.invitations.filter(state__in=WAITING).count(),
        # The invitations that left are mails to the person as well.
        "mails": _mails_of(person.email, _follow_ups_of(person), _answers_of(person))
        .distinct()
        .count()
        + person.invitations.filter(sent_at__isnull=False).count(),
        "follow_ups": len(_follow_ups_of(person)),
        "previews": previews,
        "problem_files": problem_files,
    }


@dataclass(frozen=True, slots=True)
class Removed:
    """What rows were emptied, and by what the files of the outbox are found that belong to them."""

    erasure: Erasure
    traces: Traces
    message_ids: set[str]


def erase(
    address: str,
    person: Contact | None,
    *,
    user: User | None,
    now: dt.datetime,
    note: bool = True,
) -> Erasure:
    """Erase everything of a person, or (without one) what is left of an address.

    This is what somebody asked for: the address stays suppressed for good, and the erasure is noted
    outside of the database too, so that a restore repeats it (`note=False`: this is that). Safe to
    repeat: a second call ends what a first one could not. Raises CannotEraseNow.
    """
    with transaction.atomic():
        if person:
            # Before the person, as those who answer: they have the invitation first.
            theirs = Invitation.objects.select_for_update().filter(contact=person)
            list(theirs.order_by("pk").values_list("pk"))
            person = Contact.objects.select_for_update().get(pk=person.pk)
            address = person.email
        if address:
            suppress(
                hash_address(address),
                scope=Suppression.Scope.ALL,
                reason=Suppression.Reason.ERASED,
            )
        whose = copy(person)
        removed = remove_rows(address, person, user=user, now=now)
        if note:
            # Last, when nothing can refuse any more, and before it is committed.
            note_erasure(address, whose, now=now)
    files = remove_mails(removed.traces, message_ids=removed.message_ids)
    return replace(removed.erasure, files=files)


def remove_rows(
    address: str, person: Contact | None, *, user: User | None, now: dt.datetime
) -> Removed:
    """Take the person out of all tables, inside the caller's transaction. Suppresses nobody."""
    traces = find_traces(address, person)
    follow_ups = _follow_ups_of(person)
    mails = list(
        _mails_of(address, follow_ups, _answers_of(person)).select_for_update(of=("self",))
    )
    written = empty_mails(mails)
    waiting = 0
    _erase_events(person, mails, address)
    if person:
        sent, waiting = unlink_invitations(person.invitations.all())
        written |= sent
    for pk in follow_ups:
        empty_follow_up(pk, user=user, now=now)
    empty_received_mails(address, [], now=now)
    changed = ChangedAnswers()
    theirs = Response.objects.filter(contact=person)
    answers = unlink_answers(theirs, changed) if person else 0
    previews, problem_files = erase_import_files(traces, or_else=ImportRunning)
    if person:
        _delete(person, traces)
    erase_tags(traces)
    # Files of many people's answers, made a moment ago: whoever needs one asks for it again.
    ExportFile.objects.all().delete()
    forget_acts()
    rename_saved_views(traces)
    sweep_tables(traces, changed)
    # Last: their lock comes after those of all rows.
    changed.keep_tallies()
    erasure = Erasure(answers, waiting, len(mails), previews, problem_files)
    return Removed(erasure, traces, written)


def _follow_ups_of(person: Contact | None) -> list[int]:
    if person is None:
        return []
    found = FollowUp.objects.filter(response__contact=person).order_by("pk")
    return list(found.values_list("pk", flat=True))


def _answers_of(person: Contact | None) -> list[int]:
    return list(person.responses.values_list("pk", flat=True)) if person else []


def _mails_of(address: str, follow_ups: list[int], answers: list[int]) -> QuerySet[Mail]:
    """Mails to the person, and those to colleagues that quote what the person said."""
    about = Q(activity__follow_up__in=follow_ups)
    for pk in follow_ups:
        about |= Q(dedupe_key__startswith=f"detractor:{pk}:")
        # Notices name their follow-ups by address, also those that tell of several at once.
        about |= Q(kind=Mail.Kind.NOTICE, text__contains=reverse("follow_up", args=[pk]))
    for pk in answers:
        # So do the figures by mail, of each comment that they quote.
        about |= Q(kind=Mail.Kind.NOTICE, text__contains=reverse("response", args=[pk]))
    if address:
        about |= Q(to_email__iexact=address) & ~Q(kind=Mail.Kind.TEST)
    return Mail.objects.filter(about).select_related("sender").order_by("pk")


def _erase_events(person: Contact | None, mails: list[Mail], address: str) -> None:
    """What mail services told; before the invitations lose their person."""
    keys = {mail.message_key for mail in mails if mail.kind != Mail.Kind.NOTICE}
    if person:
        keys.update(person.invitations.values_list("message_key", flat=True))
    about = Q(message_key__in=keys)
    if address:
        about |= Q(address_hash=hash_address(address))
    ProviderEvent.objects.filter(about).delete()


def _delete(person: Contact, traces: Traces) -> None:
    account = person.account
    person.delete()
    if account and traces.occur_in(account.name) and not account.contacts.exists():
        account.delete()
