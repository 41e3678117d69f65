"""Several answers of one person: each follow-up leads to the one of the answer before it."""

from __future__ import annotations

from closeloop.models import FollowUp
from responses.models import Response


def find_previous(response: Response) -> FollowUp | None:
    """Return the follow-up of the same person's answer before this one."""
    if response.contact_id is None or response.tester_id is not None:
        return None
    earlier = FollowUp.objects.filter(
        response__contact=response.contact_id, response__answered_at__lte=response.answered_at
    )
    return earlier.exclude(response=response).order_by("response__answered_at", "pk").last()


def link_later(follow_up: FollowUp) -> None:
    """Put a new follow-up between its neighbours, should a later answer have been found first."""
    response = follow_up.response
    if response.contact_id is None or follow_up.is_test:
        return
    later = FollowUp.objects.filter(
        response__contact=response.contact_id, response__answered_at__gt=response.answered_at
    )
    following = later.order_by("response__answered_at", "pk").values_list("pk", flat=True).first()
    if following:
        # No change of the follow-up, so neither a version nor a line: only where it leads to.
        FollowUp.objects.filter(pk=following).update(previous=follow_up)
