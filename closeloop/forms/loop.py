"""The filter of the page "Is the loop closed?", and of the lists behind its numbers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.utils.translation import gettext_lazy as _

from closeloop.models import FollowUp, RootCause
from closeloop.reports.backlog import CLASSES
from closeloop.reports.cohort import Part
from closeloop.reports.files import Table
from closeloop.reports.recovery import GROUPS
from npsapp.models import User
from responses.forms.selection import SelectionForm
from responses.models import Category
from responses.selection import Period, Selection
from responses.writing import FileStyle
from surveys.models import Survey


class LoopForm(SelectionForm):
    """Over all surveys unless one is named: a reaction is one whatever was asked."""

    survey = forms.ModelChoiceField(
        Survey.objects.all(),
        to_field_name="slug",
        required=False,
        empty_label=_("All surveys"),
        label=_("Survey"),
    )

    def selection(
        self, *, survey: Survey | None = None, period: Period = Period.LAST_12_MONTHS
    ) -> Selection:
        return super().selection(survey=survey, period=period)


class LoopRowsForm(LoopForm):
    """The same, and which of its numbers is looked at."""

    part = forms.ChoiceField(choices=Part.choices, required=False, label=_("Who"))
    category = forms.ChoiceField(
        choices=[("", _("All categories")), *Category.choices],
        required=False,
        label=_("Category"),
    )
    outcome = forms.ChoiceField(
        choices=FollowUp.Outcome.choices, required=False, label=_("Outcome")
    )
    cause = forms.ModelChoiceField(RootCause.objects.all(), required=False, label=_("Root cause"))
    member = forms.ModelChoiceField(User.objects.all(), required=False, label=_("Member"))
    age = forms.IntegerField(
        required=False, min_value=0, max_value=CLASSES - 1, label=_("Age of the answer")
    )
    group = forms.ChoiceField(
        choices=[("", ""), *((group, group) for group in GROUPS)], required=False, label=_("Group")
    )

    def clean_part(self) -> Part:
        return Part(self.cleaned_data["part"] or Part.ALL)

    def selection(self, *, survey: Survey | None = None, period: Period = Period.ALL) -> Selection:
        selection = super().selection(survey=survey, period=period)
        return selection.narrowed(category=self.cleaned_data.get("category", ""))

    def as_query(self, selection: Selection) -> str:
        """This very list as the parameters of a link."""
        chosen: dict[str, Any] = {"part": self.cleaned_data["part"].value}
        for name in ("outcome", "age", "group"):
            if self.cleaned_data[name] not in ("", None):
                chosen[name] = self.cleaned_data[name]
        for name in ("cause", "member"):
            if self.cleaned_data[name]:
                chosen[name] = self.cleaned_data[name].pk
        return "&".join(filter(None, [selection.query, urlencode(chosen)]))


class LoopFileForm(LoopForm):
    """The same, and which table as what kind of file."""

    table = forms.ChoiceField(choices=Table.choices, label=_("Table"))
    style = forms.ChoiceField(choices=FileStyle.choices, required=False, label=_("Made for"))

    def clean_table(self) -> Table:
        return Table(self.cleaned_data["table"])

    def clean_style(self) -> FileStyle:
        return FileStyle(self.cleaned_data["style"] or FileStyle.SEMICOLON)
