"""The readable text of an HTML mail. Nothing of it is ever shown as HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_UNSEEN = frozenset({"head", "style", "script", "title", "template", "noscript"})
_BLOCKS = frozenset(
    {"address", "article", "blockquote", "center", "dd", "div", "dl", "dt", "footer", "form", "h1",
     "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section",
     "table", "tr", "ul"}
)  # fmt: skip
_NO_TAG = re.compile(r"<(?![a-zA-Z/])")
_BLANKS = re.compile(r"[ \t\r\n\f\u00a0\u200b]+")
_DEEPEST_QUOTE = 20


class _Reader(HTMLParser):
    """Collects lines; what stands in a blockquote gets the `>` that mail programs use."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        # What is added piece by piece to a string is copied each time.
        self.line: list[str] = []
        self.unseen = 0
        self.quotes = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self.unseen += 1
        elif tag == "br":
            self.end_line(keep_empty=True)
        elif tag in _BLOCKS:
            self.end_line()
            if tag == "p" and self.lines and self.lines[-1].strip("> "):
                self.end_line(keep_empty=True)
            self.quotes += tag == "blockquote"
        elif tag in {"td", "th"} and self.line:
            self.line.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self.unseen = max(0, self.unseen - 1)
        elif tag in _BLOCKS:
            self.end_line()
            if tag == "blockquote":
                self.quotes = max(0, self.quotes - 1)

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            words = _BLANKS.sub(" ", data)
            if words := words if self.line else words.lstrip():
                self.line.append(words)

    def end_line(self, *, keep_empty: bool = False) -> None:
        line, self.line = "".join(self.line).strip(), []
        if line or keep_empty:
            mark = ">" * min(self.quotes, _DEEPEST_QUOTE)
            self.lines.append(f"{mark} {line}".strip() if mark else line)


def read_html(html: str) -> str:
    """Return the text of a page, its blocks on lines of their own."""
    reader = _Reader()
    reader.feed(_cut_declarations(html))
    reader.close()
    reader.end_line()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(reader.lines)).strip("\n")


def _cut_declarations(html: str) -> str:
    """Leave out comments and declarations, and make text of each `<` that begins no whole tag.

    The parser looks for the end of each of them through all that follows: a mail that opens
    thousands and closes none would keep whoever brought it waiting for minutes.
    """
    last_end, last_comment_end = html.rfind(">"), html.rfind("-->")
    parts, at = [], 0
    while found := _NO_TAG.search(html, at, last_end + 1):
        start = found.start()
        parts.append(html[at:start])
        if html.startswith("<!--", start):
            at = html.index("-->", start + 2) + 3 if start + 2 <= last_comment_end else 0
        else:
            at = html.index(">", start) + 1 if html.startswith(("<!", "<?"), start) else 0
        if not at:
            parts.append("&lt;")
            at = start + 1
    # Below the last `>` no tag ends any more.
    parts += [html[at : last_end + 1], html[max(at, last_end + 1) :].replace("<", "&lt;")]
    return "".join(parts)
