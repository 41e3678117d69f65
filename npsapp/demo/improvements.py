"""What the sample company changes because of what its customers said."""

from __future__ import annotations

import datetime as dt

from closeloop.improving import add_note, mark_told, move, write_down
from closeloop.models import FollowUp, Improvement
from npsapp.models import User
from npsapp.roles import Role
from surveys.models import Survey

DAY = dt.timedelta(days=1)
MOST_VOICES = 8


def make_improvements(survey: Survey, *, now: dt.datetime) -> None:
    """One under way, one that is overdue, one that is done; nobody is mailed about them."""
    manager = User.objects.filter(role=Role.MANAGER).get()
    reader = User.objects.filter(role=Role.VIEWER).get()
    today = now.date()
    sturdy = Improvement(
        title="Dozen die een stoot verdragen",
        description="Lampionnen en vouwsets komen gedeukt aan. We proberen dubbel golfkarton.",
        news="Onze dozen zijn sinds kort van dubbel golfkarton: wat erin zit, komt heel aan.",
        due_on=today + 21 * DAY, survey=survey, category="detractor",
    )  # fmt: skip
    late = Improvement(
        title="Facturen die in één keer kloppen", due_on=today - 4 * DAY, survey=survey
    )
    called = Improvement(
        title="Bellen als een levering later komt",
        description="De planning belt zelf, de klant hoeft er niet meer achteraan.",
        news="Komt een levering later, dan bellen wij u voordat u het merkt.",
        due_on=today - 40 * DAY, survey=survey, category="detractor",
    )  # fmt: skip
    for improvement, words in ((sturdy, "doos"), (late, "Factuur"), (called, "te laat")):
        # Written down by its owner, who needs no mail about it.
        improvement.owner = manager
        began = now - 60 * DAY
        write_down(improvement, follow_ups=_find_voices(words), user=manager, now=began)
    Improvement.objects.filter(pk__in=[sturdy.pk, called.pk]).update(owner=reader)
    move(sturdy, state=Improvement.State.DOING, version=1, user=reader, now=now - 12 * DAY)
    move(called, state=Improvement.State.DONE, version=1, user=reader, now=now - 35 * DAY)
    note = "De eerste week 31 klanten gebeld, de meesten vonden het prettig."
    add_note(called, text=note, user=reader, now=now - 28 * DAY)
    for voice in called.voices.all()[:2]:
        mark_told(voice, told=True, user=manager, now=now - 30 * DAY)


def _find_voices(words: str) -> list[int]:
    found = FollowUp.objects.closed().filter(response__comment__icontains=words)
    return list(found.order_by("-pk").values_list("pk", flat=True)[:MOST_VOICES])
