"""Where a mail belongs that came in without saying so."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from closeloop.models import FollowUp

_NUMBER = re.compile(r"(?:.*/follow-ups/)?#?(\d{1,18})/?(?:\?.*)?", re.DOTALL)


class FileMailForm(forms.Form):
    """A suggestion is a button of its own; the field takes a number or a pasted address."""

    follow_up = forms.CharField(
        label=gettext_lazy("Number or address of the follow-up"), max_length=300
    )

    def __init__(self, data: Any = None, *, mail_pk: int) -> None:
        super().__init__(data, auto_id=f"file_{mail_pk}_%s")
        self.mail_pk = mail_pk

    def clean_follow_up(self) -> FollowUp:
        found = _NUMBER.fullmatch(self.cleaned_data["follow_up"].strip())
        follow_up = FollowUp.everything.filter(pk=int(found[1])).first() if found else None
        if follow_up is None:
            raise forms.ValidationError(_("There is no follow-up with that number."))
        return follow_up
