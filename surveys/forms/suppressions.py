"""The list of addresses that we do not write to: looking one up, adding and removing it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from surveys.addresses import InvalidAddress, normalise_address
from surveys.models import Suppression


class AddressForm(forms.Form):
    address = forms.CharField(label=gettext_lazy("E-mail address"), max_length=254)

    def clean_address(self) -> str:
        try:
            return normalise_address(self.cleaned_data["address"])
        except InvalidAddress:
            raise forms.ValidationError(_("This is not an e-mail address.")) from None


class AddForm(AddressForm):
    scope = forms.ChoiceField(
        label=gettext_lazy("What they do not get"), choices=Suppression.Scope.choices
    )


class RemoveForm(forms.Form):
    """Why an address may be written to again. Who said no themselves must have said yes again."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)
    confirmed = forms.BooleanField(
        label=gettext_lazy("They asked for it themselves, and I can show it."), required=False
    )

    def __init__(self, suppression: Suppression, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.needs_wish = suppression.reason in OWN_WISH

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.needs_wish and not cleaned.get("confirmed"):
            self.add_error("confirmed", _("They said no. Tick this only when they said yes again."))
        return cleaned


OWN_WISH = {
    Suppression.Reason.UNSUBSCRIBED,
    Suppression.Reason.COMPLAINED,
    Suppression.Reason.ERASED,
}
