"""The colours and letters of the page's own style sheets, for a drawing that stands alone.

A file knows no dark mode and no custom properties: programs that show SVG read plain values only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from django.conf import settings

SHEETS = ("base.css", "dashboard.css")
PROPERTIES = {
    "color", "fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "opacity",
    "font-size", "font-weight", "letter-spacing", "vector-effect", "paint-order",
    "text-anchor", "overflow",
}  # fmt: skip
# Of every file, and the patterns, which no rule of a drawing names.
ALWAYS = {"hatch", "hatch-dots", "fill-detractor", "fill-passive", "fill-promoter"}
OWN = """
svg { font-family: "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; }
.file-title { font-size: 22px; font-weight: 600; fill: #1d1b18; }
.file-about { font-size: 13px; fill: #665f56; }
.file-legend { font-size: 13px; fill: #38342f; }
.target { fill: none; }
"""
PAIR = re.compile(r"light-dark\(((?:[^(),]|\([^()]*\))+),(?:[^()]|\([^()]*\))+\)")
MEDIA = re.compile(r"@[a-z-]+[^{}]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")


def style_for(classes: set[str]) -> str:
    """Return the rules of `classes`, in the light colours."""
    wanted = classes | ALWAYS
    rules = [
        f"{selector} {{ {declarations} }}"
        for selector, declarations in _read_rules()
        if all(name in wanted for name in re.findall(r"\.([\w-]+)", selector))
    ]
    return "\n".join([OWN.strip(), *rules])


@cache
def _read_rules() -> list[tuple[str, str]]:
    tokens = dict(re.findall(r"(--[\w-]+):\s*([^;]+);", _read_sheet("tokens.css")))
    return [
        (selector, plain)
        for sheet in SHEETS
        for selectors, declarations in re.findall(
            r"([^{}]+)\{([^{}]*)\}", MEDIA.sub("", _read_sheet(sheet))
        )
        if (plain := "; ".join(_simplify(declarations, tokens)))
        for selector in map(str.strip, selectors.split(","))
        if re.fullmatch(r"(\.[\w-]+|text|\s)+", selector) and "." in selector
    ]


def _read_sheet(name: str) -> str:
    path = settings.BASE_DIR / "static" / "css" / name
    return re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def _simplify(declarations: str, tokens: dict[str, str]) -> Iterator[str]:
    for declaration in declarations.split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name in PROPERTIES:
            yield f"{name}: {_plain(value, tokens)}"


def _plain(value: str, tokens: dict[str, str]) -> str:
    value = re.sub(r"var\((--[\w-]+)\)", lambda found: tokens.get(found[1], ""), value)
    value = PAIR.sub(lambda found: found[1].strip(), value)
    value = re.sub(
        r"rgb\((\d+) (\d+) (\d+) / (\d+)%\)",
        lambda f: f"rgba({f[1]}, {f[2]}, {f[3]}, {int(f[4]) / 100})",
        value,
    )
    return re.sub(r"([\d.]+)rem", lambda found: f"{float(found[1]) * 16:g}px", value)
