"""The team's own list of root causes."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Exists, OuterRef, ProtectedError
from django.utils.translation import gettext, gettext_noop, override

from closeloop.models import FollowUp, RootCause

MOST = 12
USUAL = [
    gettext_noop("Delivery late"),
    gettext_noop("Product quality"),
    gettext_noop("Price"),
    gettext_noop("Contact with service"),
    gettext_noop("Website or ordering"),
    gettext_noop("Return or refund"),
    gettext_noop("Communication"),
    gettext_noop("Something else"),
]


def ensure_root_causes(*, language: str) -> None:
    """Start the list with the usual ones when there is none yet.

    From then on they are the team's words and are not translated any more.
    """
    if RootCause.objects.exists():
        return
    with override(language):
        labels = [gettext(label) for label in USUAL]
    RootCause.objects.bulk_create(
        [RootCause(label=label) for label in labels], ignore_conflicts=True
    )


def list_catch_all() -> list[str]:
    """The last of the usual ones in each language: where nothing else fits."""
    labels = []
    for language, _name in settings.LANGUAGES:
        with override(language):
            labels.append(gettext(USUAL[-1]))
    return labels


def list_causes() -> list[tuple[RootCause, bool]]:
    """Those in use first; each with whether a follow-up names it."""
    named = FollowUp.everything.filter(root_cause=OuterRef("pk"))
    found = RootCause.objects.annotate(is_named=Exists(named)).order_by("-is_active", "label")
    return [(cause, cause.is_named) for cause in found]


def delete_unused(cause: RootCause) -> bool:
    """Delete a cause that no follow-up names; otherwise return False and leave it."""
    try:
        cause.delete()
    except ProtectedError:
        return False
    return True
