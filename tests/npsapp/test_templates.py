"""What goes wrong in templates without anybody noticing while numbers are small."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "templates"
TEMPLATES = sorted(ROOT.rglob("*.html"))
ATTRIBUTE = re.compile(r'="(?:[^"{]|\{\{[^}]*\}\}|\{%[^%]*%\}|\{)*"')
# A key of 2450 would be written "2.450" in Dutch, and no view finds it any more.
BARE_KEY = re.compile(r"\{\{ (?:[\w.]+\.)?(?:pk|version) \}\}")
# Django ends a comment at the line; what follows would be read by everybody.
OPEN_COMMENT = re.compile(r"\{#(?:(?!#\}).)*$", re.MULTILINE)


def list_bare_keys(source: str) -> list[str]:
    return [key for found in ATTRIBUTE.findall(source) for key in BARE_KEY.findall(found)]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_keys_in_attributes_are_written_as_digits(path: Path) -> None:
    assert list_bare_keys(path.read_text()) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_comments_end_on_their_line(path: Path) -> None:
    assert OPEN_COMMENT.findall(path.read_text()) == []


def test_what_these_tests_look_for_is_found() -> None:
    assert list_bare_keys('<input value="{{ row.pk }}-{{ row.version }}">') != []
    assert OPEN_COMMENT.findall("{# begins here\n and ends there #}") != []
