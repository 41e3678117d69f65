"""How a score is written."""

from __future__ import annotations

import pytest
from django.utils import translation

from responses.templatetags.scores import signed


@pytest.mark.parametrize(
    ("points", "written"),
    [(31, "+31"), (-27, "−27"), (0, "0"), (-0.4, "0"), (0.5, "+1"), (-79.5, "−80"), (None, "")],
)
def test_score_carries_its_sign(points: float | None, written: str) -> None:
    assert signed(points) == written


def test_score_with_decimals_follows_the_reader() -> None:
    with translation.override("nl"):
        assert signed(48.369, 1) == "+48,4"
    with translation.override("en"):
        assert signed(-48.369, 1) == "−48.4"
