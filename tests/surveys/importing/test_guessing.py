"""Guessing a column's type from a few values."""

from __future__ import annotations

import pytest

from surveys.importing.guessing import guess_kind


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["12", "1.250", "3,5"], "number"),
        (["€ 12,50", "1.250,00"], "money"),
        (["12,50 EUR"], "money"),
        (["31-12-2026", "2026-01-02"], "date"),
        (["Zwolle", "12"], ""),
        (["0612345678"], ""),
        ([], ""),
    ],
)
def test_type_is_what_every_value_fits(values: list[str], kind: str) -> None:
    assert guess_kind(values) == kind
