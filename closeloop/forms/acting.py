"""What an agent fills in on a follow-up. Each form carries the version that it was drawn from."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from closeloop.closing import Closing, needs_root_cause
from closeloop.forms.base import ActingForm, ProseField
from closeloop.forms.tagging import TaggingMixin
from closeloop.models import Activity, FollowUp, RootCause
from closeloop.noting import list_colleagues
from closeloop.placeholders import find_instruction
from npsapp.models import User
from npsapp.roles import Role
from surveys.importing.faults import BadCell
from surveys.importing.numbers import read_number

HIGHEST_COST = 1_000_000


class AssignForm(ActingForm):
    name = "assign"

    to = forms.ModelChoiceField(
        User.objects.none(),
        required=False,
        empty_label=gettext_lazy("Nobody"),
        label=gettext_lazy("Owner"),
    )

    def __init__(self, data: Any = None, *, follow_up: FollowUp, **kwargs: Any) -> None:
        kwargs["initial"] = {"to": follow_up.owner_id}
        super().__init__(data, follow_up=follow_up, **kwargs)
        # Whoever owns it may have changed role since; the form must not hide that.
        field = cast("forms.ModelChoiceField[User]", self.fields["to"])
        # By key: over a join everybody would stand there once for each follow-up they own.
        owner = [follow_up.owner_id] if follow_up.owner_id else []
        field.queryset = User.objects.who_may(Role.AGENT) | User.objects.filter(pk__in=owner)


class NoteForm(ActingForm):
    name = "note"

    text = ProseField(
        label=gettext_lazy("Internal note"),
        max_length=4000,
        help_text=gettext_lazy("Only colleagues read this. Write @name to show it to somebody."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    tell = forms.ModelMultipleChoiceField(
        User.objects.none(),
        required=False,
        label=gettext_lazy("Show it to"),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data: Any = None, *, follow_up: FollowUp, **kwargs: Any) -> None:
        super().__init__(data, follow_up=follow_up, **kwargs)
        field = cast("forms.ModelMultipleChoiceField[User]", self.fields["tell"])
        field.queryset = list_colleagues()


class CallForm(ActingForm):
    name = "call"

    outcome = forms.TypedChoiceField(
        label=gettext_lazy("What happened"),
        choices=Activity.CallOutcome.choices,
        coerce=Activity.CallOutcome,
        widget=forms.RadioSelect,
    )
    text = ProseField(
        label=gettext_lazy("What was said"),
        required=False,
        max_length=4000,
        help_text=gettext_lazy("Only colleagues read this."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class GestureForm(ActingForm):
    name = "gesture"

    what = forms.CharField(label=gettext_lazy("What the customer gets"), max_length=200)
    cost = forms.CharField(
        label=gettext_lazy("What it costs us"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )

    def clean_cost(self) -> Decimal:
        """As people write amounts: 12,50 and € 12.50."""
        try:
            cost = read_number(self.cleaned_data["cost"])
        except BadCell:
            raise forms.ValidationError(_("Write an amount, as 12.50.")) from None
        if not 0 <= cost < HIGHEST_COST:
            raise forms.ValidationError(_("Write an amount from 0 to 999,999."))
        return cost.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


class ClosingForm(ActingForm):
    """The part that says what came of it, shared by closing and by sending and closing."""

    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"),
        choices=[("", gettext_lazy("Choose …")), *FollowUp.Outcome.choices[1:]],
        required=False,
    )
    root_cause = forms.ModelChoiceField(
        RootCause.objects.filter(is_active=True),
        label=gettext_lazy("Root cause"),
        empty_label=gettext_lazy("Choose …"),
        required=False,
    )

    def is_closing(self) -> bool:
        return True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.is_closing():
            if not cleaned.get("outcome"):
                self.add_error("outcome", _("Choose what came of it."))
            if needs_root_cause(self.follow_up) and not cleaned.get("root_cause"):
                self.add_error("root_cause", _("Choose what caused a detractor's score."))
        return cleaned

    def what_came_of_it(self) -> Closing:
        return Closing(
            outcome=self.cleaned_data["outcome"],
            root_cause=self.cleaned_data["root_cause"],
            text=self.cleaned_data.get("closing_note", ""),
        )


class CloseForm(TaggingMixin, ClosingForm):
    name = "close"

    closing_note = ProseField(
        label=gettext_lazy("Closing note"),
        required=False,
        max_length=4000,
        help_text=gettext_lazy("Only colleagues read this."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def what_came_of_it(self) -> Closing:
        return replace(super().what_came_of_it(), tags=self.words())


class ReplyForm(ClosingForm):
    name = "reply"
    field_order = ["version", "subject", "text", "outcome", "root_cause"]

    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=200)
    text = ProseField(
        label=gettext_lazy("Message"),
        max_length=8000,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 8}),
    )

    def is_closing(self) -> bool:
        return self.data.get("then") == "close"

    def clean_text(self) -> str:
        """A greeting alone is a slip of the finger."""
        text: str = self.cleaned_data["text"]
        if text == self.initial.get("text", "").strip():
            raise forms.ValidationError(_("Write something under the greeting."))
        if instruction := find_instruction(text):
            error = _("Replace “%(line)s” by your own words, or take it out.")
            raise forms.ValidationError(error % {"line": instruction})
        return text


class ReopenForm(ActingForm):
    name = "reopen"

    text = ProseField(
        label=gettext_lazy("Why"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
