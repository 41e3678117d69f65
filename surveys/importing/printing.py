"""What the import commands say alike: their exit status, an unreadable file, the problems in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import CommandError

from surveys.importing.explaining import explain
from surveys.importing.faults import Problem, UnreadableFile

NOTHING_USABLE = 1
UNREADABLE = 2
MOST_SENTENCES = 40
MOST_LINES = 100


@contextmanager
def reading(file: Path) -> Iterator[None]:
    """End the command with one sentence when its file cannot be read."""
    try:
        yield
    except OSError as error:
        raise CommandError(
            f"{file} cannot be read: {error.strerror}.", returncode=UNREADABLE
        ) from None
    except UnreadableFile as error:
        raise CommandError(f"{file}: {explain(error)}", returncode=UNREADABLE) from None


def describe_groups(groups: Mapping[str, Iterable[Problem]]) -> Iterator[str]:
    """Yield the title of each group that has problems, and below it what they are."""
    for title, problems in groups.items():
        sentences = list(describe_problems(problems))
        if sentences:
            yield title
        yield from (f"  {sentence}" for sentence in sentences)


def describe_problems(problems: Iterable[Problem]) -> Iterator[str]:
    """Yield a sentence per kind of problem with the lines that have it."""
    lines: dict[str, list[int]] = {}
    for problem in problems:
        sentence = explain(problem)
        if problem.column:
            sentence = f"{problem.column}: {sentence}"
        lines.setdefault(sentence, []).append(problem.line)
    for number, (sentence, found) in enumerate(lines.items()):
        if number == MOST_SENTENCES:
            yield f"… and {len(lines) - number} more kinds; --problems FILE writes them all."
            return
        shown = ", ".join(map(str, found[:MOST_LINES]))
        more = f" and {len(found) - MOST_LINES} more" if len(found) > MOST_LINES else ""
        yield f"{sentence} ({'line' if len(found) == 1 else 'lines'} {shown}{more})"
