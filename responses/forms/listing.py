"""The filter of the list of responses: what the dashboard's filter knows, and a search."""

from __future__ import annotations

from urllib.parse import urlencode

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from responses.forms.selection import DashboardForm, RowSelectionForm, SelectionForm
from responses.reports.response_rate import Part
from responses.selection import Selection


class FileStyle(models.TextChoices):
    """What a download must look like for the program that opens it."""

    SEMICOLON = "semicolon", _("Excel in Dutch and most of Europe (; between columns)")
    COMMA = "comma", _("Excel in English (, between columns)")
    PLAIN = "plain", _("Other programs (, between columns, without BOM)")

    @property
    def delimiter(self) -> str:
        return ";" if self == FileStyle.SEMICOLON else ","

    @property
    def has_bom(self) -> bool:
        return self != FileStyle.PLAIN


class ResponseListForm(RowSelectionForm):
    q = forms.CharField(
        required=False,
        max_length=200,
        label=_("Search in comments"),
        widget=forms.TextInput(attrs={"type": "search"}),
    )

    def query_of(self, selection: Selection, *, q: str | None = None) -> str:
        """The address of this list for a selection, the words searched for kept unless given."""
        words = self.cleaned_data["q"] if q is None else q
        return "&".join(filter(None, [selection.query, urlencode({"q": words}) if words else ""]))


class InvitedForm(SelectionForm):
    """Who was asked; what does not say who is all of them."""

    part = forms.ChoiceField(choices=Part.choices, required=False, label=_("Who"))

    def clean_part(self) -> Part:
        return Part(self.cleaned_data["part"] or Part.SENT)


class ExportForm(ResponseListForm):
    """The same rows as a file."""

    style = forms.ChoiceField(choices=FileStyle.choices, required=False, label=_("Made for"))

    def clean_style(self) -> FileStyle:
        return FileStyle(self.cleaned_data["style"] or FileStyle.SEMICOLON)


class PanelFileForm(DashboardForm):
    """What the dashboard is asked, and for which program a file of it is."""

    style = forms.ChoiceField(choices=FileStyle.choices, required=False, label=_("Made for"))

    def clean_style(self) -> FileStyle:
        return FileStyle(self.cleaned_data["style"] or FileStyle.SEMICOLON)
