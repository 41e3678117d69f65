"""The decision about a mail in doubt."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from surveys.models import Campaign, Delivery

Resolution = Delivery.Resolution


class ResolutionForm(forms.Form):
    resolution = forms.ChoiceField(
        choices=[
            (choice.value, choice.label)
            for choice in (Resolution.SEND_AGAIN, Resolution.TREAT_AS_SENT)
        ]
    )


class SettleForm(forms.Form):
    """The decision about all of them, or all of a campaign; `most` is how many were shown."""

    resolution = ResolutionForm.base_fields["resolution"]
    campaign = forms.ModelChoiceField(Campaign.objects.all(), required=False)
    most = forms.IntegerField(min_value=0, required=False)


class ReleaseForm(forms.Form):
    """What the person knows who lets mail leave again after a restore."""

    between = forms.ChoiceField(
        label=_("What happened between the backup and its restoring?"),
        widget=forms.RadioSelect,
        choices=[
            ("doubt", _("Mail may have left: what was due then is not sent by itself")),
            ("nothing", _("Nothing left, as when moving to another machine: send what is due")),
        ],
    )
