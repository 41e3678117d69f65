"""Finding contacts, and filling one in by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from surveys.addresses import InvalidAddress, normalise_address
from surveys.contacts import save_contact
from surveys.filtering import Filters, narrow, read_filters
from surveys.forms.survey import LANGUAGES
from surveys.forms.widgets import list_zones, offer
from surveys.models import Account, Contact, Property
from surveys.models.contact import ContactQuerySet
from surveys.properties import PATTERNS

if TYPE_CHECKING:
    ContactModelForm = forms.ModelForm[Contact]
else:
    ContactModelForm = forms.ModelForm


class SearchForm(forms.Form):
    """What the list of contacts is narrowed to; its state is the URL."""

    q = forms.CharField(
        label=gettext_lazy("Search by name, e-mail, external id or account"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    account = forms.ModelChoiceField(
        Account.objects.all(), required=False, widget=forms.HiddenInput
    )

    def __init__(self, sent: Mapping[str, Any]) -> None:
        super().__init__(sent)
        self.filters: Filters = ()
        self.remarks: list[str] = []

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        # How one filter stood in addresses before there could be several.
        key, value = self.data.get("property", ""), self.data.get("value", "")
        self.filters, self.remarks = read_filters(
            self.data, older=[(key, value)] if key and value else [], with_language=True
        )
        return cleaned

    def narrow(self, contacts: ContactQuerySet) -> ContactQuerySet:
        """Return those who are meant."""
        found = contacts.matching(self.cleaned_data.get("q", ""))
        if account := self.cleaned_data.get("account"):
            found = found.filter(account=account)
        return narrow(found, self.filters, ignore_case=True)

    def query(self, *, q: str | None = None, filters: Filters | None = None) -> str:
        """What was asked for, as it stands in the URL."""
        account = self.cleaned_data.get("account")
        words = self.cleaned_data.get("q", "") if q is None else q
        kept = self.filters if filters is None else filters
        values = [
            ("q", words),
            ("account", str(account.pk) if account else ""),
            *(pair for each in kept for pair in each.pairs()),
        ]
        return urlencode([pair for pair in values if pair[1]])


class ContactForm(ContactModelForm):
    email = forms.CharField(label=gettext_lazy("E-mail"), required=False, max_length=254)
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), required=False)
    account_name = forms.CharField(
        label=gettext_lazy("Account"),
        required=False,
        max_length=160,
        help_text=gettext_lazy("The company they belong to. A new name makes a new account."),
    )

    class Meta:
        model = Contact
        fields = ["first_name", "last_name", "email", "external_id", "language", "time_zone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [("", "–"), *LANGUAGES]
        stored = self.instance.language
        if stored and stored not in dict(known):
            known.append((stored, stored))
        offer(self, "language", known)
        zones = list_zones()
        if self.instance.time_zone and self.instance.time_zone not in dict(zones):
            zones.append((self.instance.time_zone, self.instance.time_zone))
        offer(self, "time_zone", [("", _("The organisation's")), *zones])
        if self.instance.account:
            self.fields["account_name"].initial = self.instance.account.name
        self.properties = list(Property.objects.all())
        for entry in self.properties:
            self.fields[f"property_{entry.pk}"] = forms.CharField(
                label=entry.label,
                required=False,
                max_length=1_000,
                initial=self.instance.properties.get(entry.key, ""),
            )

    def clean_email(self) -> str:
        text = self.cleaned_data["email"].strip()
        if not text:
            return ""
        try:
            address = normalise_address(text)
        except InvalidAddress:
            raise forms.ValidationError(_("This is not an e-mail address.")) from None
        self._refuse_known(Q(email=address), _("Somebody else has this address: %(who)s."))
        return address

    def clean_external_id(self) -> str:
        text: str = self.cleaned_data["external_id"].strip()
        if text:
            self._refuse_known(Q(external_id=text), _("Somebody else has this id: %(who)s."))
        return text

    def _refuse_known(self, who: Q, sentence: str) -> None:
        other = Contact.objects.filter(who).exclude(pk=self.instance.pk).first()
        if other:
            raise forms.ValidationError(sentence % {"who": other})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        named = ("email", "external_id", "first_name", "last_name")
        if not self.errors and not any(cleaned.get(name) for name in named):
            self.add_error("email", _("Fill in a name, an address or an external id."))
        for entry in self.properties:
            value = cleaned.get(f"property_{entry.pk}", "")
            pattern = PATTERNS.get(Property.Kind(entry.kind))
            if value and pattern and not re.search(pattern, value):
                self.add_error(f"property_{entry.pk}", self._explain(entry))
        return cleaned

    @staticmethod
    def _explain(entry: Property) -> str:
        if entry.kind == Property.Kind.DATE:
            return _("Fill in a date such as 2026-10-01.")
        return _("Fill in a number, such as 1250 or 1250,50.")

    def save(self, commit: bool = True) -> Contact:
        return save_contact(
            self.instance,
            account=self.cleaned_data["account_name"].strip(),
            properties={
                entry.key: self.cleaned_data[f"property_{entry.pk}"].strip()
                for entry in self.properties
            },
        )
