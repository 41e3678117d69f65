"""`manage.py up`: everything starts, answers and stops, as one person would see it."""

import http.client
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from npsapp.embedded import server
from tests.services import free_port, least_environment, redis_url

ROOT = Path(__file__).parents[2]
READY = re.compile(r"NPS is ready at http://localhost:\d+/")


@dataclass
class Product:
    """A running `manage.py up` and what it has said so far."""

    process: subprocess.Popen[str]
    port: int
    data_dir: Path
    lines: list[str] = field(default_factory=list)
    said: queue.Queue[str] = field(default_factory=queue.Queue)

    def __post_init__(self) -> None:
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout:
            for line in self.process.stdout:
                self.lines.append(line.rstrip())
                self.said.put(line)

    def wait_for(self, pattern: str, seconds: float = 60) -> str:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and self.process.poll() is None:
            try:
                line = self.said.get(timeout=min(left, 0.5))
            except queue.Empty:
                continue
            if re.search(pattern, line):
                return line
        raise AssertionError(f"{pattern!r} never came:\n" + "\n".join(self.lines))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(60)

    def status(self) -> int:
        web = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        web.request("GET", "/login/")
        try:
            return web.getresponse().status
        finally:
            web.close()


StartUp = Callable[..., Product]


def processes_with(text: str) -> list[str]:
    """Command lines of living processes that carry `text` in it or in their environment."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            environment = (folder / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if command and (text in command or text in environment):
            found.append(command)
    return found


def celery_programs(parent: int) -> list[int]:
    lists = Path(f"/proc/{parent}/task").glob("*/children")
    children = [child for found in lists for child in found.read_text().split()]
    return [
        int(child) for child in children if b"celery" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def uses_server(pid: int) -> bool:
    """Whether a process counts among those of whom the last one stops PostgreSQL."""
    files = Path(f"/proc/{pid}/fd").iterdir()
    return any(file.readlink().name == "pg.users" for file in files)


@pytest.fixture
def start_up(tmp_path: Path) -> Iterator[StartUp]:
    started: list[Product] = []

    def start(*, port: int | None = None, redis: str = "") -> Product:
        port = port or free_port()
        data_dir = tmp_path / "var"
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--no-demo"],
            cwd=ROOT,
            env=least_environment()
            | {"DATA_DIR": str(data_dir), "PORT": str(port), "REDIS_URL": redis},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        product = Product(process, port, data_dir)
        started.append(product)
        return product

    yield start
    for product in started:
        product.stop()
        product.reader.join(10)
    if started and (started[0].data_dir / "pg.lock").exists():
        cluster = server._cluster_of(started[0].data_dir.resolve())
        cluster.stop()
        shutil.rmtree(cluster.data.parent, ignore_errors=True)


@pytest.mark.parametrize("broker", ["filesystem", "redis"])
def test_up_answers_twice_and_leaves_nothing_behind(start_up: StartUp, broker: str) -> None:
    redis = redis_url(56) if broker == "redis" else ""
    seconds = []
    for number in (signal.SIGINT, signal.SIGTERM):
        started = time.monotonic()
        product = start_up(redis=redis)
        product.wait_for(READY.pattern)
        seconds.append(time.monotonic() - started)
        status = product.status()
        socket_folder = server._cluster_of(product.data_dir).connection_params()["host"]

        asked = time.monotonic()
        ending = product.stop(number)

        assert (status, ending) == (200, 0)
        assert time.monotonic() - asked < 15
        assert processes_with(str(product.data_dir)) == []
        assert not Path(socket_folder).exists()
    # About 3 s alone; the rest of the test run shares the two cores.
    assert seconds[1] < 45


def test_used_port_is_one_sentence_and_status_1(start_up: StartUp) -> None:
    with socket.socket() as occupant:
        occupant.bind(("127.0.0.1", 0))
        occupant.listen()
        product = start_up(port=occupant.getsockname()[1])
        ending = product.process.wait(60)

    assert ending == 1
    product.reader.join(10)
    assert len(product.lines) == 1
    assert f"Port {product.port} is in use" in product.lines[0]
    assert not (product.data_dir / "pg.lock").exists()


def test_last_line_is_the_address_and_a_killed_program_comes_back(start_up: StartUp) -> None:
    product = start_up()
    product.wait_for(READY.pattern)
    time.sleep(2)
    last_line = product.lines[-1]
    before = celery_programs(product.process.pid)

    os.kill(before[0], signal.SIGKILL)
    said = product.wait_for("was ended by SIGKILL; starting it again in 1 s")

    assert READY.match(last_line)
    assert "/setup/first-admin." in last_line
    assert f":{product.port}/" in last_line
    assert said.startswith(("worker", "beat"))
    deadline = time.monotonic() + 30
    while len(now := celery_programs(product.process.pid)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert now[0] != before[0]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_programs_end_when_up_itself_is_killed(start_up: StartUp) -> None:
    product = start_up()
    product.wait_for(READY.pattern)
    deadline = time.monotonic() + 60
    # Until a program has opened the database, `up` is its only user, and nobody is left to stop it.
    while not any(map(uses_server, celery_programs(product.process.pid))):
        assert time.monotonic() < deadline
        time.sleep(0.1)

    product.process.kill()
    product.process.wait()
    deadline = time.monotonic() + 60
    while (left := processes_with(str(product.data_dir))) and time.monotonic() < deadline:
        time.sleep(0.2)

    assert left == []
