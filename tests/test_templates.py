"""What djlint does not see in a template."""

from __future__ import annotations

from pathlib import Path

TEMPLATES = Path(__file__).parents[1] / "templates"


def test_no_comment_spans_lines() -> None:
    """Django takes such a comment for text and shows it to the reader."""
    shown = [
        f"{path.relative_to(TEMPLATES)}: {line.strip()}"
        for path in TEMPLATES.rglob("*.*")
        for line in path.read_text().splitlines()
        if line.count("{#") != line.count("#}")
    ]

    assert shown == []
