"""The problems of an import as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from surveys.importing.explaining import explain
from surveys.importing.faults import Problem

MOST_SENTENCES = 40
MOST_LINES = 100


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
