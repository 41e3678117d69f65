"""Builders of rows: keyword-only, a default for everything, unique where it must be."""

from __future__ import annotations

import datetime as dt
from itertools import count
from typing import Any

from django.utils import timezone

from closeloop.models import FollowUp, Improvement, Member
from closeloop.opening import open_follow_up
from npsapp.models import User
from npsapp.roles import Role
from responses.models import Event, Response
from responses.trying import record_test
from surveys.addresses import hash_address
from surveys.models import (
    Account,
    Campaign,
    Contact,
    Invitation,
    Mail,
    Organisation,
    Property,
    Sender,
    Survey,
    get_organisation,
)
from surveys.rehearsing import fingerprint, write_samples

_number = count(1)


def make_user(
    *, role: str = Role.AGENT, password: str | None = "a long password", **fields: Any
) -> User:
    """Pass password=None for somebody who was invited and has not chosen one."""
    number = next(_number)
    user = User(
        role=role,
        **{"email": f"staff{number}@voorbeeld.example", "name": f"Staff {number}"} | fields,
    )
    user.set_password(password)
    user.save()
    return user


def make_organisation(**fields: Any) -> Organisation:
    defaults = {"name": "Voorbeeld", "postal_address": "Teststraat 1, 1000 AA Testdam"}
    return Organisation.objects.update_or_create(pk=1, defaults=defaults | fields)[0]


def make_survey(**fields: Any) -> Survey:
    number = next(_number)
    return Survey.objects.create(
        **{"name": f"Survey {number}", "slug": f"survey-{number}", "company": "Voorbeeld"} | fields
    )


def make_sender(**fields: Any) -> Sender:
    number = next(_number)
    return Sender.objects.create(
        **{
            "name": f"Sender {number}",
            "from_name": "Voorbeeld",
            "from_email": "vraag@voorbeeld.example",
        }
        | fields
    )


def make_account(**fields: Any) -> Account:
    return Account.objects.create(**{"name": f"Account {next(_number)}"} | fields)


def make_property(**fields: Any) -> Property:
    number = next(_number)
    return Property.objects.create(
        **{"key": f"property-{number}", "label": f"Property {number}"} | fields
    )


def make_contact(**fields: Any) -> Contact:
    number = next(_number)
    fields = {
        "email": f"klant{number}@klanten.example",
        "first_name": "Fenna",
        "last_name": f"Proefpersoon {number}",
        "language": "nl",
    } | fields
    return Contact.objects.create(address_hash=hash_address(fields["email"]), **fields)


def make_campaign(**fields: Any) -> Campaign:
    fields.setdefault("survey", None)
    fields["survey"] = fields["survey"] or make_survey()
    fields["sender"] = fields.get("sender") or make_sender()
    return Campaign.objects.create(
        **{
            "name": f"Campaign {next(_number)}",
            "first_day": dt.date(2026, 10, 1),
            "seed": "seed",
            "state": Campaign.State.RUNNING,
        }
        | fields
    )


def make_rehearsal(campaign: Campaign, **fields: Any) -> Mail:
    """A test mail of the campaign as it is worded now, sent unless told otherwise."""
    samples = write_samples(campaign, get_organisation())
    worded = {"worded_as": fingerprint(campaign, samples)}
    return make_mail(
        **{"kind": Mail.Kind.TEST, "campaign": campaign, "state": "sent"} | worded | fields
    )


def make_invitation(**fields: Any) -> Invitation:
    campaign = fields.pop("campaign", None) or make_campaign()
    contact = fields.pop("contact", None) or make_contact()
    now = timezone.now()
    return Invitation.objects.create(
        campaign=campaign,
        contact=contact,
        **{
            "address_hash": contact.address_hash,
            "scheduled_for": now - dt.timedelta(minutes=1),
            "not_after": now + dt.timedelta(days=30),
        }
        | fields,
    )


def make_response(**fields: Any) -> Response:
    """A counted answer to a mail; pass channel="import" and invitation=None for history."""
    invitation = fields.pop("invitation", None)
    if invitation is None and fields.get("channel") != Response.Channel.IMPORT:
        campaign = make_campaign(survey=fields.get("survey"))
        invitation = make_invitation(campaign=campaign, state="sent", sent_at=timezone.now())
    survey = fields.pop("survey", None) or (
        invitation.campaign.survey if invitation else make_survey()
    )
    response = Response.objects.create(
        invitation=invitation,
        survey=survey,
        contact=fields.pop("contact", invitation.contact if invitation else None),
        **{
            "scale_min": survey.scale_min,
            "score": 9,
            "channel": Response.Channel.MAIL,
            "answered_at": timezone.now(),
        }
        | fields,
    )
    response.refresh_from_db()
    return response


def make_event(**fields: Any) -> Event:
    """A launch of today for all surveys."""
    now = timezone.now()
    defaults = {"label": f"Event {next(_number)}", "kind": "launch", "first_day": now.date()}
    return Event.objects.create(**defaults | {"created_at": now} | fields)


def make_member(*, user: User | None = None, **fields: Any) -> Member:
    return Member.objects.create(user=user or make_user(), **fields)


def make_follow_up(*, response: Response | None = None, **fields: Any) -> FollowUp:
    """An open follow-up, of a 9 and without an owner unless told otherwise; nobody is mailed."""
    now = fields.pop("now", None) or timezone.now()
    score = fields.pop("score", 9)
    response = response or make_response(score=score, answered_at=now)
    follow_up = open_follow_up(response.pk, now=now, announce=False)
    if follow_up is None:
        raise ValueError("This response gets no follow-up")
    for name, value in fields.items():
        setattr(follow_up, name, value)
    follow_up.save()
    return FollowUp.objects.get(pk=follow_up.pk)


def make_test(
    *,
    tester: User | None = None,
    campaign: Campaign | None = None,
    score: int = 9,
    comment: str = "",
    language: str = "nl",
) -> FollowUp:
    """The follow-up of a colleague's answer to their own test mail."""
    now = timezone.now()
    tester = tester or make_user(role=Role.MANAGER)
    response = record_test(
        campaign or make_campaign(),
        tester=tester,
        score=score,
        comment=comment,
        language=language,
        now=now,
    )
    open_follow_up(response.pk, now=now)
    return FollowUp.everything.get(response=response)


def make_mail(**fields: Any) -> Mail:
    """A transactional mail that is due."""
    number = next(_number)
    fields["sender"] = fields.get("sender") or make_sender(lane=Sender.Lane.TRANSACTIONAL)
    fields = {
        "kind": Mail.Kind.NOTICE,
        "dedupe_key": f"mail:{number}",
        "to_email": f"iemand{number}@klanten.example",
        "to_name": "Iemand",
        "subject": f"Subject {number}",
        "text": "Text\n",
        "scheduled_for": timezone.now() - dt.timedelta(minutes=1),
    } | fields
    return Mail.objects.create(address_hash=hash_address(str(fields["to_email"])), **fields)


def make_improvement(**fields: Any) -> Improvement:
    """One under way without an owner; `follow_ups` are the ones it stands on."""
    follow_ups = fields.pop("follow_ups", [])
    fields = {"title": f"Improvement {next(_number)}", "created_at": timezone.now()} | fields
    improvement = Improvement.objects.create(**fields)
    for follow_up in follow_ups:
        improvement.voices.create(follow_up=follow_up, added_at=improvement.created_at)
    return improvement
