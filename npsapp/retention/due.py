"""Whose time is over. Every rule here stands in words on the page and in docs/retention.md."""

from __future__ import annotations

import calendar
import datetime as dt

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from closeloop.models import FollowUp, ReceivedMail
from responses.models import Response
from surveys.models import Campaign, Contact, ImportBatch, Invitation, Mail

LEAST_MONTHS, MOST_MONTHS, USUAL_MONTHS = 6, 120, 24
UNDER_WAY = (Campaign.State.RUNNING, Campaign.State.PAUSED)
ON_ITS_WAY = (Invitation.State.SCHEDULED, Invitation.State.CLAIMED, Invitation.State.SENDING)
BEING_IMPORTED = (ImportBatch.State.QUEUED, ImportBatch.State.IMPORTING)


def find_cutoff(months: int, *, now: dt.datetime) -> dt.datetime:
    """Return the same moment so many calendar months ago, or the last day of a shorter month."""
    count = now.year * 12 + now.month - 1 - months
    year, month = divmod(count, 12)
    day = min(now.day, calendar.monthrange(year, month + 1)[1])
    return now.replace(year=year, month=month + 1, day=day)


def find_people(cutoff: dt.datetime) -> QuerySet[Contact]:
    """Those whom nothing has happened with since, and who are part of nothing that goes on."""
    asked = Invitation.objects.filter(contact=OuterRef("pk")).filter(
        Q(campaign__state__in=UNDER_WAY)
        | Q(state__in=ON_ITS_WAY)
        | Q(sent_at__gte=cutoff)
        | Q(unknown_since__gte=cutoff)
        | Q(answered_at__gte=cutoff)
    )
    answered = Response.objects.filter(contact=OuterRef("pk")).filter(_written_since(cutoff))
    followed_up = FollowUp.objects.filter(response__contact=OuterRef("pk"))
    return (
        Contact.objects.filter(updated_at__lt=cutoff)
        .filter(~Exists(asked), ~Exists(answered), ~Exists(followed_up.filter(_lately(cutoff))))
        .order_by("pk")
    )


def find_answers(cutoff: dt.datetime) -> QuerySet[Response]:
    """Old answers that still say whose they are, of people who themselves stay."""
    followed_up = FollowUp.objects.filter(response=OuterRef("pk"))
    named = Q(contact__isnull=False) | ~Q(comment="") | ~Q(external_id="") | ~Q(occasion="")
    return (
        Response.objects.exclude(_written_since(cutoff))
        .filter(named, ~Exists(followed_up.filter(_lately(cutoff))))
        .exclude(invitation__campaign__state__in=UNDER_WAY)
        .order_by("pk")
    )


def find_invitations(cutoff: dt.datetime) -> QuerySet[Invitation]:
    """Those of campaigns that ended long ago; one that was answered goes when its answer does."""
    answered = Response.objects.filter(contact__isnull=False)
    found: QuerySet[Invitation] = (
        Invitation.objects.filter(contact__isnull=False)
        .exclude(campaign__state__in=UNDER_WAY)
        .exclude(state__in=ON_ITS_WAY)
        .alias(
            last=Coalesce("campaign__ended_at", "sent_at", "scheduled_for", "campaign__created_at")
        )
        .filter(last__lt=cutoff)
        .filter(
            ~Exists(answered.filter(invitation=OuterRef("pk"))),
            ~Exists(answered.filter(invitation=OuterRef("first_id"))),
        )
        .order_by("pk")
    )
    return found


def find_mails(cutoff: dt.datetime) -> QuerySet[Mail]:
    """Replies, notices and tests whose words are still kept; not those of an open follow-up."""
    of_open = FollowUp.objects.filter(activities__mail=OuterRef("pk")).filter(_lately(cutoff))
    return (
        Mail.objects.filter(created_at__lt=cutoff)
        .exclude(state__in=ON_ITS_WAY)
        .exclude(subject="", text="", html="")
        .filter(~Exists(of_open))
        .order_by("pk")
    )


def find_strays(cutoff: dt.datetime) -> QuerySet[ReceivedMail]:
    """Mails that came in, belong to no follow-up, and that nobody settled."""
    return ReceivedMail.objects.stray().filter(received_at__lt=cutoff).order_by("pk")


def find_imports(cutoff: dt.datetime) -> QuerySet[ImportBatch]:
    """Files that were brought in and are still kept, whole or in part."""
    return (
        ImportBatch.objects.filter(created_at__lt=cutoff)
        .filter(Q(content__isnull=False) | Q(problem_file__isnull=False))
        .exclude(state__in=BEING_IMPORTED)
        .order_by("pk")
    )


def _written_since(cutoff: dt.datetime) -> Q:
    return Q(answered_at__gte=cutoff) | Q(changed_at__gte=cutoff, changed_at__isnull=False)


def _lately(cutoff: dt.datetime) -> Q:
    """Open, or closed not long ago."""
    return ~Q(state=FollowUp.State.CLOSED) | Q(closed_at__gte=cutoff)
