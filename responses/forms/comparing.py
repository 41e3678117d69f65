"""Two selections in one address: each filter as it is elsewhere, behind `a.` or `b.`."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from responses.forms.selection import SelectionForm
from responses.selection import Period
from surveys.models import Organisation, Survey

SIDES = ("a", "b")


class SideForm(SelectionForm):
    """One of the two. What a selection knows is read as everywhere; only the names are longer."""

    # What is meant when nothing is asked stands first.
    period = forms.ChoiceField(
        choices=sorted(Period.choices, key=lambda choice: choice[0] != Period.ALL),
        required=False,
        label=gettext_lazy("Period"),
    )

    def __init__(
        self,
        sent: QueryDict,
        side: str,
        *,
        usual: Survey | None,
        organisation: Organisation,
        now: dt.datetime,
    ) -> None:
        self.side = side
        asked = _read_side(sent, side)
        self.is_asked = bool(asked)
        # The second begins as the first, so that only what differs need be changed.
        values = asked or _read_side(sent, SIDES[0])
        if usual and not (values.get("survey") or values.get("campaign")):
            values["survey"] = [usual.slug]
        _settle_days(values)
        # Fields are found under the name they have in the page, properties under their own.
        both = QueryDict(mutable=True)
        for name, each in values.items():
            both.setlist(name, each)
            both.setlist(f"{side}.{name}", each)
        super().__init__(both, organisation=organisation, now=now)

    @property
    def shown_name(self) -> str:
        return f"{self.side}.shown"

    def clean(self) -> dict[str, Any]:
        """A campaign is of one survey: with another survey chosen it goes, and nothing else."""
        survey, campaign = self.cleaned_data.get("survey"), self.cleaned_data.get("campaign")
        is_lost = bool(survey and campaign and campaign.survey != survey)
        if is_lost:
            self.cleaned_data["campaign"] = None
            both = cast(QueryDict, self.data)
            both.pop(f"{self.side}.campaign", None)
        cleaned = super().clean()
        if is_lost:
            sentence = _(
                "The chosen campaign asks another survey than “%(survey)s”: left out here."
            )
            self.remarks.append(sentence % {"survey": survey})
        return cleaned

    def add_prefix(self, field_name: str) -> str:
        return f"{self.side}.{super().add_prefix(field_name)}"


def _settle_days(values: dict[str, list[str]]) -> None:
    """Days win over a preset, unless the preset was chosen in their place: `shown` tells which.

    The page says with which period its form was drawn.
    """
    if not (values.get("from") or values.get("to")):
        return
    custom = [Period.CUSTOM.value]
    period = values.get("period", custom)
    if values.get("shown") == custom and period != custom:
        values.pop("from", None)
        values.pop("to", None)
    else:
        values["period"] = custom


def _read_side(sent: QueryDict, side: str) -> dict[str, list[str]]:
    start = f"{side}."
    return {
        name.removeprefix(start): filled
        for name, values in sent.lists()
        if name.startswith(start) and (filled := [value for value in values if value])
    }
