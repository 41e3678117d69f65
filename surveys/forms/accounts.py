"""An account's name, and the account that another one is merged into."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from surveys.accounts import find_account
from surveys.models import Account

NAMES_OFFERED = 500


class RenameForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=160)

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())


class MergeForm(forms.Form):
    """Which account stays. Its state is the URL until the merge is confirmed."""

    into = forms.CharField(
        label=gettext_lazy("Name of the account that stays"),
        max_length=160,
        widget=forms.TextInput(attrs={"list": "account-names", "autocomplete": "off"}),
    )

    def __init__(self, going: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.going = going

    def clean_into(self) -> Account:
        name = self.cleaned_data["into"]
        found = find_account(name)
        if found is None:
            raise forms.ValidationError(_("There is no account with this name."))
        if found == self.going:
            raise forms.ValidationError(_("This is the account itself. Name another one."))
        return found

    @property
    def offered(self) -> list[str]:
        others = Account.objects.exclude(pk=self.going.pk).order_by("name")
        return list(others.values_list("name", flat=True)[:NAMES_OFFERED])
