"""The filter of the list of responses: what the dashboard's filter knows, and a search."""

from __future__ import annotations

from urllib.parse import urlencode

from django import forms
from django.utils.translation import gettext_lazy as _

from responses.forms.selection import RowSelectionForm
from responses.selection import Selection


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
