"""Figures by mail: what they say, when they leave, and how they are stopped."""

from __future__ import annotations

import datetime as dt
import html
import re
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from npsapp.digests.sending import send_dashboard_digests
from npsapp.erasing.erase import erase
from npsapp.models import User
from responses.digesting import choose_recipients, end_digest, start_digest, switch
from responses.models import DashboardDigest, DigestRecipient, SavedDashboard
from surveys.models import Mail, Survey
from tests.factories import (
    make_contact,
    make_event,
    make_organisation,
    make_property,
    make_response,
    make_sender,
    make_survey,
    make_user,
)
from tests.npsapp.test_dashboard import fill
from tests.races import run_at_once

pytestmark = pytest.mark.django_db
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
MONDAY = dt.datetime(2026, 11, 23, 9, tzinfo=AMSTERDAM)
LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def survey() -> Survey:
    make_organisation(name="Papier & Zn", time_zone="Europe/Amsterdam")
    make_sender(lane="transactional")
    return make_survey(name="Na levering", slug="levering")


def on(year: int, month: int, day: int) -> dt.datetime:
    return dt.datetime(year, month, day, 12, tzinfo=AMSTERDAM)


def start(about: SavedDashboard | Survey, *users: User, rhythm: str = "weekly") -> DashboardDigest:
    return start_digest(about, rhythm=rhythm, recipients=users, by=users[0], now=LONG_AGO)


def read() -> str:
    return Mail.objects.get().text


@pytest.mark.parametrize(
    ("rhythm", "moment", "days", "earlier", "last_year"),
    [
        (
            "weekly",
            dt.datetime(2027, 1, 4, 9, tzinfo=AMSTERDAM),
            "28 December 2026 to 3 January 2027",
            "the week before (21 to 27 December 2026)",
            "the same week a year earlier (29 December 2025 to 4 January 2026)",
        ),
        (
            "monthly",
            dt.datetime(2027, 3, 1, 9, tzinfo=AMSTERDAM),
            "February 2027",
            "the month before (January 2027)",
            "the same month a year earlier (February 2026)",
        ),
    ],
)
def test_days_of_a_mail_and_what_they_are_held_against(
    survey: Survey, rhythm: str, moment: dt.datetime, days: str, earlier: str, last_year: str
) -> None:
    fill(survey, [9] * 40, answered_at=moment - 2 * DAY)
    fill(survey, [9] * 40, answered_at=on(2025, 6, 1))
    start(survey, make_user(language="en"), rhythm=rhythm)

    assert send_dashboard_digests(now=moment) == 1

    assert f"({days})" in Mail.objects.get().subject
    assert f"Nobody answered in {earlier}" in read()
    assert f"Nobody answered in {last_year}" in read()


def test_mail_compares_nothing_across_a_change_of_the_survey(survey: Survey) -> None:
    fill(survey, [3] * 20 + [7] * 30 + [10] * 50, answered_at=on(2026, 11, 18))
    fill(survey, [3] * 60 + [10] * 40, answered_at=on(2026, 11, 11))
    make_event(kind="survey_change", label="Scale", first_day=dt.date(2026, 11, 16))
    start(survey, make_user(language="en"))
    send_dashboard_digests(now=MONDAY)

    text = read()
    assert "Really higher" not in text
    assert (
        "Not compared with the week before (9 to 15 November 2026): the survey changed in between "
        "(Scale, 16 November 2026), so the scores do not measure the same." in text
    )
    assert "A year earlier nobody was asked yet: the first answer is of 11 November 2026." in text


def test_mail_tells_score_margin_and_what_really_changed(survey: Survey) -> None:
    fill(survey, [3] * 20 + [7] * 30 + [10] * 50, answered_at=on(2026, 11, 18))
    fill(survey, [3] * 60 + [10] * 40, answered_at=on(2026, 11, 11))
    fill(survey, [10] * 3, answered_at=on(2025, 11, 20))
    fill(survey, [10], answered_at=on(2025, 6, 1))
    start(survey, make_user(name="Sanne Snel", language="en"))

    assert send_dashboard_digests(now=MONDAY) == 1

    text = read()
    assert "NPS +30, from +14 to +44, n = 100." in text
    assert "Really higher than the week before (9 to 15 November 2026)" in text
    assert "then −20: difference +50, from +2" in text
    assert "Too few to compare with the same week a year earlier (17 to 23 November 2025" in text
    assert "No invitations were sent in these days." in text
    assert "Follow-ups of all surveys: 0 open, of which 0 overdue." in text
    assert Mail.objects.get().subject == ("Na levering: NPS +30, n = 100 (16 to 22 November 2026)")


def test_both_parts_say_the_same(survey: Survey) -> None:
    fill(survey, [9] * 6, answered_at=on(2026, 11, 18), comment="Snel & “goed” bezorgd")
    start(survey, make_user(name="Sanne Snel", language="en"))
    send_dashboard_digests(now=MONDAY)
    mail = Mail.objects.get()

    body = mail.html.split("<body", 1)[1].split(">", 1)[1]
    links = re.findall(r'href="([^"]+)"', body)
    words = html.unescape(re.sub(r"<[^>]+>", " ", body)).split()
    plain = [word for word in mail.text.split() if not word.startswith("http") and word != "--"]

    assert words == plain
    assert [html.unescape(link) for link in links] == re.findall(r"http\S+", mail.text)


def test_mail_is_in_the_language_of_its_reader(survey: Survey) -> None:
    fill(survey, [9] * 40, answered_at=on(2026, 11, 18))
    start(survey, make_user(name="Sanne", language="nl"))
    send_dashboard_digests(now=MONDAY)

    assert "22 november 2026" in read()


def test_nobody_answered_is_said_shortly(survey: Survey) -> None:
    start(survey, make_user(language="en"))
    send_dashboard_digests(now=MONDAY)

    assert "Nobody answered in these days." in read()
    assert "no answers" in Mail.objects.get().subject


def test_comments_are_quoted_without_names_and_addresses(survey: Survey) -> None:
    person = make_contact(first_name="Wilhelmina", last_name="Zilver")
    for day in range(16, 20):
        make_response(
            survey=survey,
            contact=person,
            score=9,
            channel="import",
            comment=f"Dag {day}: mail wil@zilver.example",
            answered_at=on(2026, 11, day),
        )
    fill(survey, [9] * 6, answered_at=on(2026, 11, 18))
    start(survey, make_user(language="en"))
    send_dashboard_digests(now=MONDAY)

    text = read()
    assert [day for day in range(16, 20) if f"“Dag {day}: mail …”" in text] == [17, 18, 19]
    assert "Zilver" not in text
    assert "zilver.example" not in text


def test_erasing_a_person_empties_the_mail_that_quotes_them(survey: Survey) -> None:
    person = make_contact()
    fill(survey, [9] * 6, answered_at=on(2026, 11, 18))
    make_response(
        survey=survey,
        contact=person,
        score=9,
        channel="import",
        comment="Geheim",
        answered_at=on(2026, 11, 19),
    )
    start(survey, make_user(language="en"))
    send_dashboard_digests(now=MONDAY)
    Mail.objects.update(state="sent")
    assert "Geheim" in read()

    erase(person.email, person, user=None, now=MONDAY)

    mail = Mail.objects.get()
    assert (mail.text, mail.html) == ("", "")


def test_saved_dashboard_keeps_its_filter_and_takes_the_days_of_the_mail(survey: Survey) -> None:
    make_property(key="region", label="Region")
    fill(survey, [9] * 6, answered_at=on(2026, 11, 18), properties={"region": "Noord"})
    fill(survey, [0] * 9, answered_at=on(2026, 11, 18), properties={"region": "Zuid"})
    user = make_user(language="en")
    view = SavedDashboard.objects.create(
        user=user,
        name="Noord",
        pairs=[["survey", "levering"], ["period", "year"], ["property.region", "Noord"]],
    )
    start(view, user)
    send_dashboard_digests(now=MONDAY)

    assert "n = 6." in read()
    assert "?survey=levering&from=2026-11-16&to=2026-11-22&property.region=Noord" in read()


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (MONDAY - HOUR, 0),
        (MONDAY, 1),
        (MONDAY + 7 * HOUR, 1),
        (MONDAY + 8 * HOUR, 0),
        (MONDAY + 2 * DAY, 1),
        (MONDAY + 3 * DAY, 0),
    ],
)
def test_mail_leaves_in_the_working_day_and_at_most_two_days_late(
    survey: Survey, moment: dt.datetime, written: int
) -> None:
    start(survey, make_user())

    assert send_dashboard_digests(now=moment) == written


def test_monthly_mail_leaves_on_the_first(survey: Survey) -> None:
    start(survey, make_user(language="en"), rhythm="monthly")

    assert send_dashboard_digests(now=MONDAY) == 0
    assert send_dashboard_digests(now=dt.datetime(2026, 12, 1, 9, tzinfo=AMSTERDAM)) == 1
    assert "November 2026" in read()


def test_mail_is_written_once_per_period(survey: Survey) -> None:
    start(survey, make_user())

    written = [send_dashboard_digests(now=MONDAY + n * HOUR) for n in (0, 1)]
    DigestRecipient.objects.update(told=None)
    send_dashboard_digests(now=MONDAY + 2 * HOUR)

    assert written == [1, 0]
    assert Mail.objects.count() == 1
    assert send_dashboard_digests(now=MONDAY + 7 * DAY) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_write_it_once(survey: Survey) -> None:
    start(survey, make_user())

    assert run_at_once(*[lambda: send_dashboard_digests(now=MONDAY)] * 3) == []
    assert Mail.objects.count() == 1


def test_who_was_chosen_today_gets_the_next_one(survey: Survey) -> None:
    user = make_user()
    start_digest(survey, rhythm="weekly", recipients=[user], by=user, now=MONDAY + HOUR)

    assert send_dashboard_digests(now=MONDAY + 2 * HOUR) == 0
    assert send_dashboard_digests(now=MONDAY + 7 * DAY) == 1


def test_who_may_not_log_in_gets_nothing(survey: Survey) -> None:
    start(survey, make_user(is_active=False))

    assert send_dashboard_digests(now=MONDAY) == 0


def test_each_reader_stops_their_own(viewer_client: Client, viewer: User, survey: Survey) -> None:
    start(survey, viewer, make_user())
    mine = DigestRecipient.objects.get(user=viewer)
    other = DigestRecipient.objects.exclude(user=viewer).get()

    stopped = viewer_client.post(f"/me/figures/{mine.pk}/", follow=True)
    strange = viewer_client.post(f"/me/figures/{other.pk}/")

    assert "You get “Na levering” no more." in stopped.content.decode()
    assert strange.status_code == 404
    assert send_dashboard_digests(now=MONDAY) == 1
    assert Mail.objects.get().to_email != viewer.email


def test_manager_chooses_what_goes_to_whom(
    manager_client: Client, viewer: User, manager: User, survey: Survey
) -> None:
    sent = {"about": f"survey-{survey.pk}", "rhythm": "monthly", "recipients": [viewer.pk]}

    manager_client.post("/dashboard/digests/", sent)
    manager_client.post("/dashboard/digests/", sent | {"recipients": [manager.pk]})
    digest = DashboardDigest.objects.get()
    both = set(digest.recipients.values_list("user", flat=True))
    manager_client.post(f"/dashboard/digests/{digest.pk}/", {"recipients": [manager.pk]})

    assert both == {viewer.pk, manager.pk}
    assert list(digest.recipients.values_list("user", flat=True)) == [manager.pk]
    manager_client.post(f"/dashboard/digests/{digest.pk}/end/")
    assert not DigestRecipient.objects.exists()


def test_form_without_recipients_is_refused(manager_client: Client, survey: Survey) -> None:
    sent = {"about": f"survey-{survey.pk}", "rhythm": "weekly"}

    response = manager_client.post("/dashboard/digests/", sent)

    assert response.status_code == 422
    assert "Choose at least one person." in response.content.decode()


@pytest.mark.parametrize("way", ["removed", "ended"])
@pytest.mark.parametrize("of_view", [False, True])
def test_who_stopped_it_stays_without_it_when_a_manager_begins_anew(
    survey: Survey, way: str, of_view: bool
) -> None:
    user, other = make_user(), make_user()
    about: SavedDashboard | Survey = survey
    if of_view:
        about = SavedDashboard.objects.create(user=user, name="x", pairs=[["survey", "levering"]])
    digest = start(about, other, user)
    switch(digest.recipients.get(user=user), is_on=False, now=LONG_AGO)

    if way == "removed":
        choose_recipients(digest, [other], now=LONG_AGO)
        choose_recipients(digest, [other, user], now=LONG_AGO)
    else:
        end_digest(digest)
        digest = start(about, other, user)

    stopped = {each.user: each.stopped_at for each in digest.recipients.all()}
    assert stopped == {user: LONG_AGO, other: None}
    assert send_dashboard_digests(now=MONDAY) == 1
    mine = digest.recipients.get(user=user)
    switch(mine, is_on=True, now=LONG_AGO)
    choose_recipients(digest, [other], now=LONG_AGO)
    choose_recipients(digest, [other, user], now=LONG_AGO)
    assert digest.recipients.get(user=user).stopped_at is None
