"""A drawing of the page as a file of its own: SVG that needs neither our page nor our styles.

The panel is rendered by its own template, so that the file can never show anything else. Of what
comes out only shapes and words are taken over; across it stands in pixels then, not in percentages.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.html import strip_tags
from django.utils.timezone import localtime

from npsapp.pages.panels.plain_style import style_for

if TYPE_CHECKING:
    from npsapp.pages.panels.frame import Frame

WIDTH = 960
MARGIN = 24
INSIDE = WIDTH - 2 * MARGIN
LINE = 20
HEAD = 84
# What is narrower stands beside the drawing that follows: the scale of a trend.
WIDEST_SCALE = 80
KEPT = {
    "svg", "g", "title", "desc", "defs", "pattern", "rect", "circle", "ellipse", "line", "path",
    "polyline", "polygon", "text", "tspan",
}  # fmt: skip
ATTRIBUTES = {
    "class", "id", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry", "width",
    "height", "d", "points", "fill", "stroke", "text-anchor", "transform", "dx", "dy",
    "patternUnits", "patternTransform", "viewBox", "preserveAspectRatio",
}  # fmt: skip
# XML 1.0 has no way to write these, and a name from elsewhere may hold them.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ACROSS = ("x", "x1", "x2", "cx", "dx", "width")


def draw_file(name: str, panel: dict[str, Any], frame: Frame, *, legend: list[Any]) -> str:
    """Return the drawings of a panel below each other, with what they speak of above them.

    `legend` holds pairs of a style and its words.
    """
    unlinked = replace(frame, user=None)
    html = _without_forbidden(
        render_to_string(f"dashboard/{name}.html", {"panel": panel, "frame": unlinked})
    )
    body = ET.Element("g", {"class": "chart"})
    y = _lay_out(_find_drawings(html), body, y=HEAD)
    y = _write_legend(legend, body, y=y)
    title, about = _find_title(html), _describe(frame)
    root = ET.Element("svg", _frame_of(y + MARGIN))
    ET.SubElement(root, "title").text = _without_forbidden(f"{title} – {about}")
    ET.SubElement(root, "style").text = style_for(_classes_in(body))
    root.append(_read_patterns())
    ET.SubElement(root, "rect", {"width": str(WIDTH), "height": str(y + MARGIN), "fill": "#ffffff"})
    _write(root, title, x=MARGIN, y=36, css="file-title")
    _write(root, about, x=MARGIN, y=60, css="file-about")
    root.append(body)
    return ET.tostring(root, encoding="unicode", xml_declaration=False)


def _frame_of(height: int) -> dict[str, str]:
    return {
        "xmlns": "http://www.w3.org/2000/svg",
        "width": str(WIDTH),
        "height": str(height),
        "viewBox": f"0 0 {WIDTH} {height}",
        "role": "img",
    }


def _find_title(html: str) -> str:
    found = re.search(r"<h2\b[^>]*>(.*?)</h2>", html, re.DOTALL)
    return _in_one_line(found[1]) if found else ""


def _describe(frame: Frame) -> str:
    """Whose, of what, and when it was drawn: what a picture in a report has lost otherwise."""
    words = render_to_string(
        "components/selection.html",
        {"selection": frame.selection, "filter_chips": frame.chips},
    )
    now = date_format(localtime(frame.now, frame.organisation.zone), "j F Y H:i")
    parts = [frame.organisation.name, _in_one_line(words).strip(" ·"), now]
    return " · ".join(part for part in parts if part)


def _in_one_line(html: str) -> str:
    return unescape(" ".join(strip_tags(html).split()))


def _find_drawings(html: str) -> list[ET.Element]:
    """The drawings of a panel; what stands among words (icons, samples of a colour) is none."""
    found, depth, start = [], 0, 0
    for tag in re.finditer(r"<(/?)svg\b[^>]*>", html):
        if not depth:
            start = tag.start()
        # Lines that cross a whole drawing stand in a drawing of their own within it.
        depth += -1 if tag[1] else 1
        if not depth:
            drawing = ET.fromstring(html[start : tag.end()])  # noqa: S314 - our own, autoescaped
            if int(drawing.get("height", "0")) > LINE:
                found.append(drawing)
    return found


def _lay_out(drawings: list[ET.Element], body: ET.Element, *, y: int) -> int:
    """Put them below each other, each scale beside what it belongs to; return where they end."""
    left = 0
    for drawing in drawings:
        height, wide = int(drawing.get("height", "0")), drawing.get("width", "100%")
        is_scale = not wide.endswith("%") and float(wide) <= WIDEST_SCALE
        width = int(float(wide)) if is_scale else INSIDE - left
        place = ET.SubElement(body, "g", {"transform": f"translate({MARGIN + left} {y})"})
        place.set("class", drawing.get("class", ""))
        for child in drawing:
            _take_over(child, place, width=width)
        left = width if is_scale else 0
        if not is_scale:
            y += height + MARGIN // 2
    return y


def _take_over(source: ET.Element, parent: ET.Element, *, width: int) -> None:
    """Copy what is harmless: a link becomes a group, and nothing runs or leads anywhere."""
    tag = "g" if source.tag == "a" else source.tag
    if tag not in KEPT:
        return
    copy = ET.SubElement(parent, tag)
    for name, value in source.attrib.items():
        if name in ATTRIBUTES and not value.lower().startswith("javascript:"):
            copy.set(name, _in_pixels(name, value, width))
    if tag in ("title", "desc"):
        copy.attrib.clear()
    copy.text = " ".join((source.text or "").split())
    for child in source:
        _take_over(child, copy, width=width)


def _in_pixels(name: str, value: str, width: int) -> str:
    if name in ACROSS and value.endswith("%"):
        return f"{float(value[:-1]) * width / 100:.2f}".rstrip("0").rstrip(".")
    return value


def _write_legend(legend: list[Any], body: ET.Element, *, y: int) -> int:
    for css, words in legend:
        y += LINE
        if css:
            place = {"x": str(MARGIN), "y": str(y - 11), "width": "12", "height": "12"}
            ET.SubElement(body, "rect", {"class": f"fill-{css}", **place})
            if css != "promoter":
                ET.SubElement(body, "rect", {"fill": f"url(#hatch-{css})", **place})
        _write(body, words, x=MARGIN + (20 if css else 0), y=y, css="file-legend")
    return y


def _write(parent: ET.Element, text: str, *, x: int, y: int, css: str) -> None:
    ET.SubElement(
        parent, "text", {"x": str(x), "y": str(y), "class": css}
    ).text = _without_forbidden(text)


def _without_forbidden(text: str) -> str:
    return FORBIDDEN.sub("", text)


def _read_patterns() -> ET.Element:
    source = render_to_string("components/charts/hatching.html")
    holder = ET.Element("svg")
    found = re.search(r"<defs>.*</defs>", source, re.DOTALL)
    if found:
        _take_over(ET.fromstring(found[0]), holder, width=INSIDE)  # noqa: S314 - as above
    return holder[0] if len(holder) else ET.Element("defs")


def _classes_in(body: ET.Element) -> set[str]:
    return {name for each in body.iter() for name in each.get("class", "").split()}
