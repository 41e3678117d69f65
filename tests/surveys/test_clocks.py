"""Time zones of contacts, and what a campaign's form takes of clocks and slow starts."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from surveys.forms.campaign import CampaignForm
from surveys.importing.cells import read_time_zone
from surveys.importing.faults import BadCell
from tests.factories import make_sender, make_survey

NOW = dt.datetime(2026, 10, 1, 8, tzinfo=dt.UTC)


def fill_in(**fields: Any) -> CampaignForm:
    sent = {
        "name": "Najaar", "survey": make_survey().pk, "sender": make_sender().pk,
        "first_day": "2026-10-05", "window_days": "30", "weekdays": ["0", "1"],
        "day_start": "09:00", "day_end": "17:00",
    }  # fmt: skip
    return CampaignForm(sent | fields, now=NOW, zone=ZoneInfo("Europe/Amsterdam"))


@pytest.mark.django_db
def test_clock_is_ours_unless_chosen() -> None:
    form, chosen = fill_in(), fill_in(clock="recipient")

    assert form.is_valid(), form.errors
    assert chosen.is_valid(), chosen.errors
    assert (form.instance.clock, chosen.instance.clock) == ("organisation", "recipient")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"ramp_start": "5", "ramp_days": "10", "daily_limit": "100"}, []),
        ({"ramp_start": "5", "daily_limit": "100"}, ["ramp_days"]),
        ({"ramp_days": "5", "daily_limit": "100"}, ["ramp_start"]),
        ({"ramp_start": "5", "ramp_days": "10"}, ["daily_limit"]),
        ({"ramp_start": "500", "ramp_days": "10", "daily_limit": "100"}, ["ramp_start"]),
    ],
)
def test_slow_start_is_whole_or_absent(fields: dict[str, str], wrong: list[str]) -> None:
    assert list(fill_in(**fields).errors) == wrong


@pytest.mark.parametrize("text", ["America/New_York", "america/new york"])
def test_time_zone_is_read_by_its_name(text: str) -> None:
    assert read_time_zone(text) == "America/New_York"


def test_time_zone_that_nobody_knows_is_refused() -> None:
    with pytest.raises(BadCell):
        read_time_zone("Amsterdam time")
