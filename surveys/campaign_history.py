"""What was done to a campaign, by whom, and from what to what: its own history, line by line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format, number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from surveys.models import Campaign, CampaignEvent, Contact

if TYPE_CHECKING:
    from npsapp.models import User

Kind = CampaignEvent.Kind


@dataclass(frozen=True, slots=True)
class Line:
    """One event in words. `changes`: what, from what, to what."""

    at: dt.datetime
    who: str
    what: str
    sentence: str
    changes: tuple[tuple[str, str, str], ...] = ()
    person: Contact | None = None


def note(
    campaign: Campaign, kind: Kind, *, at: dt.datetime, by: User | None = None, **details: Any
) -> None:
    """Write a line. Called inside the transaction that does what the line says."""
    CampaignEvent.objects.create(
        campaign=campaign, kind=kind.value, at=at, actor=by, details=details
    )


def list_changes(
    before: Campaign, after: Campaign, fields: Iterable[str]
) -> dict[str, tuple[Any, Any]]:
    """Return what differs, as it can be kept: field, from, to."""
    return {
        name: (_as_json(getattr(before, name)), _as_json(getattr(after, name)))
        for name in fields
        if getattr(before, name) != getattr(after, name)
    }


def list_history(campaign: Campaign) -> list[Line]:
    """Return all lines, the newest first."""
    events = list(campaign.events.select_related("actor").order_by("-at", "-pk"))
    rows = [event.details["invitation"] for event in events if "invitation" in event.details]
    people = {
        row.pk: row.contact
        for row in campaign.invitations.filter(pk__in=rows).select_related("contact__account")
    }
    return [_describe(event, people) for event in events]


def _describe(event: CampaignEvent, people: Mapping[int, Contact | None]) -> Line:
    details, kind = event.details, Kind(event.kind)
    describe = _SENTENCES.get(kind)
    who = event.actor.name if event.actor else ""
    changes = tuple(_name_change(name, *pair) for name, pair in details.get("changes", {}).items())
    told = describe(details) if describe else ""
    person = people.get(details.get("invitation", 0))
    return Line(event.at, who, str(kind.label), told, changes, person)


def _describe_launch(details: Mapping[str, Any]) -> str:
    left_out = details.get("left_out", 0)
    planned = _count_mails(details["mails"])
    return f"{planned} {_count_left_out(left_out)}".strip()


def _describe_plan(details: Mapping[str, Any]) -> str:
    """Say what a plan drawn anew came to; nothing when it was left as it is."""
    if "mails" not in details:
        return ""
    parts = [_count_mails(details["mails"])]
    before, after = details.get("busiest_before", 0), details.get("busiest", 0)
    if before != after:
        parts.append(
            _("At most %(after)s a day instead of %(before)s.")
            % {"before": number_format(before), "after": number_format(after)}
        )
    if details.get("last") and details["last"] != details.get("last_before"):
        parts.append(_("The last on %(day)s.") % {"day": _say_day(details["last"])})
    return " ".join([*parts, _count_left_out(details.get("dropped", 0))]).strip()


def _describe_catching_up(details: Mapping[str, Any]) -> str:
    if "overdue" not in details:
        return _describe_plan(details)
    text = ngettext(
        "%(count)s mail was overdue, more than a day's worth.",
        "%(count)s mails were overdue, more than a day's worth.",
        details["overdue"],
    )
    return f"{text % {'count': number_format(details['overdue'])}} {_describe_plan(details)}"


def _describe_lag(details: Mapping[str, Any]) -> str:
    text = ngettext(
        "%(count)s mail does not fit into what is left of the window. Make it longer or raise the "
        "daily limit; otherwise it is dropped when the window ends.",
        "%(count)s mails do not fit into what is left of the window. Make it longer or raise the "
        "daily limit; otherwise they are dropped when the window ends.",
        details["over"],
    )
    return text % {"count": number_format(details["over"])}


def _describe_joining(details: Mapping[str, Any]) -> str:
    text = ngettext(
        "%(count)s new contact is asked too.",
        "%(count)s new contacts are asked too.",
        details["people"],
    )
    told = text % {"count": number_format(details["people"])}
    return f"{told} {_count_left_out(details.get('left_out', 0))}".strip()


def _describe_end(details: Mapping[str, Any]) -> str:
    text = ngettext(
        "%(count)s person is no longer asked.",
        "%(count)s people are no longer asked.",
        details["stopped"],
    )
    return text % {"count": number_format(details["stopped"])}


_SENTENCES: dict[Kind, Callable[[Mapping[str, Any]], str]] = {
    Kind.LAUNCHED: _describe_launch,
    Kind.RESUMED: _describe_plan,
    Kind.CHANGED: _describe_plan,
    Kind.CAUGHT_UP: _describe_catching_up,
    Kind.BEHIND: _describe_lag,
    Kind.JOINED: _describe_joining,
    Kind.CANCELLED: _describe_end,
}


def _count_mails(mails: int) -> str:
    text = ngettext("%(count)s mail is planned.", "%(count)s mails are planned.", mails)
    return text % {"count": number_format(mails)}


def _count_left_out(people: int) -> str:
    if not people:
        return ""
    text = ngettext("%(count)s person is left out.", "%(count)s people are left out.", people)
    return text % {"count": number_format(people)}


def _name_change(name: str, before: Any, after: Any) -> tuple[str, str, str]:
    label = capfirst(str(getattr(Campaign._meta.get_field(name), "verbose_name", name)))
    return label, _show(name, before), _show(name, after)


def _show(name: str, value: Any) -> str:
    if value is None or value == "":
        return _("none")
    if name == "clock":
        return str(Campaign.Clock(value).label)
    if name == "weekdays":
        return " ".join(str(WEEKDAYS_ABBR[day]) for day in sorted(value))
    if name in {"day_start", "day_end"}:
        return str(value)[:5]
    return number_format(value) if isinstance(value, int) else str(value)


def _say_day(value: str) -> str:
    return date_format(dt.date.fromisoformat(value), "j F Y")


def _as_json(value: Any) -> Any:
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return value
