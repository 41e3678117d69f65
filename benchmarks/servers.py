"""What a benchmark talks to: a PostgreSQL of its own that loses nothing, and mail servers."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from npsapp.embedded.cluster import Cluster, choose_account

# Debian puts them where only root looks.
_PLACES = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


def find_postfix(program: str) -> str | None:
    return shutil.which(program, path=_PLACES)


@contextmanager
def postgres() -> Iterator[str]:
    """Yield the address of a new server with fsync and synchronous_commit on."""
    folder = Path(tempfile.mkdtemp(prefix="npsapp-benchmark-"))
    # As root PostgreSQL runs as nobody, who must be able to pass through.
    folder.chmod(0o711)
    inside = folder / "postgres"
    inside.mkdir()
    account = choose_account(inside / "pg")
    account.own(inside)
    cluster = Cluster(inside / "pg", account)
    try:
        cluster.initialise()
        cluster.start()
        params = cluster.connection_params()
        host = quote(params["host"], safe="")
        yield f"postgresql:///postgres?host={host}&port={params['port']}&user={params['user']}"
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def quick_sink() -> Iterator[int]:
    """Yield the port of a server that answers at once: Postfix's smtp-sink, else our own."""
    program = find_postfix("smtp-sink")
    if program is None:
        with own_sink(0) as port:
            yield port
        return
    port = _free_port()
    command = [program, "-u", "nobody"] if os.geteuid() == 0 else [program]
    sink = subprocess.Popen([*command, f"127.0.0.1:{port}", "256"], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield port
    finally:
        sink.kill()
        sink.wait()


@contextmanager
def own_sink(delay: float) -> Iterator[int]:
    sink = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sink", str(delay)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield int(read_line(sink))
    finally:
        sink.kill()
        sink.communicate()


def read_line(process: subprocess.Popen[bytes]) -> str:
    return process.stdout.readline().decode() if process.stdout else ""


def write_line(process: subprocess.Popen[bytes], words: str) -> None:
    if process.stdin:
        process.stdin.write(f"{words}\n".encode())
        process.stdin.flush()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("smtp-sink did not start.")
