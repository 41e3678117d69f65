"""Texts without what nobody can have typed, for fields that are shown on pages and in files."""

from __future__ import annotations

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Also what a drawing or a workbook cannot hold: XML forbids it.
CONTROL = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def refuse_control_characters(text: str) -> None:
    if found := CONTROL.search(text):
        raise ValidationError(
            _("This text holds an invisible control character (%(detail)s)."),
            params={"detail": f"U+{ord(found[0]):04X}"},
        )


class PlainTextMixin(forms.BaseForm):
    """Refuses control characters in every text of a form."""

    def _clean_fields(self) -> None:
        for field in self.fields.values():
            if isinstance(field, forms.CharField) and refuse_control_characters not in (
                field.validators
            ):
                field.validators = [*field.validators, refuse_control_characters]
        super()._clean_fields()  # type: ignore[misc]
