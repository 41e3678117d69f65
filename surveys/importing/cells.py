"""Cleaning of single cells, and the names and languages in them. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from zoneinfo import available_timezones

from surveys.importing.faults import BadCell, Fault
from surveys.importing.headers import simplify

# A cell that begins with one of these is a formula to a spreadsheet (also after blanks); our own
# downloads put an apostrophe in front of it, which is taken off again when the file comes back.
FORMULA_STARTS = "=+-@\t\r\n\0＝＋－＠"
_PROTECTED = re.compile(rf"'(?=\s*[{re.escape(FORMULA_STARTS)}])")
_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))  # dirt from copying and pasting

_INFIX_WORDS = (
    "van de der den het 't ten ter te in op aan bij onder over uit uijt voor tot d' l' la le les "
    "du des di da dos von zu zum zur vom am af el al"
)
_INFIXES = frozenset(_INFIX_WORDS.split())
_LEADING_INFIXES = frozenset({"van", "de", "der", "den", "het", "'t", "ten", "ter", "von"})
_TITLE_WORDS = "dhr mevr mw mevrouw meneer heer dhr. mevr. mw. mr. mrs mrs. ms ms."
_TITLES = frozenset(_TITLE_WORDS.split())
_LANGUAGES = {
    "nl": "nl, nld, dut, ned, nederlands, dutch, hollands, nederlandstalig, vlaams, flemish",
    "en": "en, eng, engels, english, engelstalig",
    "de": "de, deu, ger, duits, german, deutsch",
    "fr": "fr, fra, fre, frans, french, francais",
    "es": "es, spa, spaans, spanish, espanol",
    "it": "it, ita, italiaans, italian, italiano",
    "pt": "pt, por, portugees, portuguese, portugues",
    "pl": "pl, pol, pools, polish, polski",
    "tr": "tr, tur, turks, turkish, turkce",
}
_LANGUAGE_CODES = {name: code for code, names in _LANGUAGES.items() for name in names.split(", ")}


def clean_cell(text: str, *, single_line: bool = True) -> str:
    """Return the text trimmed, in NFC, without invisible dirt.

    Raises BadCell for control and direction-changing characters, and for line breaks where only
    one line can be meant: in a name they would add headers to a mail. Elsewhere a line break
    becomes a blank.
    """
    if text.startswith("'"):
        text = _PROTECTED.sub("", text, count=1)
    if text.isascii() and text.isprintable():
        return text.strip()
    text = unicodedata.normalize("NFC", text.translate(_INVISIBLE)).strip()
    if "\n" in text or "\r" in text or "\u2028" in text or "\u2029" in text:
        if single_line:
            raise BadCell(Fault.LINE_BREAK)
        text = re.sub(r"[\r\n\u2028\u2029]+", " ", text)
    text = re.sub(r"[\t\u00a0\u2007\u202f]", " ", text)
    for sign in text:
        if sign in _DIRECTION:
            raise BadCell(Fault.DIRECTION_CHARACTER, f"U+{ord(sign):04X}")
        if unicodedata.category(sign) in {"Cc", "Cs", "Co", "Cn"}:
            raise BadCell(Fault.CONTROL_CHARACTER, f"U+{ord(sign):04X}")
    return text.strip()


def clean_prose(text: str) -> str:
    """Return a comment with its line breaks; what a person cannot have typed is left out."""
    text = unicodedata.normalize("NFC", re.sub(r"\r\n?|[\u2028\u2029]", "\n", text))
    kept = (
        sign
        for sign in text.translate(_INVISIBLE)
        if sign in "\n\t"
        or (sign not in _DIRECTION and unicodedata.category(sign) not in {"Cc", "Cs"})
    )
    return "".join(kept).strip()


def split_name(name: str) -> tuple[str, str]:
    """Return first and last name of "Jan de Vries", "Vries, Jan de" or "Mevr. A. van Dam".

    Tussenvoegsels belong to the last name. A single word is taken for the last name when a title
    stands before it, else for the first name.
    """
    if "," in name:
        last, _, first = name.partition(",")
        words = first.split()
        infix: list[str] = []
        while words and words[-1].lower() in _INFIXES:
            infix.insert(0, words.pop())
        return " ".join(_without_title(words)), " ".join([*infix, last.strip()])
    words = name.split()
    named = _without_title(words)
    if len(named) < 2:
        return ("", " ".join(named)) if len(named) < len(words) else (" ".join(named), "")
    cut = next(
        (i for i, word in enumerate(named) if 0 < i < len(named) - 1 and word.lower() in _INFIXES),
        1,
    )
    if named[0].lower() in _LEADING_INFIXES:
        return "", " ".join(named)
    return " ".join(named[:cut]), " ".join(named[cut:])


def _without_title(words: list[str]) -> list[str]:
    if [word.lower() for word in words[:2]] == ["de", "heer"]:
        return words[2:]
    while len(words) > 1 and words[0].lower() in _TITLES:
        words = words[1:]
    return words


def read_language(text: str) -> str:
    """Return the two-letter code of "Nederlands", "EN", "nl-NL" …; raises BadCell."""
    words = simplify(text).split()
    code = _LANGUAGE_CODES.get(words[0]) if words else None
    if code is None:
        raise BadCell(Fault.UNKNOWN_LANGUAGE, text)
    return code


def read_time_zone(text: str) -> str:
    """Return the zone's name as the IANA database spells it; raises BadCell."""
    name = _zone_names().get(text.replace(" ", "_").casefold())
    if name is None:
        raise BadCell(Fault.UNKNOWN_TIME_ZONE, text)
    return name


@cache
def _zone_names() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}
