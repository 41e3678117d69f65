"""Each question of the doctor, well and ill."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test.utils import override_settings
from django.utils import timezone

from npsapp import doctor
from npsapp.doctor import examine
from npsapp.embedded.leftovers import note_owner
from npsapp.readiness import Trouble
from surveys.models import Heartbeat
from surveys.models.sender import UNTIL_RELEASED
from surveys.sending.watch import BACKUP, BEAT, WORKER, note_alive
from tests.factories import make_sender
from tests.services import free_port
from tests.surveys.sending.smtp_server import smtp_server, smtp_settings

pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now


def find(name: str) -> Trouble | None:
    (answer,) = examine([name], now=NOW())
    return answer.trouble


def run_doctor(*only: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("doctor", *(["--only", *only] if only else []), stdout=out)
    except SystemExit as leave:
        return int(str(leave.code)), out.getvalue()
    return 0, out.getvalue()


@pytest.fixture
def system_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(doctor, "SYSTEM_FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def all_well(system_folder: Path) -> None:
    for part in (WORKER, BEAT, BACKUP):
        note_alive(part, now=NOW())


def test_doctor_is_content_and_says_so_once_per_question(all_well: None) -> None:
    with smtp_server() as server, override_settings(**smtp_settings(server.port)):
        status, said = run_doctor()

    assert status == 0
    assert [line.split() for line in said.splitlines()] == [
        [question.name, "well"] for question in doctor.QUESTIONS
    ]
    assert server.messages == []


def test_doctor_ends_with_1_and_tells_the_mend() -> None:
    status, said = run_doctor("worker", "beat")

    assert status == 1
    assert said.count("WRONG") == 2
    assert "The worker has never run." in said
    assert "Start the beat as the Procfile does" in said


def test_database_whose_checkout_is_gone_is_named(system_folder: Path, all_well: None) -> None:
    in_use = system_folder / "checkout"
    in_use.mkdir()
    (in_use / "pg.users").touch()
    owners = {"aa": in_use, "bb": system_folder / "gone", "cc.17": in_use, "dd": None}
    for name, owner in owners.items():
        (system_folder / name / "pg").mkdir(parents=True)
        if owner:
            note_owner(system_folder / name, owner)

    status, said = run_doctor("leftovers")

    assert status == 0
    assert "2 databases" in said
    assert f"rm -r {system_folder / 'bb'} {system_folder / 'cc.17'}\n" in said


def test_missing_backup_is_advice_only() -> None:
    status, said = run_doctor("backup")

    assert status == 0
    assert "ADVICE There has never been a backup." in said


@pytest.mark.parametrize(
    ("part", "hours", "words"),
    [(WORKER, 1, "The worker has been silent since"), (BACKUP, 72, "The last backup is of")],
)
def test_doctor_knows_for_how_long_nothing_was_heard(part: str, hours: int, words: str) -> None:
    note_alive(part, now=NOW() - dt.timedelta(hours=hours))

    trouble = find(part)

    assert trouble is not None
    assert trouble.sentence.startswith(words)


def test_mail_server_that_refuses_the_password() -> None:
    account = {"EMAIL_HOST_USER": "nps", "EMAIL_HOST_PASSWORD": "a password"}
    with smtp_server() as server, override_settings(**smtp_settings(server.port, **account)):
        well = find("mail")
        server.say(auth="535 5.7.8 no")
        trouble = find("mail")

    assert trouble is not None
    assert "does not let us in" in trouble.sentence
    assert "535" in trouble.detail
    assert well is None


def test_mail_server_that_is_away() -> None:
    with override_settings(**smtp_settings(free_port())):
        trouble = find("mail")

    assert trouble is not None
    assert "EMAIL_URL" in trouble.mend


def test_mail_kept_in_files_is_wrong_in_production_only() -> None:
    files = {"EMAIL_BACKEND": "npsapp.outbox.EmailBackend"}
    with override_settings(**files, EMBEDDED=False):
        production = find("mail")
    with override_settings(**files, EMBEDDED=True):
        laptop = find("mail")

    assert production is not None
    assert "leaves for nobody" in production.sentence
    assert laptop is None


def test_mail_service_without_its_key() -> None:
    with override_settings(EMAIL_BACKEND="anymail.backends.postmark.EmailBackend", ANYMAIL={}):
        trouble = find("mail")

    assert trouble is not None
    assert "POSTMARK_SERVER_TOKEN" in trouble.detail


def test_https_without_a_trusted_proxy_would_go_round_in_circles() -> None:
    with override_settings(BASE_URL="https://nps.voorbeeld.example"):
        trouble = find("settings")

    assert trouble is not None
    assert "BEHIND_PROXY=1" in trouble.mend


def test_database_away_leaves_the_rest_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_database_trouble", lambda: Trouble("The database is away."))

    status, said = run_doctor()

    assert status == 1
    assert said.count("WRONG  The database is away.") == 1
    assert said.count("not asked") == sum(asked.needs_database for asked in doctor.QUESTIONS)


@pytest.mark.parametrize(
    ("limit", "value", "question"),
    [("MOST_CLOCK_SECONDS", -1.0, "clock"), ("LEAST_FREE_BYTES", 10**18, "disk")],
)
def test_limits_of_clock_and_disk(
    limit: str, value: Any, question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = find(question)
    monkeypatch.setattr(doctor, limit, value)

    assert well is None
    assert find(question) is not None


def test_restored_installation_is_reminded_of_its_held_mail() -> None:
    make_sender(held_until=UNTIL_RELEASED)

    trouble = find("sending")

    assert trouble is not None
    assert "release_sending" in trouble.mend


def test_doctor_survives_a_question_that_breaks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def break_down(*_: object) -> Callable[..., None]:
        raise PermissionError("Permission denied")

    monkeypatch.setattr(doctor.shutil, "disk_usage", break_down)  # type: ignore[attr-defined]

    trouble = find("disk")

    assert trouble is not None
    assert "Permission denied" in trouble.detail
    assert Heartbeat.objects.count() == 0
