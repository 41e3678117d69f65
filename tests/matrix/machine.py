"""What the machine has: the Pythons, and an ordinary account for as long as the run lasts."""

import contextlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.matrix.cells import MatrixError

OLDEST_PYTHON = (3, 11)
NEXT_PYTHON = (3, 13)
GET_PYTHON = (
    "Python 3.13 was not found: Debian 13 has it (apt-get install python3.13 python3.13-venv);"
    " elsewhere run `make dev` and `.venv/bin/uv python install 3.13 --install-dir FOLDER`,"
    " and name it with: make test-matrix PYTHON313=FOLDER/…/bin/python3.13"
)


@dataclass(frozen=True)
class Python:
    program: str
    version: tuple[int, int]

    def __str__(self) -> str:
        return f"{self.version[0]}.{self.version[1]}"


@dataclass(frozen=True)
class Account:
    """Whom a cell runs as; None is whoever called us."""

    name: str
    uid: int
    gid: int
    home: Path


def find_pythons(account: Account | None) -> dict[str, Python]:
    """The machine's own and 3.13, each as root and the ordinary account alike can run it."""
    own = list_pythons(os.environ.get("PYTHON3") or "python3")
    own = [python for python in own if python.version >= OLDEST_PYTHON]
    if not own:
        raise MatrixError(
            "Python 3.11 or newer is needed; name it with: make test-matrix PYTHON3=…"
        )
    following = list_pythons(os.environ.get("PYTHON313") or "python3.13")
    following = [python for python in following if python.version == NEXT_PYTHON]
    if not following:
        raise MatrixError(GET_PYTHON)
    return {
        "own": first_in_reach(own, account, "PYTHON3"),
        "next": first_in_reach(following, account, "PYTHON313"),
    }


def list_pythons(name: str) -> list[Python]:
    """Of a path the one, of a name all on the PATH: the first may be closed to others."""
    folders = [Path()] if "/" in name else map(Path, os.get_exec_path())
    return [python for folder in folders if (python := ask_python(folder / name))]


def ask_python(program: Path) -> Python | None:
    """The interpreter itself, since a shim may find it for this user alone."""
    told = "import sys; print(sys.executable, *sys.version_info[:2], sep='\\n')"
    try:
        done = subprocess.run([program, "-c", told], capture_output=True, text=True, check=False)
    except OSError:
        return None
    if done.returncode != 0:
        return None
    path, major, minor = done.stdout.splitlines()
    return Python(path, (int(major), int(minor)))


def first_in_reach(pythons: list[Python], account: Account | None, variable: str) -> Python:
    for python in pythons:
        if account is None or can_run(account, python.program):
            return python
    raise MatrixError(
        f"An ordinary account cannot run {pythons[0].program}: name one outside of a closed folder"
        f" with: make test-matrix {variable}=…"
    )


def can_run(account: Account, program: str) -> bool:
    try:
        return not subprocess.call(
            [program, "-c", ""],
            cwd="/",
            stderr=subprocess.DEVNULL,
            user=account.uid,
            group=account.gid,
            extra_groups=[],
        )
    except OSError:
        return False


@contextlib.contextmanager
def temporary_account(folder: Path) -> Iterator[Account | None]:
    """An ordinary account for this run; None when we are no root and so one ourselves.

    PostgreSQL and pip want to find theirs in /etc/passwd, so a bare number would not do.
    """
    if os.geteuid() != 0:
        yield None
        return
    name, home = f"npsapp-{os.getpid()}", folder / "home"
    search = f"{os.environ.get('PATH', '')}:/usr/sbin"
    add, remove = (shutil.which(program, path=search) for program in ("useradd", "userdel"))
    if add is None or remove is None:
        raise MatrixError("useradd and userdel are needed (on Debian: apt-get install passwd).")
    home.mkdir(mode=0o700)
    try:
        subprocess.run(
            [add, "--system", "--user-group", "--no-create-home", "--home-dir", str(home)]
            + ["--shell", "/usr/sbin/nologin", name],
            check=True,
        )
        entry = pwd.getpwnam(name)
        copy_pip_settings(home)
        account = Account(name, entry.pw_uid, entry.pw_gid, home)
        give(home, account)
        yield account
    finally:
        subprocess.run([remove, name], check=False, stderr=subprocess.DEVNULL)


def copy_pip_settings(home: Path) -> None:
    """Where this machine gets its packages from may stand in its owner's home."""
    for name in (".config/pip/pip.conf", ".pip/pip.conf"):
        if (Path.home() / name).exists():
            (home / name).parent.mkdir(parents=True)
            shutil.copy(Path.home() / name, home / name)


def give(folder: Path, account: Account) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
