"""The file of a backup: a tar with a manifest, the database and the uploaded files."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management.base import CommandError

from npsapp.backup.measuring import Measures

FORMAT = 1
MANIFEST, DATABASE, MEDIA = "manifest.json", "database.dump", "media/"
ERASURES = "erasures.log"
_BLOCK = 1024 * 1024


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself. Of the keys it holds fingerprints, never the keys."""

    format: int
    made_at: str
    postgresql: int
    migrations: list[list[str]]
    keys: dict[str, str]
    tables: Measures
    # SHA-256 of every other member.
    checksums: dict[str, str]


class DamagedBackupError(CommandError):
    """The file is not what was written, or is no backup at all."""


def take_fingerprints() -> dict[str, str]:
    """Tell two keys apart without telling anything of either."""
    return {
        name: make_fingerprint(name, getattr(settings, name))
        for name in ("SUPPRESSION_KEY", "LINK_SIGNING_KEY")
    }


def make_fingerprint(name: str, key: str) -> str:
    return hmac.new(key.encode(), f"fingerprint of {name}".encode(), hashlib.sha256).hexdigest()[
        :16
    ]


def take_checksum(file: IO[bytes]) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def list_files(folder: Path | None) -> dict[str, Path]:
    """Return the uploaded files by their member names."""
    if folder is None or not folder.exists():
        return {}
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {f"{MEDIA}{path.relative_to(folder).as_posix()}": path for path in found}


def write_archive(file: Path, members: dict[str, Path], **facts: Any) -> str:
    """Write a backup under another name first; return its SHA-256. Only the owner may read it."""
    checksums = {}
    for name, path in members.items():
        with path.open("rb") as source:
            checksums[name] = take_checksum(source)
    manifest = Manifest(format=FORMAT, checksums=checksums, **facts)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as target:
            _write_members(target, manifest, members)
            target.flush()
            os.fsync(target.fileno())
        with draft.open("rb") as written:
            checksum = take_checksum(written)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return checksum


def _write_members(target: IO[bytes], manifest: Manifest, members: dict[str, Path]) -> None:
    # The manifest comes first: a restore refuses before it has unpacked anything.
    head = json.dumps(asdict(manifest), indent=1).encode()
    with tarfile.open(fileobj=target, mode="w") as tar:
        entry = tarfile.TarInfo(MANIFEST)
        entry.size, entry.mode = len(head), 0o600
        tar.addfile(entry, BytesIO(head))
        for name, path in members.items():
            tar.add(path, arcname=name, recursive=False)


@contextmanager
def open_archive(file: Path) -> Iterator[tuple[tarfile.TarFile, Manifest]]:
    """Yield the archive and its manifest. Raises DamagedBackupError."""
    try:
        with tarfile.open(file, "r:") as tar:
            yield tar, _read_manifest(tar)
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror or error}.") from None
    except tarfile.TarError as error:
        raise DamagedBackupError(f"{file} is no backup, or it is damaged: {error}.") from None


def _read_manifest(tar: tarfile.TarFile) -> Manifest:
    first = tar.next()
    source = tar.extractfile(first) if first is not None and first.name == MANIFEST else None
    if source is None:
        raise DamagedBackupError("This is no backup of ours: it does not begin with a manifest.")
    try:
        facts = json.loads(source.read())
        if facts["format"] != FORMAT:
            raise DamagedBackupError("This backup has a newer format: restore it with its version.")
        facts["tables"] = {name: (rows, sum_) for name, (rows, sum_) in facts["tables"].items()}
        return Manifest(**facts)
    except (ValueError, TypeError, KeyError) as error:
        raise DamagedBackupError(f"The backup's manifest cannot be read: {error}.") from None


def unpack(tar: tarfile.TarFile, manifest: Manifest, folder: Path) -> None:
    """Unpack what the manifest lists into an empty folder, and compare every checksum."""
    for name, expected in manifest.checksums.items():
        target = folder / name
        if not target.resolve().is_relative_to(folder.resolve()):
            raise DamagedBackupError(f"The backup holds a file outside of itself: {name}.")
        try:
            source = tar.extractfile(name)
        except KeyError:
            source = None
        if source is None:
            raise DamagedBackupError(f"The backup is not whole: {name} is missing.")
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as copy:
            shutil.copyfileobj(source, copy, _BLOCK)
        with target.open("rb") as written:
            if take_checksum(written) != expected:
                raise DamagedBackupError(f"The backup is damaged: {name} has another checksum.")
