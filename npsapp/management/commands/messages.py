"""Bring the Dutch catalogue up to date and compile it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from npsapp.catalogue import compile_catalogue, list_gaps, update_catalogue


class Command(BaseCommand):
    help = "Collect the strings to translate into locale/nl, and compile the catalogue."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--compile", action="store_true", help="only compile")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["compile"]:
            update_catalogue()
            for gap in list_gaps():
                self.stdout.write(f"not in Dutch yet: {gap}")
        path = compile_catalogue()
        if options["verbosity"]:
            self.stdout.write(f"Compiled {path.name}.")
