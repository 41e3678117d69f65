"""The command lines of production, written once: in the Procfile."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

PROCFILE = Path(__file__).resolve().parent.parent / "Procfile"
# What keeps running; `migrate` runs once, before them.
LASTING = ("web", "worker", "beat")


def read_commands() -> dict[str, list[str]]:
    """Return each program's words. The first is the program beside this Python, if it is there."""
    commands = {}
    for line in PROCFILE.read_text().splitlines():
        name, _, command = line.partition(":")
        program, *arguments = shlex.split(command)
        beside = Path(sys.executable).parent / program
        commands[name] = [str(beside) if beside.exists() else program, *arguments]
    return commands
