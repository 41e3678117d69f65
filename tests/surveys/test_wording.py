"""The words customers read: complete, the same blanks in each language, never mixed up."""

from __future__ import annotations

import re
from dataclasses import asdict

import pytest

from surveys.wording import DUTCH_FORMAL, DUTCH_INFORMAL, ENGLISH, Wording, fill, get_wording

ALL = [ENGLISH, DUTCH_FORMAL, DUTCH_INFORMAL]


def blanks(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


@pytest.mark.parametrize("wording", ALL)
def test_wording_has_every_text(wording: Wording) -> None:
    assert [name for name, text in asdict(wording).items() if not text.strip()] == []


@pytest.mark.parametrize("wording", [DUTCH_FORMAL, DUTCH_INFORMAL])
def test_blanks_are_the_same_in_each_language(wording: Wording) -> None:
    english = asdict(ENGLISH)

    different = {
        name for name, text in asdict(wording).items() if blanks(text) != blanks(english[name])
    }

    assert different == set()


def test_formal_dutch_never_says_je() -> None:
    mixed = [
        text for text in asdict(DUTCH_FORMAL).values() if re.search(r"\b(je|jij|jouw)\b", text)
    ]

    assert mixed == []


def test_informal_dutch_never_says_u() -> None:
    mixed = [
        text
        for text in asdict(DUTCH_INFORMAL).values()
        if re.search(r"\b(u|uw)\b", text, re.IGNORECASE)
    ]

    assert mixed == []


def test_questions_are_frozen() -> None:
    """Scores of two rounds can be compared only while these stay as they are."""
    assert [wording.question for wording in ALL] == [
        "How likely are you to recommend {company} to a friend or colleague?",
        "Hoe waarschijnlijk is het dat u {company} zou aanbevelen aan een vriend of collega?",
        "Hoe waarschijnlijk is het dat je {company} zou aanbevelen aan een vriend of collega?",
    ]


@pytest.mark.parametrize(
    ("language", "form", "expected"),
    [
        ("en", "informal", ENGLISH),
        ("nl", "formal", DUTCH_FORMAL),
        ("nl", "informal", DUTCH_INFORMAL),
    ],
)
def test_wording_follows_language_and_form(language: str, form: str, expected: Wording) -> None:
    assert get_wording(language, form) is expected


def test_fill_never_looks_at_values_again() -> None:
    text = fill("{company}: {score} {unknown}", company="{score} & Zn", score=9)

    assert text == "{score} & Zn: 9 {unknown}"
