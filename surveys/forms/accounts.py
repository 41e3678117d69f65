"""An account's name, and the account that another one is merged into."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from npsapp.models import User
from npsapp.roles import Role
from surveys.accounts import find_account
from surveys.models import Account

NAMES_OFFERED = 500


class RenameForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=160)
    owner = forms.ModelChoiceField(
        User.objects.none(),
        label=gettext_lazy("Owner"),
        required=False,
        empty_label=gettext_lazy("Nobody in particular"),
        help_text=gettext_lazy(
            "Follows up what these people answer, when on duty and not away; otherwise it goes to "
            "whoever has the fewest open follow-ups."
        ),
    )

    def __init__(self, account: Account, data: Any = None) -> None:
        super().__init__(data, initial={"name": account.name, "owner": account.owner_id})
        field = cast("forms.ModelChoiceField[User]", self.fields["owner"])
        # Whoever owns it may have changed role since; the form must not hide that.
        field.queryset = User.objects.who_may(Role.AGENT) | User.objects.filter(
            pk=account.owner_id or 0
        )

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
