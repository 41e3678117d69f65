"""The embedded PostgreSQL, used as the product uses it: by many separate processes."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from npsapp.embedded import cluster as cluster_module
from npsapp.embedded import programs, server
from npsapp.embedded.cluster import LONGEST_SOCKET_PATH, Cluster, choose_account
from npsapp.embedded.programs import EmbeddedServerError, choose_version, find_programs

ROOT = Path(__file__).parents[2]


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A DATA_DIR whose server, and whose place outside of it as root, is gone afterwards."""
    folder = tmp_path / "var"
    yield folder
    if folder.exists():
        cluster = cluster_of(folder)
        cluster.stop()
        place = cluster.data.parent
        if place != folder:
            for left in place.parent.glob(f"{place.name}*"):
                shutil.rmtree(left)


def cluster_of(data_dir: Path) -> Cluster:
    return server._cluster_of(data_dir.resolve())


def start_user(data_dir: Path, code: str = "") -> subprocess.Popen[str]:
    """A process that uses the server, says so with its socket, and runs `code` or waits."""
    program = f"""
        import os, signal, sys, psycopg
        from pathlib import Path
        from npsapp.embedded import server
        params = server.ensure_running(Path({str(data_dir)!r}))
        connection = psycopg.connect(**params, autocommit=True)
        print("ready", params["host"], flush=True)
    """
    waiting = "sys.stdin.readline()"
    return subprocess.Popen(
        [sys.executable, "-c", "\n".join([textwrap.dedent(program), code or waiting])],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_ready(user: subprocess.Popen[str]) -> Path:
    assert user.stdout is not None
    word, folder = user.stdout.readline().split()
    assert word == "ready"
    return Path(folder)


def leave(user: subprocess.Popen[str]) -> int:
    user.communicate("\n", timeout=60)
    return user.returncode


def postmaster(data_dir: Path) -> int:
    return int((cluster_of(data_dir).data / "postmaster.pid").read_text().split()[0])


def kill_server(data_dir: Path) -> None:
    os.kill(postmaster(data_dir), signal.SIGKILL)
    deadline = time.monotonic() + 10
    while cluster_module._is_alive(postmaster(data_dir)) and time.monotonic() < deadline:
        time.sleep(0.01)


def query(data_dir: Path, statement: str) -> object:
    with psycopg.connect(make_conninfo(**cluster_of(data_dir).connection_params())) as connection:
        row = connection.execute(statement.encode()).fetchone()
    return row[0] if row else None


def test_server_of_one_process_stops_with_it(data_dir: Path) -> None:
    user = start_user(data_dir)
    folder = wait_ready(user)

    assert leave(user) == 0

    assert not cluster_of(data_dir).is_running()
    assert not folder.exists()


def test_server_of_one_process_stops_when_that_is_told_to_end(data_dir: Path) -> None:
    user = start_user(data_dir)
    wait_ready(user)

    user.terminate()
    user.communicate(timeout=60)

    assert user.returncode == 128 + signal.SIGTERM
    assert not cluster_of(data_dir).is_running()


def test_server_lives_until_the_last_process_leaves(data_dir: Path) -> None:
    first, second = start_user(data_dir), start_user(data_dir)
    assert wait_ready(first) == wait_ready(second)

    leave(first)
    running_after_first = cluster_of(data_dir).is_running()
    leave(second)

    assert running_after_first
    assert not cluster_of(data_dir).is_running()


def test_many_processes_at_once_share_one_server(data_dir: Path) -> None:
    users = [start_user(data_dir) for _ in range(8)]

    folders = {wait_ready(user) for user in users}
    endings = [leave(user) for user in users]

    assert len(folders) == 1
    assert endings == [0] * 8
    assert not cluster_of(data_dir).is_running()


def test_fork_keeps_the_server_of_its_parent(data_dir: Path) -> None:
    # The child inherits the hold; the parent leaves first.
    forking = textwrap.dedent("""
        if os.fork():
            sys.exit()
        sys.stdin.readline()
        print(psycopg.connect(**server.ensure_running(Path(params_dir))).info.status.name)
    """).replace("params_dir", repr(str(data_dir)))
    user = start_user(data_dir, forking)
    wait_ready(user)
    user.wait(60)
    running_without_parent = cluster_of(data_dir).is_running()

    said, _ = user.communicate("\n", timeout=60)
    deadline = time.monotonic() + 30
    while cluster_of(data_dir).is_running() and time.monotonic() < deadline:
        time.sleep(0.1)

    assert running_without_parent
    assert said.strip() == "OK"
    assert not cluster_of(data_dir).is_running()


def test_kill_of_everything_is_recovered_with_its_rows(data_dir: Path) -> None:
    user = start_user(
        data_dir,
        "connection.execute('CREATE TABLE kept AS SELECT 42 AS number')\n"
        "print('written', flush=True); sys.stdin.readline()",
    )
    wait_ready(user)
    assert user.stdout is not None
    assert user.stdout.readline() == "written\n"
    kill_server(data_dir)
    user.kill()
    user.communicate()

    again = start_user(data_dir)
    wait_ready(again)
    number = query(data_dir, "SELECT number FROM kept")

    assert number == 42
    assert leave(again) == 0


def test_server_left_by_killed_processes_is_used_on(data_dir: Path) -> None:
    user = start_user(data_dir)
    wait_ready(user)
    before = postmaster(data_dir)
    user.kill()
    user.communicate()

    again = start_user(data_dir)
    wait_ready(again)
    after = postmaster(data_dir)
    leave(again)

    assert after == before
    assert not cluster_of(data_dir).is_running()


def test_recorded_process_that_became_a_stranger_is_no_obstacle(data_dir: Path) -> None:
    leave(user := start_user(data_dir))
    assert user.returncode == 0
    cluster = cluster_of(data_dir)
    stranger = subprocess.Popen(
        ["sleep", "60"],
        user=None if cluster.account.is_ours else cluster.account.uid,
    )
    recorded = [stranger.pid, cluster.data, 0, 5432, "/tmp/npsapp-gone", "", "", "ready"]
    (cluster.data / "postmaster.pid").write_text("\n".join(str(line) for line in recorded))

    again = start_user(data_dir)
    wait_ready(again)

    assert leave(again) == 0
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_deleted_data_dir_begins_anew(data_dir: Path) -> None:
    first = start_user(data_dir, "connection.execute('CREATE TABLE old AS SELECT 1')")
    wait_ready(first)
    leave(first)
    shutil.rmtree(data_dir)

    user = start_user(data_dir)
    wait_ready(user)
    found = query(data_dir, "SELECT to_regclass('old')")
    leave(user)

    assert found is None


def test_half_made_cluster_is_made_again(data_dir: Path) -> None:
    draft = cluster_of(data_dir).data.with_name("pg.new")
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18")

    user = start_user(data_dir)
    wait_ready(user)

    assert leave(user) == 0
    assert not draft.exists()


def test_killed_server_is_started_again_by_a_living_process(data_dir: Path) -> None:
    code = textwrap.dedent("""
        sys.stdin.readline()
        again = server.ensure_running(Path(params_dir))
        print(again == params, psycopg.connect(**again).info.status.name, flush=True)
    """).replace("params_dir", repr(str(data_dir)))
    user = start_user(data_dir, code)
    wait_ready(user)
    kill_server(data_dir)

    said, _ = user.communicate("\n", timeout=60)

    assert said.strip() == "True OK"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_pool_of_a_living_process_survives_a_restart(data_dir: Path, how: signal.Signals) -> None:
    program = """
        import sys, django
        django.setup()
        from django.db import connection
        for _ in range(2):
            with connection.cursor() as cursor:
                print(cursor.execute("SELECT 'answer'").fetchone()[0], flush=True)
            connection.close()
            sys.stdin.readline()
    """
    user = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=ROOT,
        env=os.environ
        | {"DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "npsapp.settings"}
        | {"DATABASE_URL": ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert user.stdout is not None
    assert user.stdout.readline() == "answer\n"
    number = postmaster(data_dir)
    os.kill(number, how)
    while cluster_module._is_alive(number):
        time.sleep(0.01)

    said, _ = user.communicate("\n\n", timeout=60)

    assert said == "answer\n"


def test_server_speaks_unicode_in_its_own_session_without_tcp(data_dir: Path) -> None:
    user = start_user(data_dir)
    folder = wait_ready(user)
    number = postmaster(data_dir)

    facts = [
        query(data_dir, "SELECT upper('één')"),
        query(data_dir, "SHOW server_encoding"),
        query(
            data_dir,
            "SELECT coalesce(to_jsonb(d)->>'datlocale', datctype)"
            " FROM pg_database d WHERE datname = 'nps'",
        ),
        query(data_dir, "SHOW listen_addresses"),
    ]
    session = os.getsid(number)
    mode = folder.stat().st_mode & 0o777
    leave(user)

    assert facts == ["ÉÉN", "UTF8", "C.UTF-8", ""]
    assert (session, mode) == (number, 0o700)
    assert len(f"{folder}/.s.PGSQL.5432") <= LONGEST_SOCKET_PATH


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops its rights")
def test_root_runs_the_server_as_nobody(data_dir: Path) -> None:
    data_dir.parent.chmod(0o700)
    user = start_user(data_dir)
    wait_ready(user)

    owner = Path(f"/proc/{postmaster(data_dir)}").stat().st_uid
    leave(user)

    assert owner == choose_account(data_dir).uid != 0


def test_private_server_forgets_quickly_and_stops() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        private = server.start_private(Path(folder) / "private")
        with psycopg.connect(make_conninfo(**private.connection_params())) as connection:
            fsync = connection.execute("SHOW fsync").fetchone()

        private.stop()

        assert fsync == ("off",)
        assert not private.is_running()


def test_missing_wheel_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(programs, "PACKAGE", "no_such_wheel")

    with pytest.raises(EmbeddedServerError, match=r"^There is no database: .*DATABASE_URL.*\.$"):
        find_programs(programs.NEWEST, copied=False)


@pytest.mark.parametrize("version", list(programs.PROGRAMS))
def test_version_of_the_server_is_chosen_once_and_kept(
    monkeypatch: pytest.MonkeyPatch, data_dir: Path, version: str
) -> None:
    monkeypatch.setenv("EMBEDDED_POSTGRESQL", version)
    leave(start_user(data_dir))
    monkeypatch.delenv("EMBEDDED_POSTGRESQL")

    user = start_user(data_dir)
    wait_ready(user)
    answer = str(query(data_dir, "SHOW server_version"))
    leave(user)

    assert answer.split(".")[0] == version


@pytest.mark.parametrize(
    ("wanted", "made_by", "sentence"),
    [
        ("17", "", "EMBEDDED_POSTGRESQL is '17'; .* the versions 16 and 18"),
        ("16", "18", "EMBEDDED_POSTGRESQL is 16, but .* made by PostgreSQL 18: leave"),
        ("", "15", "made by PostgreSQL 15; .* the versions 16 and 18"),
    ],
)
def test_version_that_cannot_be_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wanted: str, made_by: str, sentence: str
) -> None:
    monkeypatch.setenv("EMBEDDED_POSTGRESQL", wanted)
    if made_by:
        (tmp_path / "PG_VERSION").write_text(f"{made_by}\n")

    with pytest.raises(EmbeddedServerError, match=sentence) as error:
        choose_version(tmp_path)

    assert "\n" not in str(error.value)


def test_command_with_a_version_that_cannot_be_ends_with_one_line(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(tmp_path / "var"),
        "EMBEDDED_POSTGRESQL": "9.6",
    }

    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert re.fullmatch(r"[^\n]*EMBEDDED_POSTGRESQL is '9.6'; [^\n]*\n", done.stderr)


def test_command_without_wheel_and_url_ends_with_status_1(tmp_path: Path) -> None:
    blind = (
        "import importlib.util as u, sys; find = u.find_spec; "
        "u.find_spec = lambda name, *a: None if name.startswith('pixel') else find(name, *a); "
        "from django.core.management import execute_from_command_line as run; "
        "run(['manage.py', *sys.argv[1:]])"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(tmp_path / "var"),
        "DJANGO_SETTINGS_MODULE": "npsapp.settings",
    }

    done = {
        command: subprocess.run(
            [sys.executable, "-c", blind, command],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        for command in ("migrate", "check")
    }

    assert [done["migrate"].returncode, done["check"].returncode] == [1, 0]
    assert re.fullmatch(r"[^\n]*There is no database: [^\n]*\n", done["migrate"].stderr)


def test_check_starts_no_server(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path / "var")}

    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, check=False
    )

    assert done.returncode == 0
    assert not (tmp_path / "var" / "pg.lock").exists()
