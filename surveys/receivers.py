"""What the surveys listen to: django-anymail, which has checked and read a webhook."""

from __future__ import annotations

from typing import Any

from anymail.signals import AnymailTrackingEvent, tracking
from django.dispatch import receiver
from django.utils import timezone

from surveys.tracking.noting import note_event


@receiver(tracking)
def note_provider_event(*, event: AnymailTrackingEvent, esp_name: str, **_: Any) -> None:
    note_event(event, esp_name, now=timezone.now())
