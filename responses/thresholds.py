"""How many answers a score needs, as the organisation set it."""

from __future__ import annotations

from responses.scoring import Thresholds
from surveys.models import Organisation


def thresholds_of(organisation: Organisation) -> Thresholds:
    return Thresholds(
        show=organisation.score_from,
        compare=organisation.compare_from,
        firm=organisation.firm_from,
    )
