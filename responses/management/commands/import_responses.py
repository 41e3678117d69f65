"""manage.py import_responses: bring in answers that were given elsewhere."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from responses.importing import (
    AlreadyImported,
    Report,
    find_people,
    import_answers,
    preview_answers,
    refuse_again,
)
from responses.management.finding import find_survey
from responses.reading import Columns, Rules, read_answers_table
from surveys.importing.batches import write_problems
from surveys.importing.dates import Order, read_moment
from surveys.importing.explaining import explain
from surveys.importing.faults import BadCell, Fault, Problem
from surveys.importing.headers import property_key
from surveys.importing.printing import NOTHING_USABLE, UNREADABLE, describe_groups, reading
from surveys.models import ImportBatch, Survey, get_organisation


class Command(BaseCommand):
    help = (
        "Import past answers from a CSV file into a survey. They count with their own dates and "
        "get no follow-up. Blank and impossible scores are reported by line and not counted. "
        "With --id-column the same answer is never counted twice; without it the same file is "
        "refused. Undo with: manage.py undo_import. Ends with 0 when rows could be used or all "
        "were here already, with 1 when none could, with 2 when the file cannot be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--survey", required=True, metavar="SLUG")
        parser.add_argument("--score-column", required=True, metavar="COLUMN")
        when = parser.add_mutually_exclusive_group(required=True)
        when.add_argument("--date-column", default="", metavar="COLUMN")
        when.add_argument("--date", metavar="DAY", help="one day for all, if the file has none")
        for name in ("comment", "email", "occasion", "id"):
            parser.add_argument(f"--{name}-column", default="", metavar="COLUMN")
        parser.add_argument("--property", action="append", default=[], metavar="COLUMN")
        parser.add_argument(
            "--date-order",
            choices=["dmy", "mdy"],
            default="",
            help="which number comes first in dates such as 03/04/2017",
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen")
        parser.add_argument(
            "--problems", type=Path, metavar="OUT.csv", help="write the refused rows to this file"
        )

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        survey = find_survey(options["survey"], returncode=UNREADABLE)
        rules = make_rules(survey, options)
        try:
            with reading(file):
                content = file.read_bytes()
                table = read_answers_table(content, rules.columns)
                if dry_run:
                    refuse_again(hashlib.sha256(content).hexdigest(), survey, rules.columns)
                    batch, report = None, preview_answers(table, rules, survey)
                else:
                    batch, report = import_answers(content, file.name, rules, survey)
        except AlreadyImported as error:
            raise CommandError(describe_earlier(error.batch)) from None
        self.print_report(report, batch, rules, survey)
        if options["problems"]:
            options["problems"].write_bytes(write_problems(table, report.refusals))
            self.stdout.write(f"Refused rows: {options['problems']}")
        if dry_run:
            self.stdout.write("Dry run: nothing was written.")
        if not report.answers and not report.already_here:
            raise CommandError("No row could be used.", returncode=NOTHING_USABLE)

    def print_report(
        self, report: Report, batch: ImportBatch | None, rules: Rules, survey: Survey
    ) -> None:
        self.stdout.write(
            f"{report.rows} rows: {len(report.answers)} new answers, "
            f"{report.already_here} already here, {report.not_counted} not counted."
        )
        groups = {"Not counted:": report.refusals, "Remarks:": report.remarks}
        for line in describe_groups(groups):
            self.stdout.write(line)
        if survey.scale_min == 1 and any(map(is_zero, report.refusals)):
            self.stdout.write(
                "The file has scores of 0, so the question was asked on a scale from 0. Import it "
                "into a survey with that scale: manage.py create_survey … --scale-min 0"
            )
        if rules.columns.email:
            self.stdout.write(describe_people(report))
        for name in rules.columns.properties:
            self.stdout.write(f"Property {name}: --segment {property_key(name)}=…")
        if batch:
            self.stdout.write(f"Import {batch.pk}. Undo with: manage.py undo_import {batch.pk}")


def describe_people(report: Report) -> str:
    people = find_people(report.answers)
    named = [answer for answer in report.answers if answer.email]
    linked = sum(answer.email in people for answer in named)
    return f"{linked} answers belong to a known contact, {len(named) - linked} name an unknown one."


def is_zero(problem: Problem) -> bool:
    return problem.fault == Fault.SCORE_OFF_SCALE and problem.detail == "0"


def make_rules(survey: Survey, options: dict[str, Any]) -> Rules:
    zone, now = get_organisation().zone, timezone.now()
    try:
        moment = read_moment(options["date"], zone=zone) if options["date"] else None
        if moment and moment > now:
            raise BadCell(Fault.DATE_IN_FUTURE, options["date"])
    except BadCell as error:
        raise CommandError(f"--date: {explain(error)}", returncode=UNREADABLE) from None
    keys = [property_key(name) for name in options["property"]]
    if len(set(keys)) < len(keys) or not all(keys):
        raise CommandError(
            "--property: each column needs a name of its own.", returncode=UNREADABLE
        )
    columns = Columns(
        score=options["score_column"],
        date=options["date_column"],
        comment=options["comment_column"],
        email=options["email_column"],
        occasion=options["occasion_column"],
        external_id=options["id_column"],
        properties=tuple(options["property"]),
    )
    return Rules(
        columns=columns,
        scores=survey.scores,
        zone=zone,
        now=now,
        moment=moment,
        order=Order(options["date_order"]),
    )


def describe_earlier(batch: ImportBatch) -> str:
    day = timezone.localtime(batch.imported_at).strftime("%d-%m-%Y %H:%M")
    return (
        f"This file was imported on {day} (import {batch.pk}, {batch.summary['new']} answers). "
        "Nothing was written: its answers would count twice. "
        f"To take that import back: manage.py undo_import {batch.pk}"
    )
