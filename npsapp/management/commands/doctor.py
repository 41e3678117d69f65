"""manage.py doctor: what is not right, and how to mend it."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from npsapp.doctor import QUESTIONS, Answer, examine


class Command(BaseCommand):
    help = (
        "Look at settings, database, broker, worker, beat, mail, clock, disk and leftovers. "
        "Changes nothing and sends nothing. Exit status 1 when something is wrong."
    )
    # The checks are one of the questions; they must not end the command before it begins.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--only",
            nargs="+",
            default=[],
            metavar="NAME",
            choices=[question.name for question in QUESTIONS],
            help="ask only these: " + ", ".join(question.name for question in QUESTIONS),
        )

    def handle(self, *args: Any, only: list[str], **options: Any) -> None:
        answers = examine(only, now=timezone.now())
        for answer in answers:
            self.stdout.write(describe_answer(answer))
        if any(answer.is_bad for answer in answers):
            sys.exit(1)


def describe_answer(answer: Answer) -> str:
    name = f"{answer.question.name:<11}"
    trouble = answer.trouble
    if not answer.was_asked:
        return f"{name} not asked: there is no database."
    if trouble is None:
        return f"{name} well"
    word = "ADVICE" if answer.question.is_advice else "WRONG "
    lines = [f"{name} {word} {trouble.sentence}"]
    lines += [f"{'':<11}        {line}" for line in (trouble.detail, trouble.mend) if line]
    return "\n".join(lines)
