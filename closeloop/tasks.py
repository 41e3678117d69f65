"""What the worker does for the follow-ups."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from closeloop import opening, replying


@shared_task(name="closeloop.open_follow_up")
def open_follow_up(response_pk: int) -> None:
    opening.open_follow_up(response_pk, now=timezone.now())


@shared_task(name="closeloop.sweep")
def sweep() -> None:
    """Open what is missing, and take note of what became of replies."""
    now = timezone.now()
    opening.sweep(now=now)
    replying.settle_replies(now=now)
