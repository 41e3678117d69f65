"""Fill an empty database with the sample company, and take it out again."""

from __future__ import annotations

import datetime as dt
from random import Random

from django.apps import apps
from django.db import connection, transaction

from npsapp.demo.answers import Moods
from npsapp.demo.events import make_events
from npsapp.demo.handling import handle_answers
from npsapp.demo.improvements import make_improvements
from npsapp.demo.rounds import Round, import_history, name_season, note_answers, play_round
from npsapp.demo.shop import (
    make_contacts,
    make_organisation,
    make_people,
    make_senders,
    make_surveys,
)
from npsapp.models import User
from npsapp.roles import Role
from responses.published import add_published
from surveys.models import Contact, Mail, Organisation, Suppression, Survey, get_organisation
from surveys.sending.compose import compose_test_mail
from surveys.sending.queueing import queue_mail

SEED = 20_26
CONTACTS = 2000
UNSUBSCRIBED = 14
# How many days ago they began; the last one is halfway its thirty days.
RELATIONSHIP_ROUNDS = (280, 175, 14)
# Rounds before and after delivery follow one another for fourteen months; each asks those who
# ordered in its weeks, and asks them again a week later, when their parcel has come.
DELIVERY_ROUNDS = 5
DELIVERY_DAYS = 84
ASKING_DAYS = 77
LAST_DELIVERY_DAY = 2  # days ago
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
        survey, before, after = make_surveys()
        start = today - dt.timedelta(DELIVERY_ROUNDS * DELIVERY_DAYS + LAST_DELIVERY_DAY)
        contacts = make_contacts(
            random, CONTACTS, ordered=(start, today - dt.timedelta(LAST_DELIVERY_DAY + 1))
        )
        moods = Moods(strike=today - dt.timedelta(days=100))
        import_history(random, survey, contacts, moods, today)
        rounds = list_delivery_rounds(random, before, after, start)
        for days_ago in RELATIONSHIP_ROUNDS:
            day = today - dt.timedelta(days=days_ago)
            rounds.append(
                Round(
                    survey=survey,
                    name=name_season(day),
                    first_day=day,
                    seed=str(random.getrandbits(32)),
                )
            )
        # In the order of time: who was asked by one round rests before the next.
        rounds.sort(key=lambda asked: asked.first_day)
        by_pk = {contact.pk: contact for contact in contacts}
        for asked in rounds[:-1]:
            play_round(random, asked, sender, by_pk, moods, now=now)
        unsubscribe(random, contacts)
        play_round(random, rounds[-1], sender, by_pk, moods, now=now)
        note_answers()
        handle_answers(random, now=now)
        make_improvements(survey, now=now)
        add_published(language=get_organisation().default_language)
        make_events(after, moods, now=now)
        queue_test_mail(survey, now=now)


def list_delivery_rounds(
    random: Random, before: Survey, after: Survey, start: dt.date
) -> list[Round]:
    """Return the rounds of both surveys."""
    rounds = []
    for number in range(DELIVERY_ROUNDS):
        first = start + dt.timedelta(number * DELIVERY_DAYS)
        ordered = (first, first + dt.timedelta(DELIVERY_DAYS - 1))
        # The same seed asks in the same order, so that everybody has a week in between.
        seed = str(random.getrandbits(32))
        for survey, days in ((before, 0), (after, DELIVERY_DAYS - ASKING_DAYS)):
            rounds.append(
                Round(
                    survey=survey,
                    name=f"{survey.name} {number + 1}",
                    seed=seed,
                    ordered=ordered,
                    first_day=first + dt.timedelta(days),
                    window_days=ASKING_DAYS,
                )
            )
    return rounds


def unsubscribe(random: Random, contacts: list[Contact]) -> None:
    Suppression.objects.bulk_create(
        Suppression(
            address_hash=contact.address_hash,
            scope=Suppression.Scope.SURVEYS,
            reason=Suppression.Reason.UNSUBSCRIBED,
        )
        for contact in random.sample(contacts, UNSUBSCRIBED)
    )


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
