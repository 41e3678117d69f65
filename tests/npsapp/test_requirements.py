"""The requirements files: complete, hashed, and free of this or that machine's addresses."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FILES = ("requirements.txt", "requirements-embedded.txt", "requirements-dev.txt")
PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[^\s;]+)( ; [^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")
NAME = re.compile(r"^[A-Za-z0-9_-]+")


def read_pins(file: str) -> dict[str, str]:
    found = map(PIN.match, (ROOT / file).read_text().splitlines())
    return {pin["name"]: pin["version"] for pin in found if pin}


def read_names(requirements: list[str]) -> set[str]:
    return {NAME.match(line)[0].lower().replace("_", "-") for line in requirements}  # type: ignore[index]


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.mark.parametrize("file", FILES)
def test_requirements_hold_pins_and_hashes_and_nothing_else(file: str) -> None:
    lines = (ROOT / file).read_text().splitlines()

    strange = [line for line in lines if not PIN.match(line) and not HASH.match(line)]

    assert strange == []
    assert lines


@pytest.mark.parametrize("file", FILES)
def test_every_pin_has_a_hash(file: str) -> None:
    lines = (ROOT / file).read_text().splitlines()

    bare = [
        line
        for line, following in zip(lines, [*lines[1:], ""], strict=True)
        if PIN.match(line) and not HASH.match(following)
    ]

    assert bare == []


def test_every_dependency_of_the_project_is_pinned(project: dict[str, Any]) -> None:
    needed = read_names(project["project"]["dependencies"])
    embedded = read_names(project["project"]["optional-dependencies"]["embedded"])
    dev = read_names(project["dependency-groups"]["dev"])

    assert needed - read_pins("requirements.txt").keys() == set()
    assert (needed | embedded) - read_pins("requirements-embedded.txt").keys() == set()
    assert (needed | embedded | dev) - read_pins("requirements-dev.txt").keys() == set()


def test_production_does_without_the_embedded_server_and_the_tools(
    project: dict[str, Any],
) -> None:
    embedded = read_names(project["project"]["optional-dependencies"]["embedded"])
    dev = read_names(project["dependency-groups"]["dev"])

    assert read_pins("requirements.txt").keys() & (embedded | dev) == set()
    assert read_pins("requirements-embedded.txt").keys() & dev == set()


def test_the_three_files_agree() -> None:
    production, embedded, dev = map(read_pins, FILES)

    assert production.items() - embedded.items() == set()
    assert embedded.items() - dev.items() == set()


def test_every_dependency_has_its_reason_written_down(project: dict[str, Any]) -> None:
    needed = read_names(
        project["project"]["dependencies"]
        + project["project"]["optional-dependencies"]["embedded"]
        + project["dependency-groups"]["dev"]
    )
    text = (ROOT / "docs/dependencies.md").read_text()
    told = set(re.findall(r"^\| `([a-z0-9-]+)", text, re.MULTILINE))

    assert told == needed
