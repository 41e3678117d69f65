"""What staff see exists in Dutch; what customers see exists in every language."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from string import Formatter

import pytest
from django.conf import settings
from django.utils import translation

from npsapp import catalogue
from surveys.wording import DUTCH_FORMAL, DUTCH_INFORMAL, ENGLISH, Wording

NOT_TRANSLATED = {"NPS", "English", "Nederlands"} | {"amp", "mdash", "middot", "minus", "nbsp"}


def test_dutch_catalogue_is_complete() -> None:
    assert catalogue.list_gaps() == []


def test_dutch_catalogue_has_nothing_left_over() -> None:
    known = {(m.id, m.context) for m in catalogue.read_catalogue() if m.id}
    needed = {(m.id, m.context) for m in catalogue.extract_messages() if m.id}

    assert known - needed == set()


def test_dutch_catalogue_keeps_placeholders() -> None:
    pattern = re.compile(r"%\(\w+\)[sd]|%[sd]")
    wrong = []
    for message in catalogue.read_catalogue():
        ids = message.id if isinstance(message.id, tuple | list) else [message.id]
        words = (
            message.string if isinstance(message.string, tuple | list) else [message.string or ""]
        )
        known = {p for text in ids for p in pattern.findall(text)}
        # A singular may spell its number out.
        used = [set(pattern.findall(text)) for text in words]
        wanted = set(pattern.findall(ids[-1]))
        if message.id and (used[-1] != wanted or any(not names <= known for names in used)):
            wrong.append(message.id)

    assert wrong == []


def test_gap_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "po_path", lambda: tmp_path / "django.po")

    assert "Log in" in catalogue.list_gaps()


def test_dutch_is_compiled() -> None:
    with translation.override("nl"):
        assert translation.gettext("Log in") == "Inloggen"


def test_templates_have_no_bare_words() -> None:
    """Text between tags that no translation tag wraps is English for everybody."""
    bare = []
    for path in (settings.BASE_DIR / "templates").rglob("*.html"):
        if path.name == "500.html" or "mail" in path.parts:
            continue
        text = path.read_text()
        text = re.sub(r"{%\s*comment.*?endcomment\s*%}|{#.*?#}", "", text, flags=re.DOTALL)
        text = re.sub(r"{%\s*blocktranslate.*?endblocktranslate\s*%}", "", text, flags=re.DOTALL)
        text = re.sub(r"<(code|kbd)\b.*?</\1>", "", text, flags=re.DOTALL)
        text = re.sub(r"{%.*?%}|{{.*?}}|<[^>]*>", " ", text, flags=re.DOTALL)
        words = set(re.findall(r"[A-Za-z]{3,}", text)) - NOT_TRANSLATED
        bare += [f"{path.name}: {word}" for word in sorted(words)]

    assert bare == []


@pytest.mark.parametrize("wording", [ENGLISH, DUTCH_FORMAL, DUTCH_INFORMAL])
def test_wording_has_every_text_with_the_same_blanks(wording: Wording) -> None:
    def blanks(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    for field in dataclasses.fields(Wording):
        text = getattr(wording, field.name)
        assert text, field.name
        assert blanks(text) == blanks(getattr(ENGLISH, field.name)), field.name


def test_informal_dutch_never_says_u() -> None:
    texts = " ".join(dataclasses.astuple(DUTCH_INFORMAL))

    assert not re.search(r"\b([Uu]|[Uu]w)\b", texts)
