"""The product's settings with an impatient clock, for the processes of the chaos tests.

The command lines stay the Procfile's own; DJANGO_SETTINGS_MODULE alone tells the difference.
"""

from __future__ import annotations

from typing import Any

from npsapp import settings as real

globals().update({name: value for name, value in vars(real).items() if name.isupper()})

# The first app: it changes the engine's numbers before anything runs.
INSTALLED_APPS = ["tests.engine.hasty.Hasty", *real.INSTALLED_APPS]
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    name: {**entry, "schedule": min(entry["schedule"], 1), "options": {"expires": 60}}
    for name, entry in real.CELERY_BEAT_SCHEDULE.items()
    if entry["schedule"] <= 60
}
