"""Fill an empty database with the sample company, and take it out again."""

from __future__ import annotations

import datetime as dt
from random import Random

from django.apps import apps
from django.db import connection, transaction

from npsapp.demo.handling import handle_answers
from npsapp.demo.rounds import import_history, play_round
from npsapp.demo.shop import (
    make_contacts,
    make_organisation,
    make_people,
    make_senders,
    make_survey,
)
from npsapp.models import User
from npsapp.roles import Role
from surveys.models import Mail, Organisation, Survey, get_organisation
from surveys.sending.compose import compose_test_mail
from surveys.sending.queueing import queue_mail

SEED = 20_26
CONTACTS = 480
OUR_APPS = ("npsapp", "surveys", "responses", "closeloop")


class HasData(Exception):
    """There is something in the database that sample data must not mix with."""


def is_empty() -> bool:
    """Whether nobody works with this database yet."""
    return not (User.objects.exists() or Organisation.objects.exists())


def build_sample(*, now: dt.datetime) -> None:
    """Build the sample company: the same people and answers each time, dated back from `now`.

    Raises HasData when the database is not empty; nothing is written then.
    """
    if not is_empty():
        raise HasData
    random = Random(SEED)  # noqa: S311  (sample data)
    today = now.astimezone(get_organisation().zone).date()
    with transaction.atomic():
        make_organisation()
        make_people()
        sender = make_senders()
        survey = make_survey()
        contacts = make_contacts(random, CONTACTS)
        import_history(random, survey, contacts, today)
        spring, autumn = today - dt.timedelta(days=175), today - dt.timedelta(days=13)
        play_round(random, survey, sender, name="Voorjaarsronde", first_day=spring, now=now)
        play_round(random, survey, sender, name="Najaarsronde", first_day=autumn, now=now)
        handle_answers(random, now=now)
        queue_test_mail(survey, now=now)


def queue_test_mail(survey: Survey, *, now: dt.datetime) -> None:
    """One mail to read in the outbox at once, also on a day on which the round rests."""
    manager = User.objects.filter(role=Role.MANAGER).get()
    campaign = survey.campaigns.latest("first_day")
    subject, text, html = compose_test_mail(campaign, language="nl", user=manager)
    queue_mail(
        kind=Mail.Kind.TEST,
        dedupe_key="sample-test",
        to_email=manager.email,
        to_name=manager.name,
        subject=subject,
        text=text,
        html=html,
        created_by=manager,
        now=now,
    )


def remove_sample() -> None:
    """Empty every table of ours. Raises HasData when what stands there is not sample data."""
    if not get_organisation().is_sample:
        raise HasData
    tables = [
        connection.ops.quote_name(model._meta.db_table)
        for app in OUR_APPS
        for model in apps.get_app_config(app).get_models()
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)}, django_session RESTART IDENTITY CASCADE")
