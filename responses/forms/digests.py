"""What is mailed, how often, and to whom."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from npsapp.models import User
from npsapp.roles import Role
from responses.models import DashboardDigest, SavedDashboard
from surveys.models import Survey


class RecipientsForm(forms.Form):
    """People with a login only: whoever gets figures can open what is behind them."""

    recipients = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label=gettext_lazy("To whom"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one person.")},
    )

    def __init__(self, *args: Any, number: int | str = "new", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = f"digest_{number}_%s"
        chosen = self.fields["recipients"]
        assert isinstance(chosen, forms.ModelMultipleChoiceField)  # noqa: S101 - for the types
        chosen.queryset = User.objects.who_may(Role.VIEWER)


class DigestForm(RecipientsForm):
    about = forms.ChoiceField(label=gettext_lazy("What"))
    rhythm = forms.ChoiceField(
        label=gettext_lazy("How often"), choices=DashboardDigest.Rhythm.choices
    )

    field_order = ("about", "rhythm", "recipients")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        views = {f"view-{one.pk}": one for one in SavedDashboard.objects.visible_to(user)}
        surveys = {f"survey-{one.pk}": one for one in Survey.objects.all()}
        self.things: dict[str, SavedDashboard | Survey] = {**views, **surveys}
        groups = [(_("Surveys"), surveys), (_("Saved views"), views)]
        about = self.fields["about"]
        assert isinstance(about, forms.ChoiceField)  # noqa: S101 - for the types
        about.choices = [
            (title, [(key, str(one)) for key, one in things.items()])
            for title, things in groups
            if things
        ]

    def clean_about(self) -> SavedDashboard | Survey:
        return self.things[self.cleaned_data["about"]]
