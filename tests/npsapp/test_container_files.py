"""docker-compose.yml, Dockerfile and .env.example, as far as they can be tried without Docker."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands
from ruamel.yaml import YAML

from npsapp.embedded.programs import VARIABLE
from npsapp.procfile import LASTING, read_commands

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
# Read by gunicorn's settings and not by Django's.
SERVER_VARIABLES = {"BIND_ADDRESS", "PORT", "WEB_CONCURRENCY"}
# Read by npsapp.embedded, which the image does without.
EMBEDDED_VARIABLES = {VARIABLE}
# Read by Python itself.
PYTHON_VARIABLES = {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
# Programs that the images of others bring.
FOREIGN_PROGRAMS = {"pg_isready", "postgres", "redis-cli", "redis-server", "/mailpit"}


@cache
def read_compose() -> dict[str, Any]:
    read: dict[str, Any] = YAML(typ="safe").load(COMPOSE)
    return read


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read_compose()["services"]
    return found


def our_services() -> dict[str, dict[str, Any]]:
    return {name: service for name, service in services().items() if "build" in service}


def read_words(command: str | list[str]) -> list[str]:
    words = shlex.split(command) if isinstance(command, str) else list(command)
    return words[1:] if words[0] == "CMD" else words


def list_programs(service: dict[str, Any]) -> list[list[str]]:
    commands = [service.get("command"), service.get("healthcheck", {}).get("test")]
    return [read_words(command) for command in commands if command]


def example_variables() -> set[str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return {line.partition("=")[0] for line in lines if line and not line.startswith("#")}


def compose_variables() -> set[str]:
    return set(re.findall(r"\$\{(\w+)", COMPOSE.read_text()))


def settings_variables() -> set[str]:
    """Every name that settings.py hands to one of the readers of npsapp.environment."""
    calls = [
        node
        for node in ast.walk(ast.parse((ROOT / "npsapp/settings.py").read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id.startswith("read_")
        and node.args
    ]
    return {str(ast.literal_eval(call.args[0])) for call in calls}


def docker_lines(keyword: str) -> list[str]:
    whole = re.sub(r"\\\n\s*", "", DOCKERFILE)
    return [line.partition(" ")[2] for line in whole.splitlines() if line.startswith(f"{keyword} ")]


def copied() -> list[str]:
    return [source for line in docker_lines("COPY") for source in line.split()[:-1]]


def test_compose_file_follows_the_specification() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "check-jsonschema")]
        + ["--builtin-schema", "vendor.compose-spec", str(COMPOSE)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_commands_are_those_of_the_procfile() -> None:
    lines = dict(
        line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines() if line
    )

    assert {name: service["command"] for name, service in our_services().items()} == lines
    assert set(lines) == {"migrate", *LASTING}


def test_image_starts_what_the_procfile_calls_web() -> None:
    words = ast.literal_eval(docker_lines("CMD")[0])

    assert words[1:] == read_commands()["web"][1:]
    assert words[0] == Path(read_commands()["web"][0]).name


@pytest.mark.parametrize("name", services())
def test_what_a_service_waits_for_can_happen(name: str) -> None:
    for needed, how in services()[name].get("depends_on", {}).items():
        other = services()[needed]
        if how["condition"] == "service_healthy":
            assert "healthcheck" in other, f"{name} waits for the health of {needed}"
        else:
            assert how["condition"] == "service_completed_successfully"
            assert other["restart"] == "no", f"{name} waits for the end of {needed}"


@pytest.mark.parametrize("kind", ["volumes", "networks"])
def test_volumes_and_networks_are_declared_and_used(kind: str) -> None:
    used = {
        entry.partition(":")[0]
        for service in services().values()
        for entry in service.get(kind, [])
    }

    assert used == set(read_compose()[kind])


def test_variables_of_compose_are_in_the_example() -> None:
    assert compose_variables() - example_variables() == set()


def test_variables_of_the_example_are_read_by_somebody() -> None:
    read = settings_variables() | compose_variables()

    assert {"BASE_URL", "SECRET_KEY", "EMAIL_URL"} <= settings_variables()
    assert example_variables() - read == set()


def test_variables_that_the_containers_set_are_read_by_somebody() -> None:
    given = {name for service in our_services().values() for name in service["environment"]}
    given |= {pair.partition("=")[0] for line in docker_lines("ENV") for pair in shlex.split(line)}

    assert given - settings_variables() - SERVER_VARIABLES - PYTHON_VARIABLES == set()


def test_configuration_page_lists_every_variable() -> None:
    table = (ROOT / "docs/configuration.md").read_text()
    told = set(re.findall(r"^\| `([A-Z_]+)", table, re.MULTILINE))
    told = {name for name in told if not name.startswith("ANYMAIL_")}  # read by that alone

    assert told == settings_variables() | SERVER_VARIABLES | EMBEDDED_VARIABLES


@pytest.mark.parametrize("name", our_services())
def test_programs_of_our_services_exist(name: str) -> None:
    programs = list_programs(our_services()[name])

    assert programs
    for words in programs:
        assert (Path(sys.executable).parent / words[0]).exists(), words[0]
        if words[:2] == ["python", "-m"]:
            assert importlib.util.find_spec(words[2]) is not None
        if words[:2] == ["python", "manage.py"]:
            assert words[2] in get_commands()


def test_programs_of_other_services_are_known() -> None:
    others = [service for service in services().values() if "build" not in service]
    programs = {words[0] for service in others for words in list_programs(service)}

    assert programs == FOREIGN_PROGRAMS


def test_every_lasting_service_tells_its_health_and_comes_back() -> None:
    lasting = {name: service for name, service in services().items() if name != "migrate"}

    assert [name for name, service in lasting.items() if "healthcheck" not in service] == []
    assert {service["restart"] for service in lasting.values()} == {"unless-stopped"}


def test_images_are_pinned_and_postgresql_keeps_its_data() -> None:
    images = [service["image"] for service in services().values() if "build" not in service]
    images += docker_lines("FROM")
    database = services()["db"]
    major = database["image"].partition(":")[2]

    assert [image for image in images if not re.search(r":v?\d", image)] == []
    # Images from 18 on keep nothing in a volume that is mounted deeper.
    assert [entry.partition(":")[2] for entry in database["volumes"]] == ["/var/lib/postgresql"]
    assert docker_lines("ARG") == [f"POSTGRES_MAJOR={major}"]


def test_containers_run_as_nobody_special() -> None:
    assert docker_lines("USER") == ["nps"]
    assert DOCKERFILE.index("\nUSER") < DOCKERFILE.index("\nCMD")
    for service in our_services().values():
        assert service["cap_drop"] == ["ALL"]
        assert service["read_only"] is True


def test_ports_are_open_to_this_machine_only() -> None:
    ports = [port for service in services().values() for port in service.get("ports", [])]

    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_image_holds_the_whole_product(tmp_path: Path) -> None:
    """What the Dockerfile copies is enough for its own commands and for the web to start."""
    admitted = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    for source in copied():
        assert source in admitted
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
        copy(ROOT / source, tmp_path / source)
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "STATIC_ROOT": str(tmp_path / "collected-static"),
        "DATA_DIR": str(tmp_path / "build"),
    }
    build = next(line for line in docker_lines("RUN") if "collectstatic" in line)
    commands = re.findall(r"python manage\.py ([^&]+)", build)
    production = {
        **environment,
        "DATABASE_URL": os.environ["DATABASE_URL"],
        **{
            name: os.environ[name] for name in ("SECRET_KEY", "LINK_SIGNING_KEY", "SUPPRESSION_KEY")
        },
    }

    for command in commands:
        run(tmp_path, environment, "python", "manage.py", *shlex.split(command))
    run(tmp_path, production, "python", "-W", "error", "-c", "import npsapp.wsgi, npsapp.celery")
    run(tmp_path, production, "gunicorn", "--check-config", *read_commands()["web"][1:])

    assert len(commands) == 2
    assert (tmp_path / "collected-static" / "staticfiles.json").exists()
    assert list((tmp_path / "locale").rglob("*.mo"))


def run(folder: Path, environment: dict[str, str], *command: str) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / command[0]), *command[1:]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
