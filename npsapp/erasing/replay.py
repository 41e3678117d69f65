"""After a restore: whoever was erased since the backup is erased once more."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import TextField
from django.db.models.functions import Cast

from npsapp.erasing.emptying import CannotEraseNow
from npsapp.erasing.erase import erase
from npsapp.erasing.ledger import ADDRESS, Entry, identify, read
from npsapp.erasing.sweeping import OUR_APPS, list_text_fields, read_import_files
from surveys.addresses import InvalidAddress, hash_address, normalise_address
from surveys.models import Contact, Suppression
from surveys.sending.restored import end_sendings, note_replayed
from surveys.suppressing import suppress

# An erasure that was under way when the backup began may have been noted shortly before it.
MARGIN = dt.timedelta(hours=1)
_ADDRESS = re.compile(r"[^\s<>\"'(),;:|\\\[\]]+@[^\s<>\"'(),;:|\\\[\]]+")


@dataclass
class Replay:
    """In numbers only. `failed` ones keep sending held."""

    entries: int = 0
    people: int = 0
    traces: int = 0
    suppressed: int = 0
    failed: int = 0
    of_other_keys: int = 0

    def __str__(self) -> str:
        said = (
            f"{self.entries} erasures stand in the ledger: {self.people} people and "
            f"{self.traces} left-over addresses erased again, {self.suppressed} addresses "
            "suppressed again."
        )
        if self.of_other_keys:
            said += (
                f" {self.of_other_keys} lines were written with another SUPPRESSION_KEY and "
                "cannot be recognised."
            )
        if self.failed:
            said += (
                f" {self.failed} could not be erased yet: run manage.py replay_erasures in a "
                "minute; until then no mail can be released."
            )
        return said


def replay(*, since: dt.datetime | None, now: dt.datetime) -> Replay:
    """Erase again everybody in the ledger whose row is older than their erasure.

    `since` is when the backup was made: of what was erased later, the suppression is lost as well.
    Only when nobody is left to do may sending be released.
    """
    everything = read()
    done = Replay(of_other_keys=sum(not entry.is_ours for entry in everything))
    known: dict[tuple[str, str], Entry] = {}
    for entry in sorted(everything, key=lambda entry: entry.at):
        if entry.is_ours:
            known[entry.kind, entry.digest] = entry
    done.entries = len({entry.at for entry in known.values()})
    if known:
        end_sendings(now=now)
        _suppress(known, done, since=since)
        _erase_people(known, done, now=now)
        _erase_traces(known, done, now=now)
    if not done.failed:
        note_replayed()
    return done


def _suppress(
    known: dict[tuple[str, str], Entry], done: Replay, *, since: dt.datetime | None
) -> None:
    """Put back what was put on the list after the backup; what was lifted before it stays so."""
    for (kind, digest), entry in known.items():
        if kind != ADDRESS or (since is not None and entry.at < since - MARGIN):
            continue
        on_list = Suppression.objects.filter(address_hash=digest, scope=Suppression.Scope.ALL)
        if not on_list.exists():
            suppress(digest, scope=Suppression.Scope.ALL, reason=Suppression.Reason.ERASED)
            done.suppressed += 1


def _erase_people(known: dict[tuple[str, str], Entry], done: Replay, *, now: dt.datetime) -> None:
    rows = Contact.objects.values_list("pk", "email", "external_id", "updated_at")
    for pk, email, external_id, updated_at in list(rows):
        found = [known.get(each) for each in identify(pk, email, external_id)]
        # A row that was written after the erasure is somebody who came back of their own.
        if not any(entry and entry.at > updated_at for entry in found):
            continue
        person = Contact.objects.get(pk=pk)
        if _try(email, person, done, now=now):
            done.people += 1


def _erase_traces(known: dict[tuple[str, str], Entry], done: Replay, *, now: dt.datetime) -> None:
    """Addresses that stand in a text, a mail or a file without a contact of their own."""
    present = set(Contact.objects.exclude(email="").values_list("email", flat=True))
    for address in sorted(find_addresses() - present):
        if (ADDRESS, hash_address(address)) in known and _try(address, None, done, now=now):
            done.traces += 1


def _try(address: str, person: Contact | None, done: Replay, *, now: dt.datetime) -> bool:
    try:
        erase(address, person, user=None, now=now, note=False)
    except CannotEraseNow:
        done.failed += 1
        return False
    return True


def find_addresses() -> set[str]:
    """Everything that looks like an address, in every text and JSON column and imported file."""
    found: set[str] = set()
    for label in OUR_APPS:
        for model in apps.get_app_config(label).get_models():
            for name in list_text_fields(model):
                texts = model._base_manager.annotate(_text=Cast(name, TextField()))
                found |= _read(texts.filter(_text__contains="@").values_list("_text", flat=True))
    return found | _read(read_import_files())


def _read(texts: Any) -> set[str]:
    return {address for text in texts for address in _normalise(str(text))}


def _normalise(text: str) -> Iterator[str]:
    for word in _ADDRESS.findall(text):
        try:
            yield normalise_address(word.strip(".!?{}"))
        except InvalidAddress:
            continue
