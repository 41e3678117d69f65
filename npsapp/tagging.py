"""Tags of an answer from wherever they are changed: with a follow-up its timeline says so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from closeloop.changing import lock
from closeloop.models import FollowUp
from closeloop.tagging import change_tags as change_of_follow_up
from npsapp.models import User
from responses.bulk import Write
from responses.models import Response
from responses.tagging import change_tags


def writing_as(user: User, *, now: dt.datetime) -> Write:
    """Return what changes the tags of an answer in the name of `user`."""

    def write(
        response: Response, add: Sequence[str], remove: Sequence[str]
    ) -> tuple[list[str], list[str]]:
        with transaction.atomic():
            pk = FollowUp.objects.filter(response=response).values_list("pk", flat=True).first()
            if pk is None:
                return change_tags(response, add=add, remove=remove)
            return change_of_follow_up(lock(pk), add=add, remove=remove, user=user, now=now)

    return write
