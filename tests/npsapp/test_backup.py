"""Backup and restore as an operator does them: commands, on databases of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from django.test.utils import override_settings
from psycopg import sql

from npsapp.backup import restoring
from npsapp.backup.archive import list_files, open_archive, unpack, write_archive
from tests.e2e.product import (
    ROOT,
    Mailbox,
    Product,
    make_database,
    make_environment,
    make_migrated_template,
    run_mailbox,
)

SEED = """
import datetime as dt
from django.utils import timezone
from surveys.models import Invitation
from surveys.addresses import hash_address
from surveys.suppressing import suppress
from tests.factories import *
now = timezone.now()
make_user(role="admin")
organisation = make_organisation(name="Voorbeeld BV", postal_address="Teststraat 1, Testdam")
campaign = make_campaign(weekdays=list(range(7)), day_start=dt.time(0), day_end=dt.time(23, 59))
for days in (0, 0, 7):
    make_invitation(campaign=campaign, scheduled_for=now + dt.timedelta(days=days))
make_mail(to_email="klant@klanten.example")
make_response()
suppress(hash_address("weg@klanten.example"), scope="all", reason="bounced")
"""
# Everything that a restore does not change on purpose.
ROWS = """
    SELECT count(*), md5(coalesce(string_agg(row::text, '|' ORDER BY row::text), ''))
      FROM (SELECT to_jsonb(t) - '{{held_until,held_reason}}'::text[] AS row FROM {table} AS t) AS s
"""
STATES = "SELECT state, count(*) FROM surveys_invitation GROUP BY state ORDER BY state"


class Installation(Product):
    """Only the commands of a product; nothing of it runs."""

    @property
    def database(self) -> str:
        return self.environment["DATABASE_URL"]

    def query(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.database, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def measure(self) -> dict[str, tuple[object, ...]]:
        tables = self.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        measured = {}
        for (table,) in tables:
            if table != "surveys_heartbeat":
                statement = sql.SQL(ROWS).format(table=sql.Identifier(str(table)))
                measured[str(table)] = self.query(statement.as_string())[0]
        return measured

    def fail(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1, done.stdout
        return done.stderr.strip()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with run_mailbox() as mailbox:
        yield mailbox


@pytest.fixture
def houses(mailbox: Mailbox, tmp_path: Path) -> Iterator[list[Installation]]:
    """Two installations with the same keys: one with tables to back up, and an empty machine."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    made = []
    with ExitStack() as stack:
        for name, template in (("old", make_migrated_template()), ("new", "template1")):
            database = stack.enter_context(
                make_database(f"backup_{worker}_{name}", template=template)
            )
            folder = tmp_path / name
            environment = make_environment(
                folder=folder, port=1, database=database, redis="", mailbox=mailbox
            )
            made.append(Installation("http://localhost:1", environment, mailbox, folder))
        yield made


@pytest.fixture
def old(houses: list[Installation]) -> Installation:
    return houses[0]


@pytest.fixture
def seeded(old: Installation) -> Installation:
    old.manage("shell", "--verbosity", "0", "--command", SEED)
    return old


@pytest.fixture
def new(houses: list[Installation]) -> Installation:
    return houses[1]


def test_backup_on_an_empty_machine_is_the_same_again(
    seeded: Installation, new: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "nps.backup"
    said = seeded.manage("backup", str(file))
    before = seeded.measure()

    restored = new.manage("restore", str(file))

    assert new.measure() == before
    assert len(before) > 20
    assert before["surveys_invitation"][0] == 4  # three, and the one that was answered
    assert "all as they were" in restored
    assert "SHA-256" in said
    assert file.stat().st_mode & 0o777 == 0o600


def test_files_of_answers_are_in_no_backup(
    seeded: Installation, new: Installation, tmp_path: Path
) -> None:
    made = """
from django.utils import timezone
from npsapp.models import User
from responses.models import ExportFile, ExportPiece
user = User.objects.create_user("wie@company.example", name="Wie")
file = ExportFile.objects.create(user=user, style="plain", with_addresses=True,
    state="ready", created_at=timezone.now())
ExportPiece.objects.create(export=file, number=0, content=b"x")
"""
    seeded.manage("shell", "--verbosity", "0", "--command", made)
    file = tmp_path / "nps.backup"
    seeded.manage("backup", str(file))

    new.manage("restore", str(file))

    for count in (
        "SELECT count(*) FROM responses_exportfile",
        "SELECT count(*) FROM responses_exportpiece",
    ):
        assert (seeded.query(count), new.query(count)) == ([(1,)], [(0,)])


def test_nothing_is_sent_after_a_restore_until_released(
    seeded: Installation, new: Installation, mailbox: Mailbox, tmp_path: Path
) -> None:
    file = tmp_path / "nps.backup"
    seeded.manage("backup", str(file))
    # As docker-compose does before anything else: an empty house, with its tables.
    new.manage("migrate", "--verbosity", "0")
    new.manage("restore", str(file))

    new.manage("tick")
    new.manage("tick")
    told = new.manage("release_sending")
    held = list(mailbox.mails)
    states = new.query(STATES)
    new.manage("release_sending", "--all")
    new.manage("tick")

    assert held == []
    assert states == [("scheduled", 3), ("sent", 1)]
    assert "No mail leaves" in told
    assert "3 mails were due" in told
    assert len(mailbox.mails) == 3
    assert new.query(STATES) == [("scheduled", 1), ("sent", 3)]


def test_release_in_doubt_sends_only_what_was_not_due(
    seeded: Installation, new: Installation, mailbox: Mailbox, tmp_path: Path
) -> None:
    file = tmp_path / "nps.backup"
    seeded.manage("backup", str(file))
    new.manage("restore", str(file))

    new.manage("release_sending", "--doubt")
    new.query("UPDATE surveys_invitation SET scheduled_for = now() WHERE state = 'scheduled'")
    new.manage("tick")

    assert new.query(STATES) == [("sent", 2), ("unknown", 2)]
    assert len(mailbox.mails) == 1


def test_new_invitations_get_no_number_that_was_mailed_before(
    seeded: Installation, new: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "nps.backup"
    seeded.manage("backup", str(file))
    new.manage("restore", str(file))

    new.manage("shell", "-v0", "-c", "from tests.factories import *; make_invitation()")

    newest = new.query("SELECT max(id) FROM surveys_invitation")[0][0]
    assert isinstance(newest, int)
    assert newest > 1_000_000


def test_restored_installation_is_backed_up_and_restored_again(
    seeded: Installation, new: Installation, tmp_path: Path
) -> None:
    file, again = tmp_path / "nps.backup", tmp_path / "again.backup"
    seeded.manage("backup", str(file))
    new.manage("restore", str(file))
    new.manage("backup", str(again))
    before = new.measure()

    name = seeded.query("SELECT current_database()")[0][0]
    seeded.manage("restore", str(again), "--overwrite", str(name))

    assert seeded.measure() == before


def test_restore_refuses_a_database_in_use(seeded: Installation, tmp_path: Path) -> None:
    file = tmp_path / "nps.backup"
    seeded.manage("backup", str(file))
    before = seeded.measure()

    bare = seeded.fail("restore", str(file))
    wrong = seeded.fail("restore", str(file), "--overwrite", "another")
    with psycopg.connect(seeded.database):
        connected = seeded.fail("restore", str(file))

    assert "is not empty" in bare
    assert "not another" in wrong
    assert "Stop web, worker and beat first" in connected
    assert seeded.measure() == before


def test_restore_refuses_other_keys_unless_they_are_lost(
    seeded: Installation, new: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "nps.backup"
    seeded.manage("backup", str(file))
    key = "another key of the tests, as long as the first"
    unsubscribed = replace(new, environment={**new.environment, "SUPPRESSION_KEY": key})
    unlinked = replace(new, environment={**new.environment, "LINK_SIGNING_KEY": key})

    refusals = [house.fail("restore", str(file)) for house in (unsubscribed, unlinked)]
    turned = replace(
        unlinked,
        environment={
            **unlinked.environment,
            "LINK_SIGNING_KEY_FALLBACKS": new.environment["LINK_SIGNING_KEY"].replace(" ", ""),
        },
    )
    still = turned.fail("restore", str(file))
    unsubscribed.manage("restore", str(file), "--keys-are-lost")

    assert "SUPPRESSION_KEY is not the one" in refusals[0]
    assert "LINK_SIGNING_KEY is not the one" in refusals[1]
    assert "LINK_SIGNING_KEY is not the one" in still
    assert key not in file.read_bytes().decode(errors="replace")
    assert new.measure() == seeded.measure()


def test_damaged_backup_is_refused_before_anything_changes(
    seeded: Installation, new: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "nps.backup"
    seeded.manage("backup", str(file))
    content = bytearray(file.read_bytes())
    with tarfile.open(file) as tar:
        place = tar.getmember("database.dump").offset_data + 1000
    content[place] ^= 1
    file.write_bytes(content)
    text = tmp_path / "text.backup"
    text.write_text("no backup")

    assert "database.dump has another checksum" in new.fail("restore", str(file))
    assert "is no backup" in new.fail("restore", str(text))
    assert "cannot be read" in new.fail("restore", str(tmp_path / "missing"))
    assert new.measure() == {}


def test_backup_of_a_newer_version_is_refused(
    old: Installation, new: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "nps.backup"
    old.query(
        "INSERT INTO django_migrations (app, name, applied)"
        " VALUES ('surveys', '9999_of_tomorrow', now())"
    )
    old.manage("backup", str(file))

    assert "newer version of the product, with surveys.9999_of_tomorrow" in new.fail(
        "restore", str(file)
    )


def test_backup_of_an_older_version_is_migrated_forward(
    houses: list[Installation], tmp_path: Path
) -> None:
    old, new = houses
    file = tmp_path / "nps.backup"
    old.query("DROP SCHEMA public CASCADE")
    old.query("CREATE SCHEMA public")
    old.manage("migrate", "surveys", "0001_initial", "--verbosity", "0")
    old.manage("backup", str(file))

    said = new.manage("restore", str(file))

    assert "Migrated forward" in said
    new.manage("migrate", "--check")


def test_failed_restore_leaves_the_database_as_it_was(seeded: Installation, tmp_path: Path) -> None:
    file, broken = tmp_path / "nps.backup", tmp_path / "broken.backup"
    seeded.manage("backup", str(file))
    before = seeded.measure()
    # Whole by its checksums, but pg_restore cannot read it.
    (tmp_path / "dump").write_bytes(b"PGDMP and then nothing of use")
    with open_archive(file) as (_, manifest):
        facts = {
            name: getattr(manifest, name)
            for name in ("made_at", "postgresql", "migrations", "keys", "tables")
        }
    write_archive(broken, {"database.dump": tmp_path / "dump"}, **facts)
    name = str(seeded.query("SELECT current_database()")[0][0])

    said = seeded.fail("restore", str(broken), "--overwrite", name)

    assert "The database is as it was" in said
    assert seeded.measure() == before


def test_failed_backup_is_not_taken_for_one(old: Installation, tmp_path: Path) -> None:
    said = old.fail("backup", str(tmp_path / "missing" / "nps.backup"))

    assert said == f"CommandError: There is no folder {tmp_path / 'missing'}."
    assert old.query("SELECT seen_at FROM surveys_heartbeat WHERE name = 'backup'") == [(None,)]


def test_manifest_tells_keys_apart_and_nothing_else(seeded: Installation, tmp_path: Path) -> None:
    file = tmp_path / "nps.backup"
    seeded.manage("backup", str(file))

    with tarfile.open(file) as tar:
        source = tar.extractfile("manifest.json")
        assert source is not None
        manifest = json.loads(source.read())

    assert set(manifest["keys"]) == {"SUPPRESSION_KEY", "LINK_SIGNING_KEY"}
    assert all(len(fingerprint) == 16 for fingerprint in manifest["keys"].values())
    assert manifest["keys"]["SUPPRESSION_KEY"] != manifest["keys"]["LINK_SIGNING_KEY"]


def test_uploaded_files_come_back_and_later_ones_go(tmp_path: Path) -> None:
    media = tmp_path / "media"
    (media / "logos").mkdir(parents=True)
    (media / "logos" / "ours.png").write_bytes(b"a picture")
    file = tmp_path / "nps.backup"
    facts = {"made_at": "", "postgresql": 18, "migrations": [], "keys": {}, "tables": {}}
    write_archive(file, list_files(media), **facts)
    (media / "logos" / "ours.png").write_bytes(b"another picture")
    (media / "later.png").write_bytes(b"later")

    with open_archive(file) as (tar, manifest), override_settings(MEDIA_ROOT=str(media)):
        unpack(tar, manifest, tmp_path / "unpacked")
        restoring.replace_media(tmp_path / "unpacked" / "media")

    found = {name: path.read_bytes() for name, path in list_files(media).items()}
    assert found == {"media/logos/ours.png": b"a picture"}


ERASED = "weg.ermee@klanten.example"
PERSON = f"""
from tests.factories import *
from surveys.models import Campaign, Mail
campaign = Campaign.objects.first()
person = make_contact(email="{ERASED}", first_name="Wilma", last_name="Wegermee")
answered = make_invitation(campaign=campaign, contact=person, state="sent")
make_response(invitation=answered, comment="Groet, {ERASED}")
make_invitation(campaign=campaign, contact=person, state="sending", occasion="2")
Mail.objects.update(text="Stuur het aan over@klanten.example")
make_contact(email="blijft@klanten.example")
"""


def dump(house: Installation) -> str:
    """Every row of every table, as text."""
    tables = house.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return "\n".join(
        str(row)
        for (table,) in tables
        for row in house.query(
            sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(str(table))).as_string()
        )
    ).lower()


def ledger_of(house: Installation) -> Path:
    return Path(house.environment["DATA_DIR"]) / "erasures.log"


@pytest.fixture
def erased(seeded: Installation, tmp_path: Path) -> Path:
    """A backup that is older than what was erased."""
    file = tmp_path / "nps.backup"
    seeded.manage("shell", "-v0", "-c", PERSON)
    seeded.manage("backup", str(file))
    seeded.query("UPDATE surveys_invitation SET state = 'sent' WHERE state = 'sending'")
    seeded.manage("erase", ERASED, "--yes")
    seeded.manage("erase", "over@klanten.example", "--yes")
    return file


def test_restore_repeats_what_was_erased_since(
    seeded: Installation, new: Installation, erased: Path, tmp_path: Path
) -> None:
    ledger = ledger_of(seeded)
    assert ERASED not in ledger.read_text()
    assert ledger.stat().st_mode & 0o777 == 0o600

    said = new.manage("restore", str(erased), "--erasures", str(ledger))

    rows = dump(new)
    assert "2 erasures stand in the ledger: 1 people and 1 left-over addresses" in said
    for trace in (ERASED, "wegermee", "over@klanten.example"):
        assert trace not in rows
    assert "blijft@klanten.example" in rows
    scores = "SELECT count(*) FROM responses_response WHERE contact_id IS NULL"
    assert new.query(scores) == [(1,)]
    reasons = "SELECT count(*) FROM surveys_suppression WHERE reason = 'erased'"
    assert new.query(reasons) == seeded.query(reasons) == [(2,)]
    assert ledger_of(new).read_text().splitlines() == ledger.read_text().splitlines()
    assert "Mail leaves again" in new.manage("release_sending", "--all")


def test_restore_finds_the_ledger_of_the_machine_itself(seeded: Installation, erased: Path) -> None:
    name = str(seeded.query("SELECT current_database()")[0][0])

    seeded.manage("restore", str(erased), "--overwrite", name)

    assert ERASED not in dump(seeded)


def test_ledger_travels_with_the_next_backup(
    seeded: Installation, new: Installation, erased: Path, tmp_path: Path
) -> None:
    later = tmp_path / "later.backup"
    seeded.manage("backup", str(later))
    new.manage("restore", str(later))
    name = str(new.query("SELECT current_database()")[0][0])

    # The older backup alone would bring the person back; the machine has learnt by now.
    new.manage("restore", str(erased), "--overwrite", name)

    assert ERASED not in dump(new)


def test_nothing_is_released_while_an_erasure_is_missing(
    seeded: Installation, new: Installation, erased: Path
) -> None:
    new.manage("restore", str(erased))
    assert ERASED in dump(new)  # no ledger was at hand
    new.query("INSERT INTO surveys_heartbeat (name, seen_at) VALUES ('erasures to replay', now())")

    refused = new.fail("release_sending", "--all")
    doctor = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--only", "erasures"],
        cwd=ROOT, env=new.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    new.manage("replay_erasures", "--erasures", str(ledger_of(seeded)))

    assert "replay_erasures" in refused
    assert "0 erasures stand in the ledger" in doctor.stdout
    assert ERASED not in dump(new)
    assert "Mail leaves again" in new.manage("release_sending", "--all")


def test_ledger_that_is_not_there_stops_the_restore_before_it_begins(
    new: Installation, erased: Path, tmp_path: Path
) -> None:
    said = new.fail("restore", str(erased), "--erasures", str(tmp_path / "missing.log"))

    assert "There is no file" in said
    assert new.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
