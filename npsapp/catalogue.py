"""The Dutch catalogue: what must be translated, found and compiled without gettext installed.

Babel reads Python; for templates Django's own `templatize` first turns each tag into the call that
xgettext would read.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

PACKAGES = ("npsapp", "surveys", "responses", "closeloop")
LANGUAGE = "nl"
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def po_path() -> Path:
    return Path(settings.BASE_DIR) / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"


def extract_messages() -> Catalog:
    """Return every string that a person may see, with the files it stands in."""
    template = Catalog(charset="utf-8", fuzzy=False)
    for name, source in _sources():
        for line, message, _comments, context in extract(
            "python", BytesIO(source.encode()), keywords=KEYWORDS
        ):
            if message and (message if isinstance(message, str) else message[0]):
                template.add(message, locations=[(name, line)], context=context)
    return template


def _sources() -> Iterator[tuple[str, str]]:
    base = Path(settings.BASE_DIR)
    for package in PACKAGES:
        for path in sorted((base / package).rglob("*.py")):
            yield str(path.relative_to(base)), path.read_text()
    for path in sorted((base / "templates").rglob("*")):
        if path.suffix in {".html", ".txt", ".svg"}:
            name = str(path.relative_to(base))
            # Babel's tokenizer takes the indentation of markup for that of Python.
            lines = templatize(path.read_text(), origin=name).splitlines()
            yield name, "\n".join(line.strip() for line in lines)


def read_catalogue() -> Catalog:
    path = po_path()
    if not path.exists():
        return Catalog(locale=LANGUAGE, project="npsapp", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=LANGUAGE)


def update_catalogue() -> Catalog:
    """Bring the file up to date with the code; nothing is guessed, so nothing becomes fuzzy."""
    catalogue = read_catalogue()
    catalogue.update(extract_messages(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    path = po_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        # Without line numbers: they would change with every edit of the code.
        write_po(file, catalogue, width=100, include_lineno=False, sort_output=True)
    return catalogue


def compile_catalogue() -> Path:
    path = po_path().with_suffix(".mo")
    with path.open("wb") as file:
        write_mo(file, read_catalogue())
    return path


def list_gaps() -> list[str]:
    """What the code says that Dutch lacks, or has only as a guess."""
    catalogue = read_catalogue()
    gaps = []
    for message in extract_messages():
        if not message.id:
            continue
        known = catalogue.get(message.id, context=message.context)
        words = known.string if known else ""
        complete = all(words) if isinstance(words, list | tuple) else bool(words)
        if known is None or known.fuzzy or not complete:
            gaps.append(message.id if isinstance(message.id, str) else message.id[0])
    return gaps
