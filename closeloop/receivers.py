"""What the follow-ups listen to."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from closeloop import tasks
from responses.signals import response_recorded
from surveys.nudging import nudge


@receiver(response_recorded)
def queue_opening(*, response_pk: int, **_: Any) -> None:
    nudge(tasks.open_follow_up, response_pk)
