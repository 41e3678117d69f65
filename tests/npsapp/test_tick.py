"""One pass of everything, without a broker."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test.utils import override_settings

from npsapp.celery import app
from surveys.models import Campaign, Heartbeat, Invitation
from surveys.nudging import collect_nudges, nudge
from surveys.sending import release
from surveys.sending.watch import silent_parts
from surveys.tasks import send_due
from tests.factories import make_campaign, make_invitation, make_mail

pytestmark = pytest.mark.django_db(transaction=True)


def tick(tmp_path: Path) -> list[str]:
    out = StringIO()
    with override_settings(OUTBOX_DIR=tmp_path, EMAIL_BACKEND="npsapp.outbox.EmailBackend"):
        call_command("tick", stdout=out)
    return out.getvalue().splitlines()


def test_tick_runs_every_job_and_says_so(tmp_path: Path) -> None:
    campaign = make_campaign(weekdays=list(range(7)))
    make_invitation(campaign=campaign)

    lines = tick(tmp_path)

    jobs = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {line.partition(":")[0] for line in lines} == jobs
    assert "surveys.send_due: transactional: nothing due; bulk: sent 1" in lines
    assert Invitation.objects.get().state == "sent"
    # The last one left, so the campaign is over.
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.FINISHED


def test_tick_goes_on_until_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "ROUND", 2)
    monkeypatch.setattr(release, "ROUNDS", 1)
    sender = make_mail().sender
    for _ in range(4):
        make_mail(sender=sender)

    tick(tmp_path)

    assert len(list(tmp_path.glob("*.eml"))) == 5


def test_tick_counts_as_worker_and_beat(tmp_path: Path) -> None:
    tick(tmp_path)

    seen = Heartbeat.objects.filter(name__in=["worker", "beat"])
    times = [row.seen_at for row in seen]
    assert len(times) == 2
    assert all(times)
    assert times[0] is not None
    assert silent_parts(times[0]) == []


def test_schedule_names_only_tasks_that_exist() -> None:
    app.loader.import_default_modules()

    missing = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} - set(app.tasks)

    assert missing == set()


def test_schedule_expires_before_the_next_turn() -> None:
    assert all(
        entry["options"]["expires"] <= entry["schedule"]
        for entry in settings.CELERY_BEAT_SCHEDULE.values()
    )


def test_nudges_can_be_collected_instead_of_published() -> None:
    with collect_nudges() as nudged:
        nudge(send_due)
        nudge(send_due)

    assert list(nudged) == [(send_due, ())]


def test_nudge_survives_a_broker_that_is_down(caplog: pytest.LogCaptureFixture) -> None:
    with override_settings(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(send_due, "delay", lambda *args: (_ for _ in ()).throw(OSError("no route")))
        nudge(send_due)

    assert "its sweep will find the work" in caplog.text
