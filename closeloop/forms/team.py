"""Who follows up, how they sign, and the list of root causes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from closeloop.causes import MOST
from closeloop.models import Member, RootCause
from npsapp.models import User
from npsapp.roles import Role

if TYPE_CHECKING:
    RootCauseModelForm = forms.ModelForm[RootCause]
    MemberModelForm = forms.ModelForm[Member]
else:
    RootCauseModelForm = MemberModelForm = forms.ModelForm


class MemberForm(forms.Form):
    """Somebody who is not on the team yet, but may work the queue."""

    user = forms.ModelChoiceField(
        User.objects.none(), label=gettext_lazy("Colleague"), empty_label=gettext_lazy("Choose …")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "member_%s"
        field = cast("forms.ModelChoiceField[User]", self.fields["user"])
        field.queryset = User.objects.who_may(Role.AGENT).filter(member__isnull=True)


class DutyForm(forms.Form):
    on_duty = forms.TypedChoiceField(
        choices=[("yes", ""), ("no", "")], coerce=lambda value: value == "yes"
    )


class RootCauseForm(RootCauseModelForm):
    class Meta:
        model = RootCause
        fields = ["label", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = f"cause_{self.instance.pk or 'new'}_%s"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("is_active"):
            others = RootCause.objects.filter(is_active=True).exclude(pk=self.instance.pk)
            if others.count() >= MOST:
                raise forms.ValidationError(
                    _("At most %(most)s causes can be in use: a longer list is not read.")
                    % {"most": MOST}
                )
        return cleaned


class SignatureForm(MemberModelForm):
    class Meta:
        model = Member
        fields = ["signature"]
        widgets = {"signature": forms.Textarea(attrs={"rows": 4})}

    def clean_signature(self) -> str:
        signature: str = self.cleaned_data["signature"]
        return signature.replace("\r\n", "\n").strip()
