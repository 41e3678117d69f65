"""How much chaos: a little in every test run, a lot with CHAOS=long (`make chaos`)."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    messages: int
    kills: int
    restarts: int  # of PostgreSQL or Redis, of each kind
    answers: int
    storm_messages: int
    storm_workers: int
    storm_kills: int
    directed: int  # mails of the tests that kill at one certain moment
    every: int


SHORT = Scale(
    messages=200,
    kills=3,
    restarts=1,
    answers=12,
    storm_messages=500,
    storm_workers=2,
    storm_kills=12,
    directed=60,
    every=20,
)
LONG = Scale(
    messages=3000,
    kills=40,
    restarts=6,
    answers=120,
    storm_messages=15_000,
    storm_workers=4,
    storm_kills=400,
    directed=600,
    every=15,
)
IS_LONG = os.environ.get("CHAOS") == "long"
SCALE = LONG if IS_LONG else SHORT
