"""Numbers that lead to the rows behind them, where the reader may go there."""

from __future__ import annotations

import re

from django import template
from django.forms.utils import flatatt
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
WAYS = re.compile(r"<(nav|form)\b[^>]*>.*?</\1>", re.DOTALL)
LINK = re.compile(r"</?a\b[^>]*>")


@register.simple_block_tag
def linked(content: SafeString, url: str, *, css: str = "", label: str = "") -> SafeString:
    """Make what stands between a link to `url`, or leave it as it is when that is empty."""
    if not url:
        return content
    names = {"href": url, "class": css, "aria-label": label}
    return format_html("<a{}>{}</a>", flatatt({k: v for k, v in names.items() if v}), content)


@register.simple_block_tag
def unlinked(content: SafeString) -> SafeString:
    """Take every link out and leave its words: the last guard of a page that must lead nowhere.

    What is there to go elsewhere only goes altogether. Attributes hold no >: they are escaped.
    """
    return mark_safe(LINK.sub("", WAYS.sub("", content)))  # noqa: S308 - it was safe before, and is shorter now
