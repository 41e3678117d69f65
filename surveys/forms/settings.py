"""Who the organisation is, when people work there, and from whom its mail comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from django import forms
from django.utils.encoding import punycode
from django.utils.translation import gettext_lazy as _

from surveys.forms.survey import LANGUAGES
from surveys.forms.widgets import ClockField, WeekdaysField, check_hours, offer
from surveys.models import Organisation, Sender

if TYPE_CHECKING:
    OrganisationModelForm = forms.ModelForm[Organisation]
    SenderModelForm = forms.ModelForm[Sender]
else:
    OrganisationModelForm = SenderModelForm = forms.ModelForm


class OrganisationForm(OrganisationModelForm):
    working_days = WeekdaysField(
        label=_("Working days"), help_text=_("Response targets and new campaigns start from these.")
    )
    day_start = ClockField(label=_("Start of the working day"))
    day_end = ClockField(label=_("End of the working day"))
    privacy_url = forms.URLField(
        label=_("Privacy statement"),
        required=False,
        assume_scheme="https",
        help_text=_("Its address, when you have one; linked from the survey page."),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"))
    default_language = forms.ChoiceField(
        label=_("Default language"),
        choices=LANGUAGES,
        help_text=_("For customers whose own language we do not know or have."),
    )

    class Meta:
        model = Organisation
        fields = [
            "name",
            "postal_address",
            "contact_email",
            "privacy_url",
            "default_language",
            "time_zone",
            "working_days",
            "day_start",
            "day_end",
        ]
        help_texts = {
            "postal_address": _(
                "On one line. It stands at the foot of every mail, as the law asks."
            ),
            "contact_email": _("Where customers can ask what you keep about them."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = sorted(
            name
            for name in available_timezones()
            if "/" in name and not name.startswith(("Etc/", "posix/", "right/", "SystemV/"))
        )
        offer(self, "time_zone", [(name, name.replace("_", " ")) for name in ["UTC", *places]])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        check_hours(self)
        return cleaned


class SenderForm(SenderModelForm):
    class Meta:
        model = Sender
        fields = ["name", "lane", "from_name", "from_email", "reply_to"]
        widgets = {"lane": forms.RadioSelect}
        help_texts = {
            "name": _("For you and your colleagues."),
            "lane": _("Invitations and replies travel apart, so that neither holds up the other."),
            "from_name": _("The name customers see in their inbox."),
            "from_email": _("Your mail provider must allow it to send from this address."),
            "reply_to": _("Empty: to the sender address."),
        }

    def clean_from_email(self) -> str:
        return _spell_plainly(self.cleaned_data["from_email"])

    def clean_reply_to(self) -> str:
        return _spell_plainly(self.cleaned_data["reply_to"])


def _spell_plainly(address: str) -> str:
    """Spell the domain as it travels: a Message-ID or List-Unsubscribe with an "ü" is none."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{punycode(domain)}"
