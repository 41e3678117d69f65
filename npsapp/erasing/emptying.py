"""Taking out of rows what says whose they are; scores, states, times and counts stay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from closeloop.changing import lock, record
from closeloop.models import Activity, BulkAct, Draft, FollowUp, ReceivedMail, SavedView
from closeloop.receiving.filing import empty_received
from npsapp.erasing.traces import Traces
from npsapp.models import User
from responses.automatic import Sign
from responses.exclusion import without_words
from responses.models import (
    AnswersAct,
    Response,
    ResponseVersion,
    SavedDashboard,
    SavedFilter,
    Tag,
)
from responses.tallies import ChangedAnswers
from surveys.models import Delivery, Invitation, InvitationEvent, Mail, Property
from surveys.sending.compose import message_id

State = Delivery.State
WAITING = (State.SCHEDULED, State.CLAIMED)
# In the details of an activity: what somebody wrote about the person.
WORDS = ("subject", "what")


class CannotEraseNow(Exception):
    """The sentence says what is going on; a minute later it works."""


class MailLeaving(CannotEraseNow):
    pass


class ImportRunning(CannotEraseNow):
    pass


def _refuse_leaving(state: str) -> None:
    if state == State.SENDING:
        raise MailLeaving


def empty_mails(mails: Iterable[Mail]) -> set[str]:
    """Empty the mails, stop those that wait; return the Message-IDs of all."""
    ids = set()
    for mail in mails:
        _refuse_leaving(mail.state)
        ids.add(message_id(mail))
        if mail.state in WAITING:
            mail.state, mail.reason, mail.claim_token = State.SKIPPED, Delivery.Reason.ERASED, None
            mail.lease_until = None
        if mail.kind != Mail.Kind.NOTICE:
            mail.to_email = mail.to_name = mail.address_hash = ""
        mail.subject = mail.text = mail.html = mail.in_reply_to = mail.detail = ""
        mail.references = mail.provider_id = ""
        mail.save()
    return ids


def empty_received_mails(address: str, follow_ups: Iterable[int], *, now: dt.datetime) -> int:
    """Empty what came from the person, wherever it was put; return how many mails."""
    theirs = Q(activity__follow_up__in=list(follow_ups))
    if address:
        theirs |= Q(from_email__iexact=address)
    mails = ReceivedMail.objects.filter(theirs).select_for_update(of=("self",)).order_by("pk")
    for mail in mails:
        if mail.activity_id:
            Activity.objects.filter(pk=mail.activity_id).update(text="")
        empty_received(mail, now=now)
    return len(mails)


def unlink_invitations(invitations: QuerySet[Invitation]) -> tuple[set[str], int]:
    """Unlink and stop the invitations; return their Message-IDs and how many waited."""
    rows = list(
        invitations.select_for_update(of=("self",))
        .select_related("campaign__sender")
        .order_by("pk")
    )
    for row in rows:
        _refuse_leaving(row.state)
    ids = {message_id(row) for row in rows}
    mine = Invitation.objects.filter(pk__in=[row.pk for row in rows])
    waiting = mine.filter(state__in=WAITING).update(
        state=State.SKIPPED, reason=Delivery.Reason.ERASED, claim_token=None, lease_until=None
    )
    mine.update(contact=None, address_hash="", occasion="", detail="", provider_id="")
    # Their history stays, without what a mail server said: it names the address.
    InvitationEvent.objects.filter(invitation__in=[row.pk for row in rows]).update(detail="")
    return ids, waiting


def empty_follow_up(pk: int, *, user: User | None, now: dt.datetime) -> None:
    """Empty its timeline. An open one is closed: there is nobody left to react to."""
    follow_up = lock(pk)
    activities = Activity.objects.filter(follow_up=follow_up)
    activities.update(text="")
    empty_received_mails("", [pk], now=now)
    for activity in activities.filter(details__has_any_keys=WORDS):
        # What a gesture cost stays a number of the reports; what it was may say who got it.
        activity.details |= {key: "" for key in WORDS if key in activity.details}
        activity.save(update_fields=["details"])
    Draft.objects.filter(follow_up=follow_up).delete()
    if follow_up.is_closed:
        return
    details = {
        "outcome": FollowUp.Outcome.OTHER.value,
        "root_cause": "",
        "owner": follow_up.owner_id,
        "contacted": not follow_up.awaiting_contact,
    }
    follow_up.state, follow_up.closed_at = FollowUp.State.CLOSED, now
    follow_up.snoozed_until = follow_up.returned_at = None
    follow_up.outcome, follow_up.awaiting_contact = FollowUp.Outcome.OTHER, False
    record(follow_up, Activity.Kind.CLOSED, now=now, user=user, details=details)


def erase_tags(traces: Traces) -> None:
    """Tags are words of the team; one that names the person goes from every follow-up."""
    for tag in Tag.objects.all():
        if traces.occur_in(tag.label):
            tag.delete()


def rename_saved_views(traces: Traces) -> None:
    """Take the person out of the names of saved views, numbering those that become the same."""
    kinds: tuple[type[SavedFilter], ...] = (SavedView, SavedDashboard)
    for kind in kinds:
        for view in kind._default_manager.all():
            name = traces.scrub(view.name)
            if name == view.name:
                continue
            theirs: QuerySet[Any] = kind._default_manager.exclude(pk=view.pk)
            is_taken = theirs.filter(user=view.user_id, name__iexact=name).exists()
            view.name = f"{name[:28]} {view.pk}" if is_taken else name
            view.save(update_fields=["name"])


def forget_acts() -> None:
    """What was done to many at once can no longer be taken back: it would write words back."""
    AnswersAct.objects.all().delete()
    BulkAct.objects.all().delete()


def unlink_answers(found: QuerySet[Response], changed: ChangedAnswers) -> int:
    """Leave score, day and segments; take the words and whatever else names somebody.

    What properties went is noted in `changed`, for the tallies at the end of the transaction.
    """
    segments = set(Property.objects.filter(is_segment=True).values_list("key", flat=True))
    answers = list(found.select_for_update(of=("self",)).order_by("pk"))
    for answer in answers:
        changed.regroup(answer)
        answer.contact = None
        answer.comment = answer.occasion = answer.external_id = ""
        answer.may_contact = None
        kept = {k: v for k, v in answer.properties.items() if k in segments}
        changed.note(answer, kept)
        answer.properties = kept
        if answer.status_reason not in set(Sign):
            answer.status_reason = without_words(answer.status_reason)
        answer.save()
    ResponseVersion.objects.filter(response__in=answers).update(comment="")
    return len(answers)
