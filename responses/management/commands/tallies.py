"""manage.py tallies: compare the daily tallies with the answers, or count them anew."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from responses.management.finding import find_survey
from responses.sent_tallies import advance_sent
from responses.tallies import advance_survey, forget
from responses.tally_check import find_differences
from surveys.models import Survey

MOST_SHOWN = 50


class Command(BaseCommand):
    help = (
        "Compare the daily tallies that figures are read from with the answers themselves "
        "(--check), or throw them away and count them anew (--rebuild)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--check", action="store_true", help="exit 1 and name what differs")
        what.add_argument("--rebuild", action="store_true", help="safe while the product is used")
        parser.add_argument("--survey", metavar="SLUG", help="only this one")

    def handle(self, *args: Any, check: bool, survey: str | None, **options: Any) -> None:
        surveys = [find_survey(survey)] if survey else list(Survey.objects.order_by("pk"))
        if not check:
            for each in surveys:
                self.rebuild(each)
            return
        differing = sum(self.check_one(each) for each in surveys)
        if differing:
            raise CommandError(f"{differing} tallies differ from the answers.")
        self.stdout.write(f"The tallies of {len(surveys)} surveys are what their answers say.")

    def check_one(self, survey: Survey) -> int:
        number = 0
        for number, each in enumerate(find_differences(survey), 1):
            if number <= MOST_SHOWN:
                self.stdout.write(str(each))
        return number

    def rebuild(self, survey: Survey) -> None:
        forget(survey)
        days = advance_survey(
            survey,
            now=timezone.now(),
            tell=lambda through, until: self.stdout.write(
                f"{survey.slug}: counted up to {through} of {until}"
            ),
        )
        advance_sent(survey, now=timezone.now())
        self.stdout.write(f"{survey.slug}: {days} days counted.")
