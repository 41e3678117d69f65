"""The only door to a follow-up. Every agent may see every follow-up."""

from __future__ import annotations

from django.shortcuts import get_object_or_404

from closeloop.models import BulkAct, FollowUp, Member, RootCause, SavedView
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
        FollowUp.everything.select_related(*SHOWN).prefetch_related("tags"), pk=pk
    )


def get_test(pk: int) -> FollowUp:
    """The follow-up of a test answer; one of a customer is not found here."""
    return get_object_or_404(FollowUp.everything.tests(), pk=pk)


def get_member(pk: int) -> Member:
    return get_object_or_404(Member.objects.select_related("user"), pk=pk)


def get_root_cause(pk: int) -> RootCause:
    return get_object_or_404(RootCause, pk=pk)


def get_saved_view(pk: int, *, user: User) -> SavedView:
    """One's own; managers may also change what others share with the team."""
    theirs = SavedView.objects.filter(user=user)
    if user.may(Role.MANAGER):
        theirs = SavedView.objects.visible_to(user)
    return get_object_or_404(theirs, pk=pk)


def get_bulk_act(pk: int, *, user: User) -> BulkAct:
    """What somebody did is theirs alone to take back."""
    return get_object_or_404(BulkAct, pk=pk, user=user)
