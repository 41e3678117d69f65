"""What happened to the sample company meanwhile, as its manager wrote it down."""

from __future__ import annotations

import datetime as dt

from npsapp.demo.answers import Moods
from npsapp.models import User
from npsapp.roles import Role
from responses.models import Event
from responses.spans import DAY, shift_months
from surveys.models import Survey


def make_events(after: Survey, moods: Moods, *, now: dt.datetime) -> None:
    """The strike that shows after delivery, a launch, and a price that nobody seems to mind."""
    manager = User.objects.filter(role=Role.MANAGER).get()
    today = now.date()
    strike = moods.strike.replace(day=1)
    events = (
        Event(
            label="Staking bij de pakketdienst", kind=Event.Kind.OUTAGE, survey=after,
            first_day=strike, last_day=shift_months(strike, 1) - DAY,
        ),
        Event(
            label="Nieuwe webwinkel", kind=Event.Kind.LAUNCH, first_day=today - 212 * DAY,
        ),
        Event(
            label="Verzendkosten van € 4,95 naar € 5,95", kind=Event.Kind.PRICE,
            first_day=today - 46 * DAY,
        ),
    )  # fmt: skip
    for event in events:
        event.created_by = manager
        event.created_at = now - (today - event.first_day) + DAY
    Event.objects.bulk_create(events)
