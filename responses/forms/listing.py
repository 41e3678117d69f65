"""The filter of the list of responses: what the dashboard's filter knows, and a search."""

from __future__ import annotations

import datetime as dt
from typing import Literal
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from responses.export_files import FilterGone
from responses.forms.selection import DashboardForm, RowSelectionForm, SelectionForm
from responses.models import Response, Tag
from responses.models.response import ResponseQuerySet
from responses.reports.response_rate import Part
from responses.searching import read_sought
from responses.selection import Selection
from responses.writing import ExportStyle
from responses.writing import FileStyle as FileStyle
from surveys.models import Account, get_organisation


class ResponseListForm(RowSelectionForm):
    """The rows of the list: those of a selection, with words in the comment, with a tag."""

    q = forms.CharField(
        required=False,
        max_length=200,
        label=_("Search in comments"),
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    tag = forms.ModelChoiceField(
        Tag.objects.all(), required=False, empty_label=_("All tags"), label=_("Tag")
    )

    # No field of the page: accounts link here.
    account = forms.ModelChoiceField(Account.objects.all(), required=False, label=_("Account"))

    def clean_q(self) -> str:
        words = str(self.cleaned_data["q"])
        sought = read_sought(words)
        if sought.unwanted and not sought.wanted:
            raise forms.ValidationError(_("Write also a word that must be in the comment."))
        return words

    def find(self) -> ResponseQuerySet:
        """The rows with the words and the tag, whatever the selection."""
        found = Response.objects.mentioning(self.cleaned_data["q"])
        tag = self.cleaned_data["tag"]
        if tag:
            found = found.filter(tags=tag)
        account = self.cleaned_data["account"]
        return found.filter(contact__account=account) if account else found

    def query_of(
        self, selection: Selection, *, without: Literal["", "q", "tag", "account"] = ""
    ) -> str:
        """The address of this list for a selection; words, tag and account are kept."""
        tag, account = self.cleaned_data["tag"], self.cleaned_data["account"]
        kept = {
            "q": self.cleaned_data["q"],
            "tag": str(tag.pk) if tag else "",
            "account": str(account.pk) if account else "",
        }
        rest = urlencode({k: value for k, value in kept.items() if value and k != without})
        return "&".join(filter(None, [selection.query, rest]))


class InvitedForm(SelectionForm):
    """Who was asked; what does not say who is all of them."""

    part = forms.ChoiceField(choices=Part.choices, required=False, label=_("Who"))

    def clean_part(self) -> Part:
        return Part(self.cleaned_data["part"] or Part.SENT)


class ExportForm(ResponseListForm):
    """The same rows as a file."""

    style = forms.ChoiceField(choices=ExportStyle.choices, required=False, label=_("Made for"))

    def clean_style(self) -> ExportStyle:
        return ExportStyle(self.cleaned_data["style"] or ExportStyle.SEMICOLON)


class PanelFileForm(DashboardForm):
    """What the dashboard is asked, and for which program a file of it is."""

    style = forms.ChoiceField(choices=FileStyle.choices, required=False, label=_("Made for"))

    def clean_style(self) -> FileStyle:
        return FileStyle(self.cleaned_data["style"] or FileStyle.SEMICOLON)


def find_rows(query: str, now: dt.datetime) -> ResponseQuerySet:
    """Return the rows of an address of the list as it was read at a moment; raises FilterGone."""
    form = ExportForm(QueryDict(query), organisation=get_organisation(), now=now)
    if not form.is_valid():
        # A survey, campaign or tag of it is gone by now, and with it the rows that were meant.
        raise FilterGone
    return form.find().in_selection(form.selection())
