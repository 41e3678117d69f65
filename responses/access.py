"""The only door from a request to a response: what is not there is a 404."""

from __future__ import annotations

from django.http import Http404
from django.shortcuts import get_object_or_404

from npsapp.models import User
from npsapp.roles import Role
from responses.models import AnswersAct, ExportFile, Response
from surveys.models import ImportBatch


def get_response(pk: int) -> Response:
    """Return a response with what its page shows; raises Http404."""
    return get_object_or_404(
        Response.objects.select_related(
            "survey", "contact__account", "invitation__campaign", "status_by", "follow_up"
        ),
        pk=pk,
    )


def get_answers_act(pk: int, *, user: User) -> AnswersAct:
    """Return what somebody did to many answers; only they may take it back."""
    return get_object_or_404(AnswersAct, pk=pk, user=user)


def get_export(pk: int, *, user: User) -> ExportFile:
    """Return a file that this person asked for, and may still see all of."""
    found = get_object_or_404(ExportFile, pk=pk, user=user)
    if found.with_addresses and not user.may(Role.AGENT):
        raise Http404
    return found


def get_answers_batch(pk: int) -> ImportBatch:
    return get_object_or_404(ImportBatch, pk=pk, kind=ImportBatch.Kind.RESPONSES)
