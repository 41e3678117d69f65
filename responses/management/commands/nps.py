"""manage.py nps: the score of one survey, from the code that the dashboard uses."""

from __future__ import annotations

import argparse
import datetime as dt
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from responses.management.finding import find_survey
from responses.reports.counting import count_responses
from responses.reports.headline import Headline, summarise
from responses.reports.segments import count_values
from responses.selection import Segment, Selection
from surveys.filtering import PropertyFilter
from surveys.models import Campaign, Survey, get_organisation


def day(text: str) -> dt.date:
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        found = dt.date.min
    # fromisoformat also reads 20251031 and 2025-W44-5, which are more likely slips than intent.
    if found.isoformat() != text:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write it as 2025-10-31.")
    if not 1900 <= found.year <= 2199:
        raise argparse.ArgumentTypeError(f"{text!r} is out of range; is the year right?")
    return found


def segment(text: str) -> Segment:
    try:
        return Segment.parse(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no segment; write key=value, as in region=North."
        ) from None


class Command(BaseCommand):
    help = "Print the NPS of a survey with its 95 % interval and the counts it rests on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--survey", required=True, metavar="SLUG")
        parser.add_argument(
            "--from", dest="first", type=day, metavar="DAY", help="first day, included"
        )
        parser.add_argument("--to", dest="last", type=day, metavar="DAY", help="last day, included")
        parser.add_argument(
            "--segment", type=segment, metavar="KEY=VALUE", help="only responses with this property"
        )
        parser.add_argument(
            "--campaign", type=int, metavar="ID", help="only answers to this campaign of the survey"
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON object")

    def handle(
        self,
        *args: Any,
        survey: str,
        first: dt.date | None,
        last: dt.date | None,
        segment: Segment | None,
        campaign: int | None,
        as_json: bool,
        **options: Any,
    ) -> None:
        if first and last and first > last:
            raise CommandError(f"--from {first} lies after --to {last}.")
        found = find_survey(survey)
        if segment:
            refuse_unknown(segment, found)
        selection = Selection(
            zone=get_organisation().zone,
            survey=found,
            campaign=find_campaign(campaign, found) if campaign is not None else None,
            first=first,
            last=last,
            filters=(PropertyFilter(segment.key, (segment.value,)),) if segment else (),
        )
        headline = summarise(count_responses(selection))
        self.stdout.write(as_object(headline, found) if as_json else as_line(headline, found))


def find_campaign(pk: int, survey: Survey) -> Campaign:
    """Return the campaign of a survey; for another number tell which there are."""
    campaigns = survey.campaigns.exclude(state=Campaign.State.DRAFT)
    for campaign in campaigns:
        if campaign.pk == pk:
            return campaign
    known = ", ".join(f"{campaign.pk} ({campaign})" for campaign in campaigns) or "none yet"
    raise CommandError(f"{survey.slug} has no campaign {pk}. Campaigns: {known}.")


def refuse_unknown(segment: Segment, survey: Survey) -> None:
    """A misspelt segment must not pass for one that nobody belongs to."""
    known = count_values(survey)
    if segment.key not in known:
        keys = ", ".join(sorted(known)) or "none"
        raise CommandError(f"No response has a property {segment.key!r}. Properties: {keys}.")
    values = [found.segment.value for found in known[segment.key]]
    if segment.value not in values:
        listed = ", ".join(values[:10]) + (", …" if len(values) > 10 else "")
        raise CommandError(f"No response has {segment}. Values of {segment.key}: {listed}.")


def as_object(headline: Headline, survey: Survey) -> str:
    interval = headline.interval
    return json.dumps(
        {
            "survey": survey.slug,
            "n": headline.n,
            "promoters": headline.counts.promoters,
            "passives": headline.counts.passives,
            "detractors": headline.counts.detractors,
            "nps": headline.nps,
            "nps_rounded": headline.nps_rounded,
            "low": interval.low if interval else None,
            "high": interval.high if interval else None,
        }
    )


def as_line(headline: Headline, survey: Survey) -> str:
    if headline.nps_rounded is None or headline.low is None or headline.high is None:
        return f"{survey.slug}: no answers yet"
    counts = headline.counts
    low, high = signed(headline.low), signed(headline.high)
    return (
        f"{survey.slug}: NPS {signed(headline.nps_rounded)} "
        f"(95 % interval from {low} to {high}), n = {headline.n}: "
        f"{counts.promoters} promoters, {counts.passives} passives, {counts.detractors} detractors"
    )


def signed(points: int) -> str:
    """Return +31, -27 or 0, with the plain minus sign that a terminal can search for."""
    return f"{points:+d}" if points else "0"
