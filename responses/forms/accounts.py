"""The filter of the list of accounts. Its state is the URL."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from npsapp.models import User
from responses.reports.accounts import ANSWERS, NEWEST, with_detractors
from responses.reports.counting import latest_survey
from surveys.models import Account, Survey

NOBODY = "none"


class AccountsForm(forms.Form):
    q = forms.CharField(
        required=False,
        max_length=200,
        label=_("Search by name"),
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    survey = forms.ModelChoiceField(
        Survey.objects.all(),
        to_field_name="slug",
        required=False,
        empty_label=None,
        label=_("Scores of"),
    )
    owner = forms.ChoiceField(required=False, label=_("Owner"))
    sort = forms.ChoiceField(
        choices=[
            ("", _("By name")),
            (NEWEST, _("Last answer first")),
            (ANSWERS, _("Most answers first")),
        ],
        required=False,
        label=_("Order"),
    )
    detractors = forms.BooleanField(
        required=False, label=_("Only where somebody’s last answer is a detractor’s")
    )

    def __init__(self, sent: QueryDict) -> None:
        if "\0" in (words := str(sent.get("q", ""))):
            # Typed by nobody, and PostgreSQL takes none; what is around it is looked for.
            sent = sent.copy()
            sent["q"] = words.replace("\0", "")
        if not sent.get("survey") and (latest := latest_survey()):
            # What is shown must be what the form says.
            sent = sent.copy()
            sent["survey"] = latest.slug
        super().__init__(sent)
        owners = User.objects.filter(accounts__isnull=False).distinct().order_by("name", "pk")
        cast(forms.ChoiceField, self.fields["owner"]).choices = [
            ("", _("All owners")),
            (NOBODY, _("Nobody")),
            *((str(user.pk), str(user)) for user in owners),
        ]

    @property
    def survey_shown(self) -> Survey | None:
        chosen: Survey | None = self.cleaned_data["survey"]
        return chosen

    @property
    def is_active(self) -> bool:
        return any(self.cleaned_data.get(name) for name in ("q", "owner", "detractors"))

    @property
    def query(self) -> str:
        values = {
            **self.cleaned_data,
            "survey": self.cleaned_data["survey"] and self.cleaned_data["survey"].slug,
            "detractors": "on" if self.cleaned_data["detractors"] else "",
        }
        return urlencode({name: value for name, value in values.items() if value})

    def find(self) -> QuerySet[Account]:
        """The accounts that the filter speaks of, by name."""
        found = Account.objects.order_by("name")
        for word in self.cleaned_data["q"].split():
            found = found.filter(name__icontains=word)
        match self.cleaned_data["owner"]:
            case "":
                pass
            case "none":
                found = found.filter(owner__isnull=True)
            case owner:
                found = found.filter(owner=owner)
        if self.cleaned_data["detractors"]:
            found = with_detractors(found, self.survey_shown)
        return found
