"""Numbers that lead to the rows behind them, where the reader may go there."""

from __future__ import annotations

from django import template
from django.forms.utils import flatatt
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_block_tag
def linked(content: SafeString, url: str, *, css: str = "", label: str = "") -> SafeString:
    """Make what stands between a link to `url`, or leave it as it is when that is empty."""
    if not url:
        return content
    names = {"href": url, "class": css, "aria-label": label}
    return format_html("<a{}>{}</a>", flatatt({k: v for k, v in names.items() if v}), content)
