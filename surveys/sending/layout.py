"""A mail in bytes with gaps: built by Django, filled per person.

Django builds the same mail twice, with other letters in each gap. Where the two differ is a gap;
all the rest, each header and each line break, stays exactly as Django wrote it. What a name changes
(its own line, and the To header) is encoded anew by the functions that Django calls.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email import quoprimime
from email.charset import Charset
from email.header import Header
from email.policy import compat32
from email.utils import formataddr

from django.core.mail.message import RFC5322_EMAIL_LINE_LENGTH_LIMIT, forbid_multi_line_headers

ENCODING = "utf-8"
LONGEST_NAME = 100
# What a name may grow to: four bytes a sign, or five for an "&amp;".
_ROOM = LONGEST_NAME * 5
_FOLDING = compat32.clone(linesep="\r\n")
_CHARSET = Charset(ENCODING)
# With so many bytes Header leaves a line alone.
_SHORT = 76
# Python splits lines at all of these, a mail only at the first.
_ODD_LINE_ENDS = re.compile("[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_SIMPLE_NAME = re.compile(r"[A-Za-z0-9 .,'&()+-]+")
_SIMPLE_ADDRESS = re.compile(r"[a-z0-9_+-]+(\.[a-z0-9_+-]+)*@[a-z0-9-]+(\.[a-z0-9-]+)+")

Gap = tuple[str, int, int]


class NotFast(Exception):
    """This mail cannot be laid out with gaps; it is built by Django each time."""


@dataclass(frozen=True)
class NameLine:
    """A line of a part with the first name in it."""

    before: str
    after: str
    is_quoted: bool  # quoted-printable
    is_html: bool

    def encode(self, name: str) -> bytes:
        line = f"{self.before}{escape_text(name) if self.is_html else name}{self.after}"
        if not self.is_quoted:
            return line.encode()
        raw = line.encode().decode("latin-1")
        return quoprimime.body_encode(raw, eol="\r\n").encode("ascii")


@dataclass
class Layout:
    """Bytes, gaps and name lines, in the order of the mail; None is the To header."""

    pieces: list[bytes | Gap | NameLine | None] = field(default_factory=list)

    def fill(self, values: dict[str, bytes], *, name: str, to: bytes) -> bytes:
        """The mail of one person; `values` have the lengths that the gaps were made with."""
        filled: list[bytes] = []
        for piece in self.pieces:
            if type(piece) is bytes:
                filled.append(piece)
            elif type(piece) is tuple:
                filled.append(values[piece[0]][piece[1] : piece[2]])
            elif isinstance(piece, NameLine):
                filled.append(piece.encode(name))
            else:
                filled.append(to)
        return b"".join(filled)


def lay_out(
    one: bytes, two: bytes, *, letters: dict[str, str], lengths: dict[str, int],
    name_lines: Sequence[tuple[bytes, NameLine]], to_line: bytes,
) -> Layout:  # fmt: skip
    """Compare two builds of a mail. `letters` says by which letter of `one` a gap is known.

    `name_lines` come with their bytes as they stand in both. Raises NotFast.
    """
    marks: list[tuple[bytes, NameLine | None]] = [(to_line, None), *name_lines]
    layout = Layout()
    used = dict.fromkeys(lengths, 0)
    first, second = one, two
    for wanted, piece in marks:
        before, found, first = first.partition(wanted)
        same, found_too, second = second.partition(wanted)
        if not (found and found_too):
            raise NotFast("A line with the name is not where it should be.")
        layout.pieces += [*_find_gaps(before, same, letters, lengths, used), piece]
    layout.pieces += _find_gaps(first, second, letters, lengths, used)
    if any(count % lengths[name] for name, count in used.items()):
        raise NotFast("A gap was cut in two.")
    return layout


def _find_gaps(
    one: bytes, two: bytes, letters: dict[str, str], lengths: dict[str, int], used: dict[str, int]
) -> Iterator[bytes | Gap]:
    if len(one) != len(two):
        raise NotFast("The length of a gap shifts the lines.")
    begin = 0
    for start, stop in _differences(one, two):
        yield one[begin:start]
        begin = stop
        found = one[start:stop].decode("latin-1")
        name = letters.get(found[:1], "")
        if not name or found.strip(found[0]):
            raise NotFast("Two builds of the same mail differ.")
        offset = used[name] % lengths[name]
        if offset + len(found) > lengths[name]:
            raise NotFast("Two gaps touch.")
        yield (name, offset, offset + len(found))
        used[name] += len(found)
    yield one[begin:]


def _differences(one: bytes, two: bytes) -> Iterator[tuple[int, int]]:
    start: int | None = None
    for index, (left, right) in enumerate(zip(one, two, strict=True)):
        if left != right and start is None:
            start = index
        elif left == right and start is not None:
            yield start, index
            start = None
    if start is not None:
        yield start, len(one)


def find_name_lines(text: str, token: str, *, is_html: bool) -> Iterator[tuple[bytes, NameLine]]:
    """The lines of a part with the name. Raises NotFast when the part's encoding hangs on it."""
    if _ODD_LINE_ENDS.search(text):
        raise NotFast("There is a line end that is none in a mail.")
    lines = text.split("\n")
    limit = RFC5322_EMAIL_LINE_LENGTH_LIMIT
    is_quoted = any(len(line.encode()) > limit for line in lines if token not in line)
    for line in lines:
        if token not in line:
            continue
        if not is_quoted and len(line.encode()) + _ROOM > limit:
            raise NotFast("A long name would make the line too long.")
        before, _, after = line.partition(token)
        if token in after:
            raise NotFast("The name stands in a line twice.")
        name_line = NameLine(before, after, is_quoted=is_quoted, is_html=is_html)
        yield name_line.encode(token), name_line


def escape_text(name: str) -> str:
    """As an HTML serialiser writes text; quotes are nothing special there."""
    return name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def is_plain(name: str) -> bool:
    """Whether nothing on a name's way through templates and parsers could change it."""
    return len(name) <= LONGEST_NAME and name.isprintable()


def is_simple_address(address: str) -> bool:
    return len(address) <= 254 and _SIMPLE_ADDRESS.fullmatch(address) is not None


def write_to_header(value: str, name: str, address: str) -> bytes:
    """The whole To line of `value`, which is `"name" <address>`, as Django folds and encodes it."""
    if is_simple_address(address):
        if _SIMPLE_NAME.fullmatch(name) and len(value) + 4 <= _SHORT:
            return f"To: {value}\r\n".encode("ascii")
        if not name.isascii() and name.isprintable() and not re.search(r'["\\]|=\?', name):
            word = _CHARSET.header_encode(name)
            # One encoded word that fits in the line: Header would come to the same, slowly.
            if len(word) + len(address) + len("To:  <>") <= _SHORT:
                return f"To: {word} <{address}>\r\n".encode("ascii")
            value = formataddr((Header(name, ENCODING).encode(), address))
            return _FOLDING.fold_binary("To", value)
    return fold_header("To", value)


def fold_header(name: str, value: str) -> bytes:
    return _FOLDING.fold_binary(*forbid_multi_line_headers(name, value, ENCODING))
