"""manage.py nps."""

from __future__ import annotations

import datetime as dt
import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from surveys.models import Survey
from tests.factories import (
    make_campaign,
    make_invitation,
    make_organisation,
    make_response,
    make_survey,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def survey() -> Survey:
    return make_survey(slug="levering")


def fill(survey: Survey, scores: list[int], **fields: Any) -> None:
    for score in scores:
        make_response(survey=survey, score=score, channel="import", **fields)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("nps", *arguments, stdout=out)
    return out.getvalue().strip()


def test_json_has_the_figures_of_the_dashboard(survey: Survey) -> None:
    fill(survey, [3] * 3 + [7] * 5 + [10] * 7)
    fill(survey, [0], status="provisional")

    found = json.loads(run("--survey", "levering", "--json"))

    assert found.pop("nps") == pytest.approx(400 / 15)
    # R: nps_test_(..., test = "adjusted.wald") gives -13.2 and 57.7
    assert found.pop("low") == pytest.approx(-13.2, abs=0.05)
    assert found.pop("high") == pytest.approx(57.7, abs=0.05)
    assert found == {
        "survey": "levering",
        "n": 15,
        "promoters": 7,
        "passives": 5,
        "detractors": 3,
        "nps_rounded": 27,
    }


def test_line_reads_like_a_sentence(survey: Survey) -> None:
    fill(survey, [3] * 75 + [7] * 20 + [10] * 5)

    assert run("--survey", "levering") == (
        "levering: NPS -70 (95 % interval from -79 to -57), n = 100: "
        "5 promoters, 20 passives, 75 detractors"
    )


def test_no_answers_are_null_and_not_zero(survey: Survey) -> None:
    found = json.loads(run("--survey", "levering", "--json"))

    assert (found["n"], found["nps"], found["nps_rounded"]) == (0, None, None)
    assert (found["low"], found["high"]) == (None, None)
    assert run("--survey", "levering") == "levering: no answers yet"


def test_days_are_inclusive_days_of_the_organisation(survey: Survey) -> None:
    make_organisation(time_zone="Europe/Amsterdam")
    for moment in ("2026-10-24T21:59:59Z", "2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z"):
        fill(survey, [9], answered_at=dt.datetime.fromisoformat(moment))
    day = "2026-10-25"

    found = json.loads(run("--survey", "levering", "--from", day, "--to", day, "--json"))

    assert found["n"] == 2


def test_segment_narrows_the_count(survey: Survey) -> None:
    fill(survey, [9, 9], properties={"region": "North"})
    fill(survey, [3], properties={"region": "South"})

    found = json.loads(run("--survey", "levering", "--segment", "region=North", "--json"))

    assert (found["n"], found["nps_rounded"]) == (2, 100)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--survey", "levring"], "no survey 'levring'. Surveys: levering"),
        (["--survey", "levering", "--from", "1-2-2026"], "'1-2-2026' is not a date"),
        (["--survey", "levering", "--to", "2026-02-30"], "'2026-02-30' is not a date"),
        (["--survey", "levering", "--to", "20260230"], "'20260230' is not a date"),
        (["--survey", "levering", "--to", "9999-12-31"], "out of range"),
        (
            ["--survey", "levering", "--from", "2026-02-01", "--to", "2026-01-01"],
            "lies after --to",
        ),
        (["--survey", "levering", "--segment", "region"], "write key=value"),
        (["--survey", "levering", "--segment", "regio=North"], "Properties: region."),
        (["--survey", "levering", "--segment", "region=Nort"], "Values of region: North."),
        ([], "--survey"),
    ],
)
def test_mistake_is_answered_with_what_to_write(
    survey: Survey, arguments: list[str], message: str
) -> None:
    fill(survey, [9], properties={"region": "North"})

    with pytest.raises(CommandError) as caught:
        run(*arguments)

    assert message in str(caught.value)


def test_without_surveys_it_says_how_to_make_one() -> None:
    with pytest.raises(CommandError, match="create_survey"):
        run("--survey", "levering")


def test_campaign_narrows_the_count(survey: Survey) -> None:
    campaign = make_campaign(survey=survey, name="Zomer")
    make_response(invitation=make_invitation(campaign=campaign), score=9)
    fill(survey, [3])

    found = json.loads(run("--survey", "levering", "--campaign", str(campaign.pk), "--json"))

    assert (found["n"], found["nps_rounded"]) == (1, 100)


def test_campaign_of_another_survey_is_answered_with_those_there_are(survey: Survey) -> None:
    zomer = make_campaign(survey=survey, name="Zomer")
    other = make_campaign()

    with pytest.raises(CommandError, match=rf"no campaign {other.pk}. Campaigns: {zomer.pk} \(Zo"):
        run("--survey", "levering", "--campaign", str(other.pk))
