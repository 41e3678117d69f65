"""manage.py release_sending: after a restore, let mail leave again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from surveys.nudging import nudge
from surveys.sending.restored import ErasuresMissing, Restored, describe_restore, release_sending
from surveys.tasks import send_due


class Command(BaseCommand):
    help = (
        "After a restore, let mail leave again. Without an option it only tells what waits. "
        "Choose --doubt when the old installation went on after the backup was made."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument(
            "--all", action="store_true", help="nothing left since the backup: send all that is due"
        )
        choice.add_argument(
            "--doubt",
            action="store_true",
            help="mail may have left since the backup: what was due is not sent by itself",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        restored = describe_restore()
        if restored is None:
            self.stdout.write("Nothing is held because of a restore.")
            return
        if not (options["all"] or options["doubt"]):
            self.stdout.write(
                f"No mail leaves: {describe_backup(restored)} was restored."
                f" {restored.doubtful} mails were due by then. Say --all to send them, or --doubt"
                " if the old installation may have sent them already."
            )
            return
        try:
            doubted = release_sending(doubt=options["doubt"], now=timezone.now())
        except ErasuresMissing:
            raise CommandError(
                "People who were erased may be back. Run manage.py replay_erasures first."
            ) from None
        nudge(send_due)
        self.stdout.write(f"Mail leaves again. In doubt, to be decided at /deliveries/: {doubted}.")


def describe_backup(restored: Restored) -> str:
    if restored.backup_at is None:
        return "a backup"
    return f"the backup of {restored.backup_at:%Y-%m-%d %H:%M} UTC"
