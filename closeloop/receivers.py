"""What the follow-ups listen to."""

from __future__ import annotations

from typing import Any

from anymail.signals import AnymailInboundEvent, inbound
from django.dispatch import receiver
from django.utils import timezone

from closeloop import tasks
from closeloop.receiving.noting import note_mail
from responses.signals import response_recorded
from surveys.nudging import nudge


@receiver(response_recorded)
def queue_opening(*, response_pk: int, **_: Any) -> None:
    nudge(tasks.open_follow_up, response_pk)


@receiver(inbound)
def note_inbound_mail(*, event: AnymailInboundEvent, esp_name: str, **_: Any) -> None:
    """django-anymail has checked who says so and read the mail."""
    note_mail(event, esp_name, now=timezone.now())
    nudge(tasks.file_received)
