"""The only door to a follow-up. Every agent may see every follow-up."""

from __future__ import annotations

from django.shortcuts import get_object_or_404

from closeloop.models import (
    FollowUp,
    Member,
    ReceivedMail,
    ReplyTemplate,
    RootCause,
    WritingRound,
)
from npsapp.models import User

SHOWN = (
    "owner",
    "root_cause",
    "response__survey",
    "response__tester",
    "response__contact__account",
    "response__invitation__campaign",
)


def get_follow_up(pk: int) -> FollowUp:
    return get_object_or_404(FollowUp.everything.select_related(*SHOWN), pk=pk)


def get_test(pk: int) -> FollowUp:
    """The follow-up of a test answer; one of a customer is not found here."""
    return get_object_or_404(FollowUp.everything.tests(), pk=pk)


def get_member(pk: int) -> Member:
    return get_object_or_404(Member.objects.select_related("user"), pk=pk)


def get_root_cause(pk: int) -> RootCause:
    return get_object_or_404(RootCause, pk=pk)


def get_reply_template(pk: int) -> ReplyTemplate:
    return get_object_or_404(ReplyTemplate, pk=pk)


def get_stray_mail(pk: int) -> ReceivedMail:
    """One that was settled meanwhile is found too: whoever comes second is told so."""
    settled = ReceivedMail.objects.exclude(state=ReceivedMail.State.NEW)
    return get_object_or_404(settled, pk=pk)


def get_writing_round(pk: int, user: User) -> WritingRound:
    """One's own only: what somebody set out to write is nobody else's business."""
    return get_object_or_404(WritingRound, pk=pk, user=user)
