"""Everything that is kept about one person, to hand to them: as JSON and as a table."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet

from closeloop.models import Activity, FollowUp, ReceivedMail
from responses.models import Response
from surveys.importing.writing import write_csv
from surveys.models import (
    Contact,
    Invitation,
    Mail,
    ProviderEvent,
    Suppression,
    get_organisation,
)
from surveys.suppressing import list_removals

# Of the details of an activity, what says something about the person.
TOLD = ("what", "cost", "outcome", "added", "removed", "step", "done")
HEADER = ["Section", "Number", "Field", "Value"]


def export_person(person: Contact, *, now: dt.datetime) -> dict[str, Any]:
    """Return all we know, in plain values; times are ISO 8601 in UTC."""
    follow_ups = FollowUp.objects.filter(response__contact=person).order_by("pk")
    return {
        "exported_at": now.isoformat(),
        "by": get_organisation().name,
        "person": _describe_person(person),
        "properties": dict(person.properties),
        "suppressions": [
            {"scope": each.scope, "reason": each.reason, "since": _iso(each.created_at)}
            for each in Suppression.objects.filter(address_hash=person.address_hash or "-")
        ],
        "suppressions_lifted": [
            {
                "reason": each.reason,
                "since": _iso(each.suppressed_at),
                "lifted_at": _iso(each.removed_at),
                "explanation": each.explanation,
            }
            for each in list_removals(person.address_hash or "-")
        ],
        "invitations": [
            _describe_invitation(each)
            for each in person.invitations.select_related("campaign__survey")
            .prefetch_related("events")
            .order_by("pk")
        ],
        "answers": [
            _describe_answer(each)
            for each in person.responses.select_related("survey").order_by("answered_at")
        ],
        "follow_ups": [_describe_follow_up(each) for each in follow_ups],
        "mails": [_describe_mail(each) for each in _mails_to(person, follow_ups)],
        "mails_received": [_describe_received(each) for each in _mails_from(person, follow_ups)],
        "told_by_mail_services": [_describe_event(each) for each in _events_of(person)],
    }


def write_json(exported: dict[str, Any]) -> bytes:
    return (json.dumps(exported, ensure_ascii=False, indent=2) + "\n").encode()


def write_table(exported: dict[str, Any]) -> bytes:
    """Return the same as CSV: one value a row, safe to open in a spreadsheet."""
    return write_csv(HEADER, list(_rows(exported)))


def _rows(exported: dict[str, Any]) -> Iterator[list[str | int]]:
    for section, content in exported.items():
        if isinstance(content, list):
            for number, entry in enumerate(content, 1):
                for name, value in _flatten(entry):
                    yield [section, number, name, value]
        elif isinstance(content, dict):
            for name, value in _flatten(content):
                yield [section, 1, name, value]
        else:
            yield [section, 1, "", str(content)]


def _flatten(entry: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in entry.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _flatten(value, f"{name}.")
        elif isinstance(value, list):
            for number, each in enumerate(value, 1):
                if isinstance(each, dict):
                    yield from _flatten(each, f"{name}.{number}.")
                else:
                    yield f"{name}.{number}", str(each)
        else:
            yield name, "" if value is None else str(value)


def _describe_person(person: Contact) -> dict[str, Any]:
    return {
        "email": person.email,
        "external_id": person.external_id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "language": person.language,
        "time_zone": person.time_zone,
        "account": str(person.account or ""),
        "known_since": _iso(person.created_at),
        "changed_at": _iso(person.updated_at),
    }


def _describe_invitation(invitation: Invitation) -> dict[str, Any]:
    return {
        "campaign": invitation.campaign.name,
        "survey": str(invitation.campaign.survey),
        "occasion": invitation.occasion,
        "reminder": invitation.sequence,
        "state": invitation.state,
        "reason": invitation.reason,
        "detail": invitation.detail,
        "planned_for": _iso(invitation.scheduled_for),
        "sent_at": _iso(invitation.sent_at),
        "delivery": invitation.delivery_status,
        "delivery_at": _iso(invitation.delivery_at),
        "answered_at": _iso(invitation.answered_at),
        "history": [
            {"at": _iso(each.at), "kind": each.kind, "reason": each.reason, "detail": each.detail}
            for each in invitation.events.all()
        ],
    }


def _describe_answer(response: Response) -> dict[str, Any]:
    return {
        "survey": str(response.survey),
        "score": response.score,
        "comment": response.comment,
        "channel": response.channel,
        "language": response.language,
        "occasion": response.occasion,
        "external_id": response.external_id,
        "may_contact": response.may_contact,
        "status": response.status,
        "status_reason": response.status_reason,
        "answered_at": _iso(response.answered_at),
        "changed_at": _iso(response.changed_at),
        "properties": dict(response.properties),
        "tags": [tag.label for tag in response.tags.all()],
        "earlier": [
            {"score": v.score, "comment": v.comment, "answered_at": _iso(v.answered_at)}
            for v in response.versions.all()
        ],
    }


def _describe_follow_up(follow_up: FollowUp) -> dict[str, Any]:
    activities = Activity.objects.filter(follow_up=follow_up).select_related("actor")
    return {
        "opened_at": _iso(follow_up.opened_at),
        "state": follow_up.state,
        "outcome": follow_up.outcome,
        "owner": str(follow_up.owner or ""),
        "improvements": [
            {"title": voice.improvement.title, "told_at": _iso(voice.told_at)}
            for voice in follow_up.voices.select_related("improvement")
        ],
        "snoozed_until": _iso(follow_up.snoozed_until),
        "tags": [tag.label for tag in follow_up.tags.all()],
        "activities": [
            {"at": _iso(a.at), "kind": a.kind, "by": str(a.actor or ""), "text": a.text}
            | {name: a.details[name] for name in TOLD if name in a.details}
            for a in activities
        ],
        # Words about the person that a colleague began and did not send.
        "drafts": [
            {"kind": d.kind, "at": _iso(d.updated_at), "subject": d.subject, "text": d.text}
            for d in follow_up.drafts.all()
        ],
    }


def _mails_to(person: Contact, follow_ups: Any) -> list[Mail]:
    replies = Mail.objects.filter(activity__follow_up__in=follow_ups)
    if person.email:
        replies |= Mail.objects.filter(to_email__iexact=person.email).exclude(kind=Mail.Kind.TEST)
    return list(replies.distinct().order_by("pk"))


def _describe_mail(mail: Mail) -> dict[str, Any]:
    return {
        "kind": mail.kind,
        "to": mail.to_email,
        "subject": mail.subject,
        "text": mail.text,
        "state": mail.state,
        "sent_at": _iso(mail.sent_at),
        "delivery": mail.delivery_status,
        "delivery_at": _iso(mail.delivery_at),
    }


def _mails_from(person: Contact, follow_ups: Any) -> QuerySet[ReceivedMail]:
    theirs = Q(activity__follow_up__in=follow_ups)
    if person.email:
        theirs |= Q(from_email__iexact=person.email)
    return ReceivedMail.objects.filter(theirs).order_by("received_at", "pk")


def _describe_received(mail: ReceivedMail) -> dict[str, Any]:
    return {
        "from": mail.from_email,
        "name": mail.from_name,
        "subject": mail.subject,
        "text": mail.text,
        "attachments": [dict(each) for each in mail.attachments],
        "automatic": mail.automatic,
        "received_at": _iso(mail.received_at),
    }


def _events_of(person: Contact) -> QuerySet[ProviderEvent]:
    about = Q(message_key__in=person.invitations.values("message_key"))
    if person.address_hash:
        about |= Q(address_hash=person.address_hash)
    return ProviderEvent.objects.filter(about).order_by("happened_at", "pk")


def _describe_event(event: ProviderEvent) -> dict[str, Any]:
    return {
        "provider": event.provider,
        "kind": event.kind,
        "nature": event.nature,
        "detail": event.detail,
        "at": _iso(event.happened_at),
    }


def _iso(moment: dt.datetime | None) -> str:
    return moment.isoformat() if moment else ""
