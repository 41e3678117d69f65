"""Two selections in one address: each filter as it is elsewhere, behind `a.` or `b.`."""

from __future__ import annotations

import datetime as dt

from django import forms
from django.http import QueryDict
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
        if values.get("from") or values.get("to"):
            values["period"] = [Period.CUSTOM.value]
        # Fields are found under the name they have in the page, properties under their own.
        both = QueryDict(mutable=True)
        for name, each in values.items():
            both.setlist(name, each)
            both.setlist(f"{side}.{name}", each)
        super().__init__(both, organisation=organisation, now=now)

    def add_prefix(self, field_name: str) -> str:
        return f"{self.side}.{super().add_prefix(field_name)}"


def _read_side(sent: QueryDict, side: str) -> dict[str, list[str]]:
    start = f"{side}."
    return {
        name.removeprefix(start): filled
        for name, values in sent.lists()
        if name.startswith(start) and (filled := [value for value in values if value])
    }
