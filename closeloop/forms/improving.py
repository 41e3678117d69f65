"""What is filled in about an improvement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from closeloop.forms.base import ProseField
from closeloop.improving import FIELDS
from closeloop.models import Improvement
from npsapp.models import User
from responses.models import Category, Response
from responses.selection import Segment
from surveys.forms.filtering import sample_values
from surveys.forms.widgets import DayInput, offer
from surveys.models import Property

if TYPE_CHECKING:
    ImprovementModelForm = forms.ModelForm[Improvement]
else:
    ImprovementModelForm = forms.ModelForm

MOST_OFFERED = 30
Choices = list[tuple[str, Any]]


class ImprovementForm(ImprovementModelForm):
    """With the version it was drawn from, and the follow-ups that a new one begins with."""

    segment = forms.ChoiceField(
        label=gettext_lazy("Part of them"),
        required=False,
        help_text=gettext_lazy("Those who share a value of a segment property."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    once = forms.UUIDField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Improvement
        fields = ["title", "description", "owner", "due_on", "survey", "category", "news"]
        widgets = {
            "due_on": DayInput(),
            "description": forms.Textarea(attrs={"rows": 5}),
            "news": forms.Textarea(attrs={"rows": 4}),
        }
        field_classes = {"description": ProseField, "news": ProseField}
        help_texts = {
            "survey": gettext_lazy("Whose score it should move. A score belongs to one survey."),
            "category": gettext_lazy("The group whose share should change."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["segment"] = self.instance.segment
        self.initial["version"] = self.instance.version
        self.initial["once"] = uuid4()
        owners = User.objects.filter(is_active=True)
        if self.instance.owner_id:
            # Whoever has left still owns it until somebody else does.
            owners |= User.objects.filter(pk=self.instance.owner_id)
        owner = cast("forms.ModelChoiceField[User]", self.fields["owner"])
        owner.queryset, owner.empty_label = owners, _("Nobody yet")
        survey = cast("forms.ModelChoiceField[Any]", self.fields["survey"])
        survey.empty_label = _("No score in particular")
        offer(self, "category", [("", _("All categories")), *Category.choices])
        offer(self, "segment", _list_segments(self.instance.segment))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in ("segment", "category"):
            if cleaned.get(name) and not cleaned.get("survey") and "survey" in cleaned:
                self.add_error("survey", _("Choose the survey whose answers these are."))
                break
        return cleaned

    def values(self) -> dict[str, Any]:
        """What was filled in, by the names of the columns."""
        text = self.cleaned_data["segment"]
        segment = Segment.parse(text) if text else None
        values = {name: self.cleaned_data[name] for name in FIELDS if name in self.cleaned_data}
        values["segment_key"] = segment.key if segment else ""
        values["segment_value"] = segment.value if segment else ""
        return values


def _list_segments(current: str) -> Choices:
    """Each segment property with its values; what was chosen before stays on offer."""
    choices: Choices = [("", _("Everybody"))]
    seen = sample_values(Response.objects.order_by("-pk"))
    offered = set()
    for declared in Property.objects.filter(is_segment=True):
        names = [band["name"] for band in declared.bands]
        names = names or [value for value, _n in seen.get(declared.key, [])][:MOST_OFFERED]
        values = [(str(Segment(declared.key, name)), name) for name in names if "@" not in name]
        offered |= {value for value, _name in values}
        if values:
            choices.append((declared.label, values))
    if current and current not in offered:
        choices.append((current, current))
    return choices


class StateForm(forms.Form):
    state = forms.ChoiceField(choices=Improvement.State.choices, label=gettext_lazy("State"))
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, auto_id="state_%s", **kwargs)


class RemarkForm(forms.Form):
    text = ProseField(
        label=gettext_lazy("Note"),
        max_length=4000,
        help_text=gettext_lazy(
            "Everybody who logs in reads this: leave out who the customers are."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, auto_id="remark_%s", **kwargs)


class GatherForm(forms.Form):
    """Which improvement under way some follow-ups stand behind."""

    improvement = forms.ModelChoiceField(
        Improvement.objects.none(),
        label=gettext_lazy("Improvement"),
        empty_label=gettext_lazy("Choose …"),
    )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, auto_id="gather_%s", **kwargs)
        field = cast("forms.ModelChoiceField[Improvement]", self.fields["improvement"])
        # What ended is not offered, but taking a removal back reaches it all the same.
        everything = Improvement.objects.all()
        field.queryset = everything if self.is_bound else Improvement.objects.under_way()


class ChosenForm(forms.Form):
    """Follow-ups by number, as check boxes or links name them; unknown ones are left out."""

    # The web server takes addresses of 4,094 bytes.
    MOST = 200

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        sent = data.getlist("follow_up") if hasattr(data, "getlist") else []
        self.pks = sorted(
            {int(pk) for pk in sent if pk.isascii() and pk.isdigit() and len(pk) < 18}
        )
        self.pks = self.pks[: self.MOST]
