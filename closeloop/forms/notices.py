"""Which notices somebody gets, and what happens to what is late."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy

from closeloop.models import EscalationRule, NoticeChoices
from closeloop.notices import list_kinds
from npsapp.models import User

if TYPE_CHECKING:
    NoticeModelForm = forms.ModelForm[NoticeChoices]
    RuleModelForm = forms.ModelForm[EscalationRule]
else:
    NoticeModelForm = RuleModelForm = forms.ModelForm


class NoticesForm(NoticeModelForm):
    """Only the kinds that somebody with this role can get; the others keep what they were."""

    class Meta:
        model = NoticeChoices
        fields = list(NoticeChoices.KINDS)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in set(self.fields) - set(list_kinds(user)):
            del self.fields[kind]


class EscalationForm(RuleModelForm):
    # Two weeks of working hours: whoever waits longer had better not escalate at all.
    grace_hours = forms.IntegerField(
        min_value=0,
        max_value=80,
        label=gettext_lazy("Working hours of grace"),
        help_text=gettext_lazy("So long after the target nothing happens yet. 0: at once."),
    )

    class Meta:
        model = EscalationRule
        fields = ["tell_managers", "hand_over", "grace_hours"]
        help_texts = {
            "tell_managers": gettext_lazy(
                "One mail about all that passed since the last one. Each manager can switch it off "
                "for themselves under Mails to me."
            ),
            "hand_over": gettext_lazy(
                "Away is who is absent on the page Team, or may no longer follow up. Whoever is "
                "only off duty keeps what they have."
            ),
        }

    def __init__(self, *args: Any, now: dt.datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.was_on = self.instance.is_on

    def save(self, commit: bool = True) -> EscalationRule:
        if self.instance.is_on and not self.was_on:
            self.instance.since = self.now
        return super().save(commit)
