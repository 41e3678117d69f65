"""After the months of the settings, nothing says any more whose an old answer was."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from closeloop.models import FollowUp
from npsapp.retention.due import find_cutoff, find_people
from npsapp.retention.running import look_ahead, retain
from npsapp.tasks import retain as retain_task
from responses.models import AnswersAct, Response
from surveys.models import (
    Campaign,
    Contact,
    ImportBatch,
    Invitation,
    Mail,
    RetentionRun,
    Suppression,
    get_organisation,
)
from surveys.sending.leases import job_lease
from tests.factories import (
    make_campaign,
    make_contact,
    make_follow_up,
    make_invitation,
    make_mail,
    make_organisation,
    make_property,
    make_response,
    make_user,
)
from tests.npsapp.test_erasing import find_in_files, find_in_tables, write_mail
from tests.snapshots import snapshot_rows

pytestmark = pytest.mark.django_db
MONTHS = 24
ADDRESS = "oude.bekende@klanten.example"


@pytest.fixture(autouse=True)
def outbox(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_DIR = tmp_path
    settings.OUTBOX_DIR = tmp_path / "outbox"
    return tmp_path / "outbox"


@pytest.fixture
def now() -> dt.datetime:
    return timezone.now()


@pytest.fixture
def long_ago(now: dt.datetime) -> dt.datetime:
    return now - dt.timedelta(days=3 * 365)


def set_retention(now: dt.datetime, months: int | None = MONTHS) -> None:
    make_organisation(retention_months=months, retention_set_at=now - dt.timedelta(days=2))


def make_old_person(at: dt.datetime, **fields: Any) -> Contact:
    fields = {"email": ADDRESS, "first_name": "Olga", "last_name": "Oudebekende"} | fields
    person = make_contact(**fields)
    Contact.objects.filter(pk=person.pk).update(updated_at=at, created_at=at)
    return person


def make_old_answer(person: Contact, at: dt.datetime, *, state: str = "finished") -> Response:
    campaign = make_campaign(state=state)
    Campaign.objects.filter(pk=campaign.pk).update(ended_at=at, created_at=at)
    asked = make_invitation(
        campaign=campaign, contact=person, state="sent", sent_at=at, scheduled_for=at,
        answered_at=at,
    )  # fmt: skip
    return make_response(invitation=asked, score=4, comment=f"Groet, {ADDRESS}", answered_at=at)


def close(follow_up: FollowUp, at: dt.datetime) -> None:
    FollowUp.objects.filter(pk=follow_up.pk).update(
        state="closed", closed_at=at, outcome="solved", awaiting_contact=False
    )


def make_closed_case(at: dt.datetime) -> Response:
    answer = make_old_answer(make_old_person(at), at)
    close(make_follow_up(response=answer), at)
    return answer


def test_person_past_the_months_is_gone_and_the_score_stays(
    now: dt.datetime, long_ago: dt.datetime
) -> None:
    set_retention(now)
    make_property(key="groep", label="Groep", is_segment=True)
    answer = make_closed_case(long_ago)
    Response.objects.filter(pk=answer.pk).update(properties={"groep": "Goud", "naam": ADDRESS})
    write_mail(ADDRESS, "Beste Olga Oudebekende")

    done = retain(now=now)

    answer.refresh_from_db()
    assert done is not None
    assert not done.more
    assert (answer.score, answer.status, answer.contact) == (4, "counted", None)
    assert answer.properties == {"groep": "Goud"}
    assert find_in_tables("oude.bekende", "oudebekende") == []
    assert find_in_files("oude.bekende", "oudebekende") == []


def test_nobody_is_suppressed_and_may_come_back(now: dt.datetime, long_ago: dt.datetime) -> None:
    set_retention(now)
    make_closed_case(long_ago)

    retain(now=now)

    assert Suppression.objects.count() == 0
    assert make_contact(email=ADDRESS).pk


def test_unsubscription_outlives_the_person(now: dt.datetime, long_ago: dt.datetime) -> None:
    set_retention(now)
    answer = make_closed_case(long_ago)
    kept = Suppression.objects.create(
        address_hash=answer.contact.address_hash if answer.contact else "",
        scope="surveys",
        reason="unsubscribed",
    )

    retain(now=now)

    assert list(Suppression.objects.all()) == [kept]


def sent_lately(answer: Response, recent: dt.datetime) -> None:
    make_invitation(contact=answer.contact, state="sent", sent_at=recent)


def planned(answer: Response, recent: dt.datetime) -> None:
    make_invitation(contact=answer.contact, scheduled_for=recent)


def in_running_campaign(answer: Response, recent: dt.datetime) -> None:
    campaign = make_campaign(state="paused")
    make_invitation(campaign=campaign, contact=answer.contact, state="skipped", sent_at=None)


def answered_lately(answer: Response, recent: dt.datetime) -> None:
    make_response(
        invitation=None, channel="import", contact=answer.contact, answered_at=recent,
        survey=answer.survey,
    )  # fmt: skip


def changed_answer(answer: Response, recent: dt.datetime) -> None:
    Response.objects.filter(pk=answer.pk).update(changed_at=recent)


def changed_person(answer: Response, recent: dt.datetime) -> None:
    Contact.objects.update(updated_at=recent)


def open_follow_up(answer: Response, recent: dt.datetime) -> None:
    FollowUp.objects.update(state="open", closed_at=None, outcome="")


def closed_lately(answer: Response, recent: dt.datetime) -> None:
    FollowUp.objects.update(closed_at=recent)


@pytest.mark.parametrize(
    "keep",
    [
        sent_lately,
        planned,
        in_running_campaign,
        answered_lately,
        changed_answer,
        changed_person,
        open_follow_up,
        closed_lately,
    ],
)
def test_anything_recent_keeps_the_person(
    keep: Callable[[Response, dt.datetime], None], now: dt.datetime, long_ago: dt.datetime
) -> None:
    set_retention(now)
    answer = make_closed_case(long_ago)
    cutoff = find_cutoff(MONTHS, now=now)
    assert find_people(cutoff).count() == 1

    keep(answer, now - dt.timedelta(days=30))
    before = find_people(cutoff).count()
    retain(now=now)

    assert before == 0
    assert Contact.objects.filter(email=ADDRESS).exists()


def test_old_answer_of_somebody_who_stays_is_unlinked(
    now: dt.datetime, long_ago: dt.datetime
) -> None:
    set_retention(now)
    answer = make_closed_case(long_ago)
    person = answer.contact
    assert person is not None
    assert answer.invitation is not None
    recent = make_response(contact=person, comment="Nog altijd goed")
    reminder = make_invitation(
        campaign=answer.invitation.campaign, contact=person, first=answer.invitation, sequence=1,
        state="skipped",
    )  # fmt: skip

    AnswersAct.objects.create(user=make_user(), kind="restore", at=now)

    retain(now=now)

    assert AnswersAct.objects.count() == 0
    answer.refresh_from_db()
    recent.refresh_from_db()
    assert (answer.contact, answer.comment, answer.score) == (None, "", 4)
    assert recent.contact == person
    assert recent.comment == "Nog altijd goed"
    for invitation in (answer.invitation, reminder):
        invitation.refresh_from_db()
        assert invitation.contact is None


def test_comment_stays_while_its_follow_up_is_open(now: dt.datetime, long_ago: dt.datetime) -> None:
    set_retention(now)
    answer = make_old_answer(make_old_person(long_ago), long_ago)
    make_follow_up(response=answer)

    retain(now=now)

    answer.refresh_from_db()
    assert answer.comment
    assert answer.contact


def test_invitations_of_ended_campaigns_are_unlinked(
    now: dt.datetime, long_ago: dt.datetime
) -> None:
    set_retention(now)
    person = make_contact()
    ended = make_campaign(state="finished")
    Campaign.objects.filter(pk=ended.pk).update(ended_at=long_ago)
    old = make_invitation(campaign=ended, contact=person, state="sent", sent_at=long_ago)
    running = make_campaign(state="running")
    new = make_invitation(campaign=running, contact=person, state="sent", sent_at=long_ago)

    retain(now=now)

    assert Invitation.objects.get(pk=old.pk).contact is None
    assert Invitation.objects.get(pk=old.pk).state == "sent"
    assert Invitation.objects.get(pk=new.pk).contact == person


def test_words_of_old_mails_and_imported_files_go(now: dt.datetime, long_ago: dt.datetime) -> None:
    set_retention(now)
    old, new = make_mail(state="sent"), make_mail(state="sent")
    Mail.objects.filter(pk=old.pk).update(created_at=long_ago)
    file = ImportBatch.objects.create(
        kind="contacts", state="imported", file_name="klanten.csv", problem_file=b"x", content=None
    )
    preview = ImportBatch.objects.create(
        kind="contacts", state="previewed", file_name="klanten.csv", content=b"x"
    )
    fresh = ImportBatch.objects.create(
        kind="contacts", state="imported", file_name="nieuw.csv", problem_file=b"x"
    )
    ImportBatch.objects.filter(pk__in=[file.pk, preview.pk]).update(created_at=long_ago)

    retain(now=now)

    old.refresh_from_db()
    new.refresh_from_db()
    file.refresh_from_db()
    fresh.refresh_from_db()
    assert (old.text, old.subject, old.state) == ("", "", "sent")
    assert new.text
    assert file.problem_file is None
    assert fresh.problem_file is not None
    assert not ImportBatch.objects.filter(pk=preview.pk).exists()


def test_old_files_of_the_outbox_go(now: dt.datetime, long_ago: dt.datetime, outbox: Path) -> None:
    set_retention(now)
    write_mail("een@klanten.example", "oud")
    (old,) = outbox.glob("*.eml")
    os.utime(old, (long_ago.timestamp(), long_ago.timestamp()))
    write_mail("twee@klanten.example", "nieuw")

    retain(now=now)

    (left,) = outbox.glob("*.eml")
    assert left != old


def test_off_by_default_and_in_the_first_day(now: dt.datetime, long_ago: dt.datetime) -> None:
    make_organisation()
    make_closed_case(long_ago)
    off = retain(now=now)
    make_organisation(retention_months=MONTHS, retention_set_at=now - dt.timedelta(hours=23))
    too_early = retain(now=now)

    later = retain(now=now + dt.timedelta(hours=2))

    assert (off, too_early) == (None, None)
    assert later is not None
    assert Contact.objects.count() == 0


def test_run_is_written_down_once_a_day(now: dt.datetime, long_ago: dt.datetime) -> None:
    set_retention(now)
    make_closed_case(long_ago)

    first = retain(now=now)
    before = snapshot_rows()
    second = retain(now=now)

    run = RetentionRun.objects.get()
    assert first is not None
    assert second is None
    assert (run.people, run.answers, run.months) == (1, 1, MONTHS)
    assert run.ended_at == now
    assert snapshot_rows() == before


def test_run_that_stops_goes_on_in_the_next_pass(now: dt.datetime, long_ago: dt.datetime) -> None:
    set_retention(now)
    for number in range(60):
        make_old_person(long_ago, email=f"oud{number}@klanten.example", last_name=f"Oud{number}")

    first = retain(now=now, seconds=0)
    left = Contact.objects.count()
    while (done := retain(now=now, seconds=0)) and done.more:
        pass

    assert first is not None
    assert first.more
    assert left == 10
    assert Contact.objects.count() == 0
    assert RetentionRun.objects.get().people == 60


def test_mail_that_is_leaving_puts_the_person_off(now: dt.datetime, long_ago: dt.datetime) -> None:
    set_retention(now)
    make_closed_case(long_ago)
    make_mail(to_email=ADDRESS, state="sending")

    retain(now=now)

    assert Contact.objects.count() == 1
    assert RetentionRun.objects.get().postponed == 1


def test_task_does_nothing_while_another_worker_is_at_it(
    now: dt.datetime, long_ago: dt.datetime
) -> None:
    set_retention(now)
    make_closed_case(long_ago)

    with job_lease("job:retain"):
        said = retain_task()

    assert said == "another worker is at it"
    assert Contact.objects.count() == 1
    assert retain_task() == "done for today"
    assert Contact.objects.count() == 0


def test_command_tells_and_does(now: dt.datetime, long_ago: dt.datetime) -> None:
    set_retention(now)
    make_closed_case(long_ago)
    told, done = StringIO(), StringIO()
    before = snapshot_rows()

    call_command("retain", "--dry-run", stdout=told)
    unchanged = snapshot_rows() == before
    call_command("retain", stdout=done)

    assert unchanged
    assert "1 people" in told.getvalue()
    assert "Erased today: 1 people, 1 answers" in done.getvalue()
    with pytest.raises(CommandError):
        call_command("retain", "--months", "6")


def test_page_looks_ahead_without_writing(
    admin_client: Client, now: dt.datetime, long_ago: dt.datetime
) -> None:
    make_organisation()
    make_closed_case(long_ago)
    url = reverse("retention")
    admin_client.get(url)
    before = snapshot_rows()

    page = admin_client.get(url, {"months": 24}).content.decode()
    people = admin_client.get(reverse("retention_people"), {"months": 24}).content.decode()

    assert snapshot_rows() == before
    assert f'<a href="{reverse("retention_people")}?months=24">1</a>' in page
    assert "Olga Oudebekende" in people
    assert look_ahead(24, now=now).people == 1
    assert look_ahead(60, now=now).people == 0


def test_admin_sets_and_takes_back_the_months(admin_client: Client, now: dt.datetime) -> None:
    make_organisation()
    url = reverse("retention")

    refused = admin_client.post(url, {"months": 1})
    admin_client.post(url, {"months": 24})
    kept = get_organisation()
    page = admin_client.get(url).content.decode()
    admin_client.post(url, {"never": "yes"})

    assert refused.status_code == 422
    assert kept.retention_months == 24
    assert kept.retention_set_at is not None
    assert kept.retention_set_at >= now
    assert "less than a day ago" in page
    assert get_organisation().retention_months is None


def test_page_shows_the_runs(admin_client: Client, now: dt.datetime, long_ago: dt.datetime) -> None:
    set_retention(now)
    make_closed_case(long_ago)
    retain(now=now)

    page = admin_client.get(reverse("retention")).content.decode()

    assert "No run yet" not in page
    assert '<td class="number">24</td>' in page
    assert "Done" in page


@pytest.mark.parametrize(
    ("now", "months", "expected"),
    [
        (dt.datetime(2026, 3, 31, tzinfo=dt.UTC), 13, dt.datetime(2025, 2, 28, tzinfo=dt.UTC)),
        (dt.datetime(2026, 1, 15, tzinfo=dt.UTC), 24, dt.datetime(2024, 1, 15, tzinfo=dt.UTC)),
        (dt.datetime(2024, 2, 29, tzinfo=dt.UTC), 12, dt.datetime(2023, 2, 28, tzinfo=dt.UTC)),
    ],
)
def test_months_are_calendar_months(now: dt.datetime, months: int, expected: dt.datetime) -> None:
    assert find_cutoff(months, now=now) == expected
