"""The only door to a follow-up. Every agent may see every follow-up."""

from __future__ import annotations

from django.shortcuts import get_object_or_404

from closeloop.models import FollowUp, Member, RootCause

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
    return get_object_or_404(FollowUp.everything.select_related(*SHOWN), pk=pk)


def get_test(pk: int) -> FollowUp:
    """The follow-up of a test answer; one of a customer is not found here."""
    return get_object_or_404(FollowUp.everything.tests(), pk=pk)


def get_member(pk: int) -> Member:
    return get_object_or_404(Member.objects.select_related("user"), pk=pk)


def get_root_cause(pk: int) -> RootCause:
    return get_object_or_404(RootCause, pk=pk)
