"""manage.py create_survey: what is asked, and about whom."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from surveys.models import Survey
from surveys.wording import LANGUAGES


class Command(BaseCommand):
    help = "Create a survey. SLUG is its short name, by which the other commands know it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument(
            "--company", required=True, metavar="NAME", help="company or product in the question"
        )
        parser.add_argument("--name", default="", help="its name in the pages (default: company)")
        parser.add_argument(
            "--scale-min",
            type=int,
            choices=Survey.Scale.values,
            default=Survey.Scale.FROM_ZERO.value,
            help="0 for the standard scale 0-10, 1 for 1-10; the two are never pooled",
        )
        parser.add_argument(
            "--language",
            action="append",
            choices=LANGUAGES,
            help="repeat for more than one; the first is the default (default: nl en)",
        )
        parser.add_argument(
            "--address",
            choices=Survey.Address.values,
            default=Survey.Address.FORMAL.value,
            help="form of address in Dutch",
        )

    def handle(
        self,
        *args: Any,
        slug: str,
        company: str,
        name: str,
        scale_min: int,
        language: list[str] | None,
        address: str,
        **options: Any,
    ) -> None:
        survey = Survey(
            slug=slug,
            company=company.strip(),
            name=name.strip() or company.strip(),
            scale_min=scale_min,
            address_form=address,
            languages=list(dict.fromkeys(language or LANGUAGES)),
        )
        try:
            survey.full_clean()
        except ValidationError as error:
            sentences = [
                f"{field}: {sentence}"
                for field, found in error.message_dict.items()
                for sentence in found
            ]
            raise CommandError(" ".join(sentences)) from None
        survey.save()
        self.stdout.write(
            f"Created survey {slug}: {survey.name}, scale {scale_min}-10, "
            f"languages {', '.join(survey.languages)}."
        )
