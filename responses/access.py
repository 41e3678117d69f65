"""The only door from a request to a response: what is not there is a 404."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from npsapp.models import User
from npsapp.roles import Role
from responses.models import (
    AnswersAct,
    Benchmark,
    DashboardDigest,
    DigestRecipient,
    Event,
    ExportFile,
    Response,
    SavedDashboard,
    SharedDashboard,
)
from surveys.models import ImportBatch


def get_response(pk: int) -> Response:
    """Return a response with what its page shows; raises Http404."""
    return get_object_or_404(
        Response.objects.select_related(
            "survey", "contact__account", "invitation__campaign", "status_by", "follow_up"
        ),
        pk=pk,
    )


def get_answers_act(pk: int, *, user: User, now: dt.datetime) -> AnswersAct:
    theirs: QuerySet[AnswersAct] = AnswersAct.objects.may_take_back(user, now=now)
    return get_object_or_404(theirs, pk=pk)


def get_export(pk: int, *, user: User) -> ExportFile:
    """Return a file that this person asked for, and may still see all of."""
    found = get_object_or_404(ExportFile, pk=pk, user=user)
    if found.with_addresses and not user.may(Role.AGENT):
        raise Http404
    return found


def get_answers_batch(pk: int) -> ImportBatch:
    return get_object_or_404(ImportBatch, pk=pk, kind=ImportBatch.Kind.RESPONSES)


def get_benchmark(pk: int) -> Benchmark:
    return get_object_or_404(Benchmark, pk=pk)


def get_event(pk: int) -> Event:
    return get_object_or_404(Event.objects.select_related("survey"), pk=pk)


def get_shared_dashboard(pk: int) -> SharedDashboard:
    return get_object_or_404(SharedDashboard, pk=pk)


def get_saved_dashboard(pk: int, *, user: User) -> SavedDashboard:
    """Return a view that this person may change: their own, managers also those of the team."""
    theirs: QuerySet[SavedDashboard] = SavedDashboard.objects.filter(user=user)
    if user.may(Role.MANAGER):
        theirs = SavedDashboard.objects.visible_to(user)
    return get_object_or_404(theirs, pk=pk)


def get_digest(pk: int) -> DashboardDigest:
    return get_object_or_404(DashboardDigest, pk=pk)


def get_my_digest(pk: int, *, user: User) -> DigestRecipient:
    """What comes to this person; another's is not theirs to stop."""
    return get_object_or_404(DigestRecipient.objects.select_related("digest"), pk=pk, user=user)
