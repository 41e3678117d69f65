"""Answers from before: what counts, what does not, once, and back again."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from closeloop.models import FollowUp
from responses import importing
from responses.importing import AlreadyImported, CannotUndo, import_answers, undo_import
from responses.models import Response
from responses.reading import Columns, Rules, read_score
from responses.signals import response_recorded
from surveys.importing.dates import Order
from surveys.importing.faults import BadCell, Fault, UnreadableFile
from surveys.models import ImportBatch, Property, Survey, get_organisation
from tests.factories import (
    make_contact,
    make_organisation,
    make_response,
    make_survey,
)

NOW = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)
FILE = Path(__file__).parent.parent / "data" / "past_answers.csv"
COLUMNS = Columns(
    score="cijfer",
    date="beantwoord_op",
    comment="reden",
    email="e-mail",
    occasion="bezoek",
    external_id="antwoord_id",
    properties=("klantgroep",),
)
WITHOUT_IDS = Columns(score="cijfer", date="beantwoord_op")

pytestmark = pytest.mark.django_db


def bring_in(
    survey: Survey,
    columns: Columns = COLUMNS,
    content: bytes | None = None,
    order: Order = Order.UNDECIDED,
) -> tuple[ImportBatch | None, importing.Report]:
    rules = Rules(
        columns=columns,
        scores=survey.scores,
        zone=get_organisation().zone,
        now=NOW,
        order=order,
    )
    return import_answers(content or FILE.read_bytes(), "past.csv", rules, survey)


def batch_of(result: tuple[ImportBatch | None, importing.Report]) -> ImportBatch:
    assert result[0] is not None
    return result[0]


def test_usable_answers_count_and_the_others_are_named() -> None:
    survey = make_survey()

    _, report = bring_in(survey)

    assert (len(report.answers), report.already_here, report.not_counted) == (6, 0, 9)
    assert sorted(survey.responses.values_list("score", flat=True)) == [0, 6, 7, 8, 9, 10]
    assert [(p.line, p.column, p.fault) for p in report.refusals] == [
        (4, "cijfer", Fault.NO_SCORE),
        (10, "cijfer", Fault.SCORE_OFF_SCALE),
        (11, "cijfer", Fault.NOT_A_SCORE),
        (12, "cijfer", Fault.NOT_A_SCORE),
        (13, "beantwoord_op", Fault.NO_DATE),
        (14, "beantwoord_op", Fault.DATE_IN_FUTURE),
        (15, "antwoord_id", Fault.DOUBLE_ROW),
        (16, "cijfer", Fault.SCORE_OFF_SCALE),
        (17, "", Fault.TOO_FEW_CELLS),
    ]


def test_answer_keeps_what_the_file_says() -> None:
    make_organisation(time_zone="Europe/Amsterdam")
    contact = make_contact(email="fenna@klanten.example")
    survey = make_survey()

    batch = batch_of(bring_in(survey))

    first = Response.objects.get(external_id="501")
    assert first.answered_at == dt.datetime(2024, 1, 8, 8, 15, tzinfo=dt.UTC)
    assert (first.contact, first.channel, first.import_batch) == (contact, "import", batch)
    assert (first.comment, first.occasion) == ("Snel geholpen.", "order 881")
    assert (first.properties, first.category) == ({"klantgroep": "Goud"}, "promoter")
    other = Response.objects.get(external_id="504")
    assert (other.comment, other.contact) == ("Goed,\nmaar laat bezorgd.", None)


def test_bad_address_is_a_remark_and_the_answer_counts() -> None:
    _, report = bring_in(make_survey())

    assert [(problem.line, problem.fault) for problem in report.remarks] == [(9, Fault.BAD_ADDRESS)]
    assert Response.objects.get(external_id="507").score == 0


def test_scale_from_one_refuses_the_zeros_of_a_scale_from_zero() -> None:
    survey = make_survey(scale_min=1)

    _, report = bring_in(survey)

    assert (9, Fault.SCORE_OFF_SCALE) in [(p.line, p.fault) for p in report.refusals]
    assert set(survey.responses.values_list("scale_min", flat=True)) == {1}


def test_import_announces_nothing_and_opens_no_follow_up(
    django_capture_on_commit_callbacks: Any,
) -> None:
    announced = []

    def listen(response_pk: int, **kwargs: Any) -> None:
        announced.append(response_pk)

    response_recorded.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            bring_in(make_survey())
    finally:
        response_recorded.disconnect(listen)

    assert announced == []
    assert FollowUp.objects.count() == 0


def test_ids_that_are_here_are_passed_over() -> None:
    survey = make_survey()
    bring_in(survey)

    batch, report = bring_in(survey)

    assert batch is None
    assert (len(report.answers), report.already_here, report.not_counted) == (0, 6, 9)
    assert (Response.objects.count(), ImportBatch.objects.count()) == (6, 1)


def test_id_with_another_score_is_reported_and_left_alone() -> None:
    survey = make_survey()
    bring_in(survey)

    _, report = bring_in(survey, content=FILE.read_bytes().replace(b",10,", b",1,"))

    assert [(p.line, p.fault, p.detail) for p in report.remarks if p.fault == Fault.DIFFERS] == [
        (2, Fault.DIFFERS, "10")
    ]
    assert Response.objects.get(external_id="501").score == 10


@pytest.mark.parametrize("first", [COLUMNS, WITHOUT_IDS])
def test_same_file_without_ids_is_refused(first: Columns) -> None:
    survey = make_survey()
    batch = batch_of(bring_in(survey, first))
    count = Response.objects.count()

    with pytest.raises(AlreadyImported) as caught:
        bring_in(survey, WITHOUT_IDS)

    assert caught.value.batch == batch
    assert Response.objects.count() == count


def test_same_file_may_go_into_another_survey() -> None:
    bring_in(make_survey(), WITHOUT_IDS)
    other = make_survey()

    bring_in(other, WITHOUT_IDS)

    assert other.responses.count() > 0


def test_undo_removes_what_the_import_brought_and_nothing_else() -> None:
    survey = make_survey()
    mine = make_response(survey=survey)
    earlier = make_response(survey=survey, channel="import", invitation=None)
    batch = batch_of(bring_in(survey))

    removed = undo_import(batch, now=NOW)

    batch.refresh_from_db()
    assert removed == 6
    assert set(Response.objects.all()) == {mine, earlier}
    assert (batch.state, batch.undone_at) == ("undone", NOW)
    assert not Property.objects.filter(key="klantgroep").exists()


def test_undo_leaves_a_property_that_others_have() -> None:
    batch = batch_of(bring_in(make_survey()))
    make_contact(properties={"klantgroep": "Goud"})

    undo_import(batch, now=NOW)

    assert Property.objects.get(key="klantgroep").is_segment


def test_import_can_be_repeated_after_its_undo() -> None:
    survey = make_survey()
    undo_import(batch_of(bring_in(survey, WITHOUT_IDS)), now=NOW)

    bring_in(survey, WITHOUT_IDS)

    assert survey.responses.count() == 7


def test_undo_refuses_when_somebody_built_on_an_answer() -> None:
    survey = make_survey()
    batch = batch_of(bring_in(survey))
    response = survey.responses.get(external_id="507")
    FollowUp.objects.create(
        response=response, opened_at=NOW, due_at=NOW, known_score=0, answer_seen_at=NOW
    )

    with pytest.raises(CannotUndo, match="1 × follow up"):
        undo_import(batch, now=NOW)

    assert survey.responses.count() == 6
    assert FollowUp.objects.count() == 1


def test_undo_works_once_and_only_on_responses() -> None:
    batch = batch_of(bring_in(make_survey()))
    undo_import(batch, now=NOW)

    with pytest.raises(CannotUndo, match="undone before"):
        undo_import(batch, now=NOW)
    contacts = ImportBatch.objects.create(
        kind="contacts", state="imported", file_name="c.csv", sha256="x"
    )
    with pytest.raises(CannotUndo, match="Only an import of responses"):
        undo_import(contacts, now=NOW)


def test_dates_with_slashes_need_a_decision() -> None:
    survey = make_survey()
    content = b"cijfer,beantwoord_op\n9,03/04/2017\n8,04/05/2017\n"

    _, report = bring_in(survey, WITHOUT_IDS, content)
    _, decided = bring_in(survey, WITHOUT_IDS, content, Order.DAY_FIRST)

    assert [problem.fault for problem in report.refusals] == [Fault.AMBIGUOUS_DATE] * 2
    assert [answer.answered_at.date() for answer in decided.answers] == [
        dt.date(2017, 4, 3),
        dt.date(2017, 5, 4),
    ]


def test_dates_with_slashes_are_decided_by_the_rest_of_the_file() -> None:
    content = b"cijfer,beantwoord_op\n9,03/04/2017\n8,04/25/2017\n"

    _, report = bring_in(make_survey(), WITHOUT_IDS, content)

    assert [answer.answered_at.date() for answer in report.answers] == [
        dt.date(2017, 3, 4),
        dt.date(2017, 4, 25),
    ]


@pytest.mark.parametrize(
    ("cell", "score"), [("8", 8), (" 10 ", 10), ("8.0", 8), ("8,00", 8), ("0", 0), ("+9", 9)]
)
def test_score_is_read(cell: str, score: int) -> None:
    assert read_score(cell, range(11)) == score


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("", Fault.NO_SCORE),
        ("  ", Fault.NO_SCORE),
        ("11", Fault.SCORE_OFF_SCALE),
        ("-1", Fault.SCORE_OFF_SCALE),
        ("7.5", Fault.NOT_A_SCORE),
        ("7,5", Fault.NOT_A_SCORE),
        ("acht", Fault.NOT_A_SCORE),
        ("1e1", Fault.NOT_A_SCORE),
        ("٨", Fault.NOT_A_SCORE),
    ],
)
def test_score_that_is_none_is_refused(cell: str, fault: Fault) -> None:
    with pytest.raises(BadCell) as caught:
        read_score(cell, range(11))

    assert caught.value.fault == fault


def test_missing_column_is_named_with_those_that_are_there() -> None:
    with pytest.raises(UnreadableFile) as caught:
        bring_in(make_survey(), Columns(score="score", date="beantwoord_op"))

    assert caught.value.fault == Fault.MISSING_COLUMN
    assert caught.value.detail.startswith("score (antwoord_id, beantwoord_op")


def run(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_command_reports_imports_and_undoes() -> None:
    run("create_survey", "winkel", "--company", "Voorbeeld")
    words = [
        "import_responses", str(FILE), "--survey", "winkel", "--score-column", "cijfer",
        "--date-column", "beantwoord_op",
    ]  # fmt: skip

    dry = run(*words, "--dry-run")
    assert Response.objects.count() == 0
    said = run(*words)
    batch = ImportBatch.objects.get()

    assert "15 rows: 7 new answers, 0 already here, 8 not counted." in said
    assert "  cijfer: No score. (line 4)" in said
    assert dry.replace("Dry run: nothing was written.\n", "") in said
    with pytest.raises(CommandError, match=f"undo_import {batch.pk}"):
        run(*words)
    assert "7 answers removed" in run("undo_import", str(batch.pk))


def test_command_writes_the_refused_rows(tmp_path: Path) -> None:
    run("create_survey", "winkel", "--company", "Voorbeeld")
    out = tmp_path / "out.csv"

    run(
        "import_responses", str(FILE), "--survey", "winkel", "--score-column", "cijfer",
        "--date", "2024-01-31", "--problems", str(out),
    )  # fmt: skip

    lines = out.read_text("utf-8-sig").splitlines()
    assert lines[0].endswith(",klantgroep,Line,Reason")
    assert lines[1].endswith(",4,cijfer: No score.")


def test_command_explains_zeros_on_a_scale_from_one() -> None:
    run("create_survey", "winkel", "--company", "Voorbeeld", "--scale-min", "1")

    said = run(
        "import_responses", str(FILE), "--survey", "winkel", "--score-column", "cijfer",
        "--date-column", "beantwoord_op",
    )  # fmt: skip

    assert "on a scale from 0" in said


def test_command_ends_with_2_for_what_it_cannot_read() -> None:
    run("create_survey", "winkel", "--company", "Voorbeeld")
    words = ["--score-column", "cijfer", "--date", "2024-01-31"]

    with pytest.raises(CommandError) as caught:
        run("import_responses", "/nowhere.csv", "--survey", "winkel", *words)
    assert caught.value.returncode == 2
    with pytest.raises(CommandError, match="There is no survey 'winkle'"):
        run("import_responses", str(FILE), "--survey", "winkle", *words)
