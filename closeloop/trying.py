"""Taking the tests out of the queue again, with everything that was written on them."""

from __future__ import annotations

from django.db import transaction

from closeloop.models import FollowUp
from responses.models import Response
from surveys.models import Delivery, Mail


class NotATest(ValueError):
    """What a customer answered is never removed."""


def list_tests() -> list[FollowUp]:
    """All of them, closed ones too, newest first."""
    related = ("owner", "response__survey", "response__tester")
    return list(FollowUp.everything.tests().select_related(*related).order_by("-pk"))


def find_newest_test() -> FollowUp | None:
    return FollowUp.everything.tests().order_by("-pk").first()


def remove_test(follow_up: FollowUp) -> None:
    """Remove the follow-up, its answer and the replies that were tried out on it."""
    if not follow_up.is_test:
        raise NotATest
    _remove([follow_up.response_id])


def remove_tests() -> int:
    """Remove every test answer; return how many there were."""
    return _remove(list(Response.everything.tests().values_list("pk", flat=True)))


@transaction.atomic
def _remove(pks: list[int]) -> int:
    answers = Response.everything.tests().filter(pk__in=pks)
    found = list(answers.select_for_update(of=("self",)).values_list("pk", flat=True))
    # A reply that a worker has in hand stays in the ledger until it has settled.
    replies = Mail.objects.filter(activity__follow_up__response__in=found).exclude(
        state__in=[Delivery.State.CLAIMED, Delivery.State.SENDING]
    )
    mails = list(replies.select_for_update(of=("self",)).values_list("pk", flat=True))
    answers.filter(pk__in=found).delete()
    Mail.objects.filter(pk__in=mails).delete()
    return len(found)
