"""The only door to a follow-up. Every agent may see every follow-up."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from closeloop.models import (
    Absence,
    BulkAct,
    FollowUp,
    Improvement,
    ImprovementVoice,
    Member,
    ReceivedMail,
    ReplyTemplate,
    RootCause,
    SavedView,
    WritingRound,
)
from npsapp.models import User
from npsapp.roles import Role

SHOWN = (
    "owner",
    "root_cause",
    "response__survey",
    "response__tester",
    "response__contact__account",
    "response__invitation__campaign",
    "previous__response",
)


def get_follow_up(pk: int) -> FollowUp:
    return get_object_or_404(
        FollowUp.everything.select_related(*SHOWN).prefetch_related("response__tags"), pk=pk
    )


def get_test(pk: int) -> FollowUp:
    """The follow-up of a test answer; one of a customer is not found here."""
    return get_object_or_404(FollowUp.everything.tests(), pk=pk)


def get_member(pk: int) -> Member:
    return get_object_or_404(Member.objects.select_related("user"), pk=pk)


def get_root_cause(pk: int) -> RootCause:
    return get_object_or_404(RootCause, pk=pk)


def get_own_member(user: User) -> Member:
    """Who is not on the team has no absences either."""
    return get_object_or_404(Member.objects.select_related("user"), user=user)


def get_absence(pk: int, *, of: User | None = None) -> Absence:
    """Any of them, or only one's own."""
    found = Absence.objects.select_related("member__user")
    if of is not None:
        found = found.filter(member__user=of)
    return get_object_or_404(found, pk=pk)


def get_improvement(pk: int) -> Improvement:
    return get_object_or_404(Improvement.objects.select_related("owner", "survey"), pk=pk)


def get_voice(pk: int) -> ImprovementVoice:
    """A customer behind an improvement."""
    return get_object_or_404(
        ImprovementVoice.objects.select_related("improvement", "follow_up__response__contact"),
        pk=pk,
    )


def get_reply_template(pk: int) -> ReplyTemplate:
    return get_object_or_404(ReplyTemplate, pk=pk)


def get_stray_mail(pk: int) -> ReceivedMail:
    """One that was settled meanwhile is found too: whoever comes second is told so."""
    settled = ReceivedMail.objects.exclude(state=ReceivedMail.State.NEW)
    return get_object_or_404(settled, pk=pk)


def get_writing_round(pk: int, user: User) -> WritingRound:
    """One's own only: what somebody set out to write is nobody else's business."""
    return get_object_or_404(WritingRound, pk=pk, user=user)


def get_saved_view(pk: int, *, user: User) -> SavedView:
    """One's own; managers may also change what others share with the team."""
    theirs: QuerySet[SavedView] = SavedView.objects.filter(user=user)
    if user.may(Role.MANAGER):
        theirs = SavedView.objects.visible_to(user)
    return get_object_or_404(theirs, pk=pk)


def get_bulk_act(pk: int, *, user: User, now: dt.datetime) -> BulkAct:
    theirs: QuerySet[BulkAct] = BulkAct.objects.may_take_back(user, now=now)
    return get_object_or_404(theirs, pk=pk)
