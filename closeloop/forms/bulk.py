"""Which rows of the queue are chosen, and what is to be done with all of them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from closeloop.clock import find_hours
from closeloop.closing import Closing
from closeloop.later import in_a_week, next_monday, tomorrow
from closeloop.models import FollowUp, RootCause
from closeloop.targets import WorkingHours
from npsapp.models import User
from npsapp.roles import Role
from responses.forms.bulk import PickForm

MOMENTS: dict[str, tuple[Any, Callable[[dt.datetime, WorkingHours], dt.datetime]]] = {
    "tomorrow": (gettext_lazy("The next working day"), tomorrow),
    "monday": (gettext_lazy("Next Monday"), next_monday),
    "week": (gettext_lazy("In a week"), in_a_week),
}
ACTS = ("own", "assign", "tag", "snooze", "close", "gather")
PICKED = re.compile(r"(\d{1,18})-(\d{1,9})")


class BulkForm(PickForm):
    """Rows, ticked one by one or all that match; then one act, with what it needs to know."""

    nothing_picked = gettext_lazy("Tick the follow-ups that this is about.")

    act = forms.ChoiceField(choices=[(name, name) for name in ACTS])
    to = forms.ModelChoiceField(
        User.objects.none(),
        required=False,
        empty_label=gettext_lazy("Nobody"),
        label=gettext_lazy("Owner"),
    )
    until = forms.ChoiceField(
        choices=[(name, title) for name, (title, _find) in MOMENTS.items()],
        required=False,
        label=gettext_lazy("Until"),
    )
    outcome = forms.ChoiceField(
        choices=[("", gettext_lazy("Choose …")), *FollowUp.Outcome.choices[1:]],
        required=False,
        label=gettext_lazy("Outcome"),
    )
    root_cause = forms.ModelChoiceField(
        RootCause.objects.filter(is_active=True),
        required=False,
        empty_label=gettext_lazy("Choose …"),
        label=gettext_lazy("Root cause"),
        help_text=gettext_lazy("Detractors need one."),
    )
    closing_note = forms.CharField(
        required=False,
        max_length=4_000,
        label=gettext_lazy("Closing note"),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, sent: QueryDict | None = None, **initial: Any) -> None:
        super().__init__(sent, **initial)
        field = cast("forms.ModelChoiceField[User]", self.fields["to"])
        field.queryset = User.objects.who_may(Role.AGENT)

    def list_picked(self) -> list[tuple[int, int]]:
        """Keys and versions of the ticked rows."""
        found = [PICKED.fullmatch(text) for text in self.picked]
        return sorted((int(each[1]), int(each[2])) for each in found if each)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        match cleaned.get("act"):
            case "snooze" if not cleaned.get("until"):
                self.add_error("until", _("Choose until when."))
            case "close" if not cleaned.get("outcome"):
                self.add_error("outcome", _("Choose what came of it."))
        return cleaned

    def demand_root_cause(self) -> bool:
        """Whether the root cause is there that detractors among the rows need."""
        if self.cleaned_data["root_cause"] is None:
            self.add_error("root_cause", _("Choose what caused the detractors’ scores."))
        return not self.errors

    def what_came_of_it(self) -> Closing:
        return Closing(
            outcome=self.cleaned_data["outcome"],
            root_cause=self.cleaned_data["root_cause"],
            text=self.cleaned_data["closing_note"].replace("\r\n", "\n"),
        )

    def find_moment(self, user: User, *, now: dt.datetime) -> dt.datetime:
        """When the rows come back: at the beginning of a day on which `user` works."""
        _title, find = MOMENTS[self.cleaned_data["until"]]
        return find(now, find_hours(user, now=now))
