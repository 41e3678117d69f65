"""Who asked to be erased, remembered outside of the database: a restore must not bring them back.

A file of lines, only ever added to, without an address or a name in it. Each line holds when, with
which key, and a keyed hash of the address, of the external id, or of the contact's number.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from npsapp.erasing.emptying import CannotEraseNow
from surveys.addresses import hash_address
from surveys.models import Contact

ADDRESS, EXTERNAL_ID, NUMBER = "address", "external", "contact"
_LINE = re.compile(
    r"(?P<at>\S{20,32}) (?P<key>[0-9a-f]{16}) (?P<kind>[a-z]+) (?P<digest>[0-9a-f]{64})"
)


class LedgerClosed(CannotEraseNow):
    """The file cannot be written: an erasure that a restore could undo is none."""


@dataclass(frozen=True, slots=True)
class Entry:
    at: dt.datetime
    key: str
    kind: str
    digest: str

    @property
    def is_ours(self) -> bool:
        """Whether it was made with our key; of another one nothing can be recognised."""
        return self.key == fingerprint()

    def __str__(self) -> str:
        return f"{self.at.isoformat()} {self.key} {self.kind} {self.digest}"


def find_file() -> Path:
    return Path(settings.ERASURES_FILE or Path(settings.DATA_DIR) / "erasures.log")


def fingerprint() -> str:
    """Tell two keys apart without telling anything of either."""
    key = settings.SUPPRESSION_KEY.encode()
    return hmac.new(key, b"fingerprint of erasures", hashlib.sha256).hexdigest()[:16]


def digest(kind: str, value: object) -> str:
    """An address has the very hash that it has on the list of addresses not to be mailed."""
    if kind == ADDRESS:
        return hash_address(str(value))
    key = settings.SUPPRESSION_KEY.encode()
    return hmac.new(key, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()


def identify(pk: int | None, address: str, external_id: str) -> list[tuple[str, str]]:
    """By which hashes somebody is known again."""
    known = [(ADDRESS, address), (EXTERNAL_ID, external_id), (NUMBER, pk)]
    return [(kind, digest(kind, value)) for kind, value in known if value]


def note_erasure(address: str, person: Contact | None, *, now: dt.datetime) -> None:
    """Write an erasure down before it is committed. Raises LedgerClosed."""
    pk, external_id = (person.pk, person.external_id) if person else (None, "")
    key = fingerprint()
    append(Entry(now, key, *each) for each in identify(pk, address, external_id))


def append(entries: Iterable[Entry]) -> None:
    """Add lines, durably. Only the owner may read the file."""
    file = find_file()
    text = "".join(f"{entry}\n" for entry in entries)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            # A line that was cut off by a full disk must not swallow this one.
            is_cut = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            os.write(descriptor, (("\n" if is_cut else "") + text).encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise LedgerClosed(f"{file}: {error.strerror or error}") from None


def read(file: Path | None = None) -> list[Entry]:
    """Return what stands in a ledger, ours by default; none is an empty one. May raise OSError."""
    file = file or find_file()
    if not file.exists():
        return []
    entries = []
    for line in file.read_text(errors="replace").splitlines():
        if found := _LINE.fullmatch(line.strip()):
            try:
                at = dt.datetime.fromisoformat(found["at"])
            except ValueError:
                continue
            entries.append(Entry(at, found["key"], found["kind"], found["digest"]))
    return entries


def merge(file: Path) -> int:
    """Add to ours what only stands in another ledger; return how many lines. May raise OSError."""
    known = set(map(str, read()))
    new = [entry for entry in read(file) if str(entry) not in known]
    if new:
        append(new)
    return len(new)
