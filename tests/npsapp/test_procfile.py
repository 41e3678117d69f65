"""The Procfile names programs that are there, and `up` starts those and no others."""

from __future__ import annotations

from pathlib import Path

from npsapp.management.commands.up import programs
from npsapp.procfile import LASTING, read_commands


def test_programs_of_the_procfile_are_those_of_this_python() -> None:
    commands = read_commands()

    assert set(commands) == {"migrate", *LASTING}
    assert [words[0] for words in commands.values() if not Path(words[0]).exists()] == []


def test_up_starts_the_lines_of_the_procfile() -> None:
    commands = read_commands()

    assert {program.name: program.command for program in programs(8001)} == {
        name: commands[name] for name in LASTING
    }
