"""When our page was drawn, signed into its form: no cookie, and no row for a visit."""

from __future__ import annotations

import datetime as dt

from django.core.signing import BadSignature

from surveys.links import make_signer

DRAWN = "drawn"


def draw_stamp(invitation_pk: int, *, now: dt.datetime) -> str:
    """Return the mark that the page of this invitation was drawn `now`."""
    return make_signer(DRAWN).sign(f"{invitation_pk}-{int(now.timestamp() * 1000)}")


def read_stamp(text: str, invitation_pk: int) -> dt.datetime | None:
    """Return when the page was drawn; None when that cannot be told, or for another invitation."""
    try:
        pk, _, milliseconds = make_signer(DRAWN).unsign(text).partition("-")
    except BadSignature:
        return None
    if pk != str(invitation_pk):
        return None
    return dt.datetime.fromtimestamp(int(milliseconds) / 1000, tz=dt.UTC)
