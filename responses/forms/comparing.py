"""Two selections in one address: each filter as it is elsewhere, behind `a.` or `b.`."""

from __future__ import annotations

import datetime as dt

from django.http import QueryDict

from responses.forms.selection import SelectionForm
from surveys.models import Organisation

SIDES = ("a", "b")


class SideForm(SelectionForm):
    """One of the two. What a selection knows is read as everywhere; only the names are longer."""

    def __init__(
        self, sent: QueryDict, side: str, *, organisation: Organisation, now: dt.datetime
    ) -> None:
        self.side = side
        # Fields are found under the name they have in the page, properties under their own.
        both = QueryDict(mutable=True)
        for name, values in sent.lists():
            if name.startswith(f"{side}."):
                both.setlist(name, values)
                both.setlist(name.removeprefix(f"{side}."), values)
        super().__init__(both, organisation=organisation, now=now)

    def add_prefix(self, field_name: str) -> str:
        return f"{self.side}.{super().add_prefix(field_name)}"

    @property
    def is_asked(self) -> bool:
        """Whether the address says anything of this side."""
        return bool(self.data)
