"""What is still to be done for the people of accounts."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Count

from closeloop.models import FollowUp
from closeloop.models.followup import FollowUpQuerySet
from surveys.models import Account


def count_open(accounts: Collection[int]) -> dict[int, int]:
    """Return how many open follow-ups each account has; those with none are left out."""
    rows = FollowUp.objects.open().filter(response__contact__account__in=accounts).order_by()
    return dict(rows.values_list("response__contact__account").annotate(n=Count("pk")))


def list_open(account: Account) -> FollowUpQuerySet:
    """Return the open follow-ups of an account, what is due first standing first."""
    rows = FollowUp.objects.open().filter(response__contact__account=account).in_order()
    return rows.select_related("owner", "response__contact")
