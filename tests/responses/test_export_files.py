"""Workbooks, and large files that a worker writes: what is in them, whose, and for how long."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import tracemalloc
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import Client

from npsapp.models import User
from npsapp.roles import Role
from responses import export_files
from responses.export_files import ask_for_file, find_waiting, forget_files, write_file
from responses.exporting import COLUMNS, PROPERTY, Cell
from responses.forms.listing import find_rows
from responses.models import ExportFile, ExportPiece, Tag
from responses.writing import ExportStyle, FileStyle, stream_rows, write_workbook
from tests.factories import make_contact, make_property, make_response, make_survey, make_user

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 7, 3, 10, tzinfo=dt.UTC)
ROOT = Path(__file__).parents[2]
CELL = re.compile(r'<c r="([A-Z]+)(\d+)"([^>]*?)(?:/>|>(.*?)</c>)', re.DOTALL)


def read_sheet(content: bytes, number: int = 1) -> dict[str, tuple[str, str]]:
    """Return (attributes, inside) of each cell of a sheet by its place."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet = book.read(f"xl/worksheets/sheet{number}.xml").decode()
    return {
        f"{c}{r}": (attributes, inside or "") for c, r, attributes, inside in CELL.findall(sheet)
    }


def workbook(rows: list[list[Cell]], path: Path, **options: int) -> bytes:
    write_workbook(["a", "b"], rows, path, **options)
    return path.read_bytes()


@pytest.mark.parametrize(
    "text", ["=1+1", "+31", "-2", "@SUM(A1)", "=cmd|' /C calc'!A0", "https://evil.example", "007"]
)
def test_text_in_a_workbook_stays_text(tmp_path: Path, text: str) -> None:
    content = workbook([[text, 1]], tmp_path / "x.xlsx")
    attributes, inside = read_sheet(content)["A2"]

    assert 't="inlineStr"' in attributes
    assert "<f>" not in inside
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert "hyperlink" not in sheet
        assert not [name for name in book.namelist() if "rels/sheet" in name]


def test_numbers_days_and_moments_in_a_workbook_are_such(tmp_path: Path) -> None:
    row: list[Cell] = [Decimal("-1250.5"), dt.datetime(2026, 7, 4, 12)]  # noqa: DTZ001
    old: list[Cell] = [dt.date(2026, 7, 4), dt.date(1899, 1, 1)]
    cells = read_sheet(workbook([row, old], tmp_path / "x.xlsx"))

    assert cells["A2"][1] == "<v>-1250.5</v>"
    assert cells["B2"][1] == "<v>46207.5</v>"  # days since 1899-12-30
    assert cells["A3"][1] == "<v>46207</v>"
    assert "1899-01-01" in cells["B3"][1]


def test_number_of_more_digits_than_a_workbook_keeps_stays_whole(tmp_path: Path) -> None:
    cells = read_sheet(workbook([[Decimal(12345678901234567890), None]], tmp_path / "x.xlsx"))

    assert "12345678901234567890" in cells["A2"][1]


def test_rows_beyond_a_sheet_go_on_in_the_next_with_their_header(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [[n, "x"] for n in range(5)]
    content = workbook(rows, tmp_path / "x.xlsx", most_rows=3)

    found = [read_sheet(content, number) for number in (1, 2, 3)]
    assert [len({place[1:] for place in cells}) for cells in found] == [3, 3, 2]
    assert all("<t>a</t>" in cells["A1"][1] for cells in found)
    assert [cells["A2"][1] for cells in found] == ["<v>0</v>", "<v>2</v>", "<v>4</v>"]


def test_workbook_of_nothing_has_its_header(tmp_path: Path) -> None:
    assert set(read_sheet(workbook([], tmp_path / "x.xlsx"))) == {"A1", "B1"}


@pytest.mark.parametrize(
    ("style", "number"),
    [(FileStyle.SEMICOLON, "-1250,5"), (FileStyle.COMMA, "-1250.5"), (FileStyle.PLAIN, "-1250.5")],
)
def test_number_in_a_csv_is_no_text_and_has_the_decimal_sign_of_its_readers(
    style: FileStyle, number: str
) -> None:
    lines = b"".join(stream_rows(["a"], [[Decimal("-1250.5")], ["-2"]], style)).decode("utf-8-sig")

    assert lines.splitlines()[1:] == [number, "'-2"]


def export_both(client: Client) -> tuple[list[str], dict[str, tuple[str, str]]]:
    text = client.get("/responses/export/")
    assert isinstance(text, StreamingHttpResponse)
    content = b"".join(text.streaming_content).decode("utf-8-sig")
    header = next(csv.reader(io.StringIO(content), delimiter=";"))
    book = client.get("/responses/export/?style=xlsx")
    assert isinstance(book, StreamingHttpResponse)
    assert book["Content-Disposition"].endswith('.xlsx"')
    return header, read_sheet(b"".join(book.streaming_content))


def test_workbook_has_the_columns_of_the_csv(agent_client: Client) -> None:
    make_property(key="omzet", kind="money")
    response = make_response(score=9, properties={"omzet": "1250.50"}, comment="=1+1")
    response.tags.add(Tag.objects.create(label="koerier"), Tag.objects.create(label="traag"))

    header, cells = export_both(agent_client)

    titles = [
        re.sub("<[^>]+>", "", cells[place][1]) for place in cells if re.fullmatch("[A-Z]1", place)
    ]
    assert titles == header == [*COLUMNS, "prop.omzet"]
    assert cells["E2"][1] == "<v>9</v>"
    assert "koerier, traag" in cells["R2"][1]
    assert cells["S2"][1] == "<v>1250.50</v>"
    assert "=1+1" in cells["G2"][1]


def test_viewer_gets_no_address_in_a_workbook(viewer_client: Client) -> None:
    person = make_contact(email="fenna@klanten.example", last_name="Fluitketel")
    make_response(contact=person, channel="import", occasion="van fenna@klanten.example")

    content = viewer_client.get("/responses/export/?style=xlsx")
    assert isinstance(content, StreamingHttpResponse)

    assert "@klanten" not in str(read_sheet(b"".join(content.streaming_content)))


def test_docs_tell_every_column_and_no_other() -> None:
    page = (ROOT / "docs" / "exports.md").read_text()
    told = re.findall(r"^\| `([a-z_.<>]+)` \|", page, re.MULTILINE)

    assert told == [*COLUMNS, f"{PROPERTY}<key>"]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    """More than two answers are many; files are written in a folder of the test."""
    monkeypatch.setattr("responses.views.exporting.MOST_AT_ONCE", 2)
    settings.DATA_DIR = tmp_path


def ask(user: User, *, query: str = "", style: ExportStyle = ExportStyle.PLAIN) -> ExportFile:
    return ask_for_file(
        query, style, rows=3, user=user, with_addresses=user.may(Role.AGENT), now=NOW
    )


def write(export: ExportFile) -> bool:
    return write_file(export.pk, find=find_rows, now=NOW)


def content_of(export: ExportFile) -> bytes:
    return b"".join(bytes(piece.content) for piece in export.pieces.all())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("style", ["plain", "xlsx"])
def test_many_answers_are_written_by_a_worker_and_fetched_once_ready(
    agent_client: Client, few: None, style: str
) -> None:
    survey = make_survey(slug="levering")
    for score in (0, 5, 9):
        make_response(survey=survey, score=score)
    make_response(score=8)
    asked = agent_client.get(f"/responses/export/?survey=levering&period=all&style={style}")
    assert "3 answers are more than a page can wait for" in asked.content.decode()
    assert ExportFile.objects.count() == 0
    sent = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked.content.decode()))

    progress = agent_client.post("/responses/export/large/", sent, follow=True)
    (export,) = ExportFile.objects.all()
    assert "Waiting for the worker" in progress.content.decode()
    assert agent_client.get(f"{export.get_absolute_url()}content/").status_code == 404
    assert write(export)
    ready = agent_client.get(export.get_absolute_url()).content.decode()
    file = agent_client.get(f"{export.get_absolute_url()}content/")

    assert isinstance(file, StreamingHttpResponse)
    content = b"".join(file.streaming_content)
    assert "Download" in ready
    assert len(content) == int(file["Content-Length"])
    if style == "plain":
        scores = [row["score"] for row in csv.DictReader(io.StringIO(content.decode()))]
        assert sorted(scores) == ["0", "5", "9"]
    else:
        assert len({place[1:] for place in read_sheet(content)}) == 4


@pytest.mark.django_db(transaction=True)
def test_file_is_written_once_and_a_second_click_leads_to_it(few: None, agent: User) -> None:
    export = ask(agent)

    assert ask(agent) == export
    assert ask(make_user(role="agent")) != export
    assert (write(export), write(export)) == (True, False)


@pytest.mark.django_db(transaction=True)
def test_file_of_a_worker_that_died_is_written_by_another(few: None, agent: User) -> None:
    make_response(score=9)
    export = ask(agent)
    past = NOW - dt.timedelta(days=1)
    ExportFile.objects.update(state="writing", attempts=1, lease_until=past)

    assert find_waiting() == [export.pk]
    assert write(export)
    assert b",9,promoter," in content_of(export)


@pytest.mark.django_db(transaction=True)
def test_file_that_fails_three_times_is_given_up(
    few: None, agent: User, agent_client: Client
) -> None:
    export = ask(agent)
    ExportFile.objects.update(attempts=3)

    assert not write(export)
    assert "Could not be written." in agent_client.get(export.get_absolute_url()).content.decode()
    assert find_waiting() == []


@pytest.mark.django_db(transaction=True)
def test_file_of_a_filter_that_is_gone_fails(few: None, agent: User) -> None:
    tag = Tag.objects.create(label="koerier")
    export = ask(agent, query=f"tag={tag.pk}")
    tag.delete()

    assert not write(export)
    export.refresh_from_db()
    assert export.state == "failed"


@pytest.mark.django_db(transaction=True)
def test_file_that_is_thrown_away_while_it_is_written_does_not_come_back(
    few: None, agent: User, tmp_path: Path
) -> None:
    make_response()
    export = ask(agent)

    def erase() -> None:
        ExportFile.objects.all().delete()
        connection.close()

    def read_and_erase(query: str, now: dt.datetime) -> object:
        # In a transaction of its own, as somebody else's is.
        thread = Thread(target=erase)
        thread.start()
        thread.join()
        return find_rows(query, now)

    assert not write_file(export.pk, find=read_and_erase, now=NOW)  # type: ignore[arg-type]
    assert (ExportFile.objects.count(), ExportPiece.objects.count()) == (0, 0)
    assert list(tmp_path.iterdir()) == []


def test_file_belongs_to_who_asked_as_long_as_they_may_see_addresses(
    few: None, agent: User, agent_client: Client, manager_client: Client
) -> None:
    url = ask(agent).get_absolute_url()
    assert manager_client.get(url).status_code == 404
    assert agent_client.get(url).status_code == 200

    User.objects.filter(pk=agent.pk).update(role="viewer")

    assert agent_client.get(url).status_code == 404
    assert agent_client.get(f"{url}content/").status_code == 404


def test_files_go_after_a_day(few: None, agent: User, tmp_path: Path) -> None:
    old, day = ask(agent), dt.timedelta(days=1)
    ExportFile.objects.filter(pk=old.pk).update(state="ready")
    ExportPiece.objects.create(export=old, number=0, content=b"x")

    assert forget_files(now=NOW + day) == 0
    assert forget_files(now=NOW + day + dt.timedelta(seconds=1)) == 1
    assert ExportPiece.objects.count() == 0


def test_folder_that_a_dead_worker_left_goes(few: None, tmp_path: Path) -> None:
    folder = tmp_path / f"{export_files.FOLDER}abc"
    folder.mkdir()
    (folder / "responses.csv").write_text("x")

    forget_files(now=dt.datetime.now(dt.UTC))
    assert folder.exists()
    forget_files(now=dt.datetime.now(dt.UTC) + dt.timedelta(days=2))

    assert not folder.exists()


def test_workbook_is_written_in_constant_memory(tmp_path: Path) -> None:
    def rows(number: int) -> Iterator[list[Cell]]:
        return ([n, f"een zin van iemand {n} " * 5] for n in range(number))

    def peak(number: int) -> int:
        tracemalloc.start()
        write_workbook(["a", "b"], rows(number), tmp_path / f"{number}.xlsx")
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)
    few_rows, many = peak(500), peak(10_000)

    assert many < 2 * few_rows + 500_000


def test_export_pages_of_others_need_a_login(client: Client) -> None:
    for url in ("/responses/export/", "/responses/export/1/", "/responses/export/1/content/"):
        assert client.get(url).status_code == 302


def test_one_person_has_few_files_under_way(agent_client: Client, agent: User, few: None) -> None:
    survey = make_survey()
    for score in (0, 5, 9):
        make_response(survey=survey, score=score)
    for style in ("plain", "comma", "semicolon"):
        agent_client.post("/responses/export/large/", {"style": style})
    assert ExportFile.objects.count() == 3

    response = agent_client.post("/responses/export/large/", {"style": "xlsx"}, follow=True)

    assert ExportFile.objects.count() == 3
    assert "3 of your files are being written already" in response.content.decode()
    again = agent_client.post("/responses/export/large/", {"style": "plain"})
    assert again["location"].startswith("/responses/export/")
    assert ask(make_user(role="agent")).user != agent


def test_one_person_keeps_few_files(agent_client: Client, agent: User, few: None) -> None:
    survey = make_survey()
    for score in (0, 5, 9):
        make_response(survey=survey, score=score)
    for number in range(10):
        kept = {"query": f"q={number}", "style": "plain", "file_name": "x.csv"}
        ExportFile.objects.create(
            user=agent, state="ready", with_addresses=True, created_at=NOW, **kept
        )

    response = agent_client.post("/responses/export/large/", {"style": "plain"}, follow=True)

    assert ExportFile.objects.count() == 10
    assert "You have 10 files already" in response.content.decode()


def test_few_answers_are_not_given_to_a_worker(agent_client: Client, few: None) -> None:
    survey = make_survey(slug="levering")
    make_response(survey=survey, score=9)

    sent = {"survey": "levering", "style": "plain"}
    response = agent_client.post("/responses/export/large/", sent)

    assert (response.status_code, ExportFile.objects.count()) == (302, 0)
    assert response["location"].startswith("/responses/export/?")
    assert agent_client.get(response["location"]).status_code == 200
