"""How many cases a property is tried with. CASES=20 in the environment: twenty times as many."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

FACTOR = int(os.environ.get("CASES", "1"))


def cases(number: int) -> settings:
    """One transaction around all cases is what is wanted: each cleans up, or only reads."""
    return settings(
        max_examples=number * FACTOR,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
