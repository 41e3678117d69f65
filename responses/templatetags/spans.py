"""Days in words."""

from __future__ import annotations

from django import template

from responses.span_words import say_days

register = template.Library()
register.filter(say_days)
