"""manage.py replay_erasures: after a restore, erase again who was erased before it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from npsapp.erasing.emptying import CannotEraseNow
from npsapp.erasing.ledger import merge
from npsapp.erasing.replay import replay
from surveys.sending.watch import BACKUP, last_seen


class Command(BaseCommand):
    help = (
        "Erase again everybody who stands in the ledger of erasures and is back since a restore. "
        "restore does it by itself; run this when it could not, or when you find another ledger."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_erasures_argument(parser)

    def handle(self, *args: Any, erasures: list[Path], **options: Any) -> None:
        merge_ledgers(erasures)
        done = replay(since=last_seen(BACKUP), now=timezone.now())
        self.stdout.write(str(done))
        if done.failed:
            raise CommandError("Not everybody could be erased; mail stays held.")


def add_erasures_argument(parser: CommandParser) -> None:
    parser.add_argument(
        "--erasures",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a ledger of erasures (erasures.log) of the old machine; may be given more than once",
    )


def merge_ledgers(files: Iterable[Path]) -> None:
    """Add other ledgers to ours. Raises CommandError, before anything else is done."""
    for file in files:
        try:
            if not file.is_file():
                raise CommandError(f"There is no file {file}.")
            merge(file)
        except (OSError, CannotEraseNow) as error:
            raise CommandError(f"{file} cannot be taken over: {error}") from None
