"""manage.py retain: erase now what is past its time."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from npsapp.retention.due import LEAST_MONTHS, MOST_MONTHS
from npsapp.retention.running import find_months, look_ahead, retain
from surveys.models import RetentionRun
from surveys.sending.leases import job_lease

KINDS = ("people", "answers", "invitations", "mails", "imports", "files")


class Command(BaseCommand):
    help = (
        "Erase what identifies people once the months of the organisation's settings have passed. "
        "The worker does the same every night."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="only tell what would be erased now"
        )
        parser.add_argument(
            "--months", type=int, metavar="N", help="with --dry-run: try another number"
        )

    def handle(self, *args: Any, dry_run: bool, months: int | None, **options: Any) -> None:
        now = timezone.now()
        if months is not None and not dry_run:
            raise CommandError("--months only goes with --dry-run; an admin sets it in Settings.")
        if months is not None and not LEAST_MONTHS <= months <= MOST_MONTHS:
            raise CommandError(f"Months are {LEAST_MONTHS} to {MOST_MONTHS}.")
        months = months if months is not None else find_months(now=now)
        if months is None:
            self.stdout.write("Nothing is erased by itself: retention is off, or was set today.")
            return
        if dry_run:
            self.tell(look_ahead(months, now=now), f"Would be erased after {months} months")
            return
        while True:
            with job_lease("job:retain") as lease:
                if not lease:
                    raise CommandError("The worker is at it already.")
                done = retain(now=now, again=True, renew=lease.renew)
            if done is None or not done.more:
                break
        self.tell(RetentionRun.objects.latest("day"), "Erased today")

    def tell(self, counts: Any, what: str) -> None:
        told = ", ".join(f"{getattr(counts, kind)} {kind}" for kind in KINDS)
        self.stdout.write(f"{what}: {told}.")
