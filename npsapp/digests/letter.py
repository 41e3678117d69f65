"""What a digest says, in the active language and in the words of the dashboard.

Its lines are made here and laid out twice, as text and as HTML: the two can say nothing different.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.conf import settings
from django.http import QueryDict
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from closeloop.reports.queue import queue_counts
from npsapp.digests.spans import Days, Rhythm, a_year_before, before
from npsapp.models import User
from npsapp.pages.panels.frame import Frame
from npsapp.pages.panels.reading import read_form
from responses.addresses import mask_addresses
from responses.differing import Verdict, compare
from responses.forms.selection import DashboardForm
from responses.models import DashboardDigest
from responses.reports.comments import latest_comments
from responses.reports.response_rate import count_invited
from responses.scoring import Tier, nps
from responses.templatetags.scores import signed
from surveys.models import get_organisation

COMMENTS = 3
WORDS = 280
REPLACED = ("period", "from", "to", "by", "category")


@dataclass(frozen=True, slots=True)
class Quote:
    words: str
    about: str
    url: str


@dataclass(frozen=True, slots=True)
class Letter:
    title: str
    days: str
    lines: list[str]
    url: str
    in_subject: str
    quotes: list[Quote] = field(default_factory=list)


def write_letter(digest: DashboardDigest, user: User, days: Days, *, now: dt.datetime) -> Letter:
    frame = _read(digest, user, days, now=now)
    said = describe_days(days)
    if frame is None:
        gone = _("A filter of this view is gone: save it anew on the dashboard.")
        return Letter(str(digest), said, [gone], settings.BASE_URL + reverse("dashboard"), "–")
    if frame.headline.tier == Tier.EMPTY:
        lines = [_("Nobody answered in these days.")]
    else:
        lines = [_say_score(frame), *_compare(digest, frame, days)]
    return Letter(
        title=str(digest),
        days=said,
        lines=[*lines, _say_rate(frame), _say_queue(user, now=now)],
        url=f"{settings.BASE_URL}{reverse('dashboard')}?{frame.query}",
        in_subject=_say_in_subject(frame),
        quotes=_quote(frame),
    )


def describe_days(days: Days) -> str:
    ends = {"first": date_format(days.first, "j F Y"), "last": date_format(days.last, "j F Y")}
    return _("%(first)s to %(last)s") % ends


def _read(digest: DashboardDigest, user: User, days: Days, *, now: dt.datetime) -> Frame | None:
    """Return the reading on the days of the mail; None when what is asked is there no more."""
    asked = QueryDict(digest.dashboard.query if digest.dashboard else "", mutable=True)
    for name in REPLACED:
        asked.pop(name, None)
    if digest.survey:
        asked["survey"] = digest.survey.slug
    asked["from"], asked["to"] = days.first.isoformat(), days.last.isoformat()
    organisation = get_organisation()
    form = DashboardForm(asked, organisation=organisation, now=now)
    frame = read_form(form, user=user, organisation=organisation)
    return None if form.remarks else frame


def _say_score(frame: Frame) -> str:
    headline = frame.headline
    if not frame.has_score:
        text = ngettext(
            "%(n)s answer: too few for a score.", "%(n)s answers: too few for a score.", headline.n
        )
        return text % {"n": headline.n}
    return _("NPS %(score)s, from %(low)s to %(high)s, n = %(n)s.") % {
        "score": signed(headline.nps_rounded),
        "low": signed(headline.low),
        "high": signed(headline.high),
        "n": headline.n,
    }


def _say_in_subject(frame: Frame) -> str:
    headline = frame.headline
    if frame.has_score:
        score = {"score": signed(headline.nps_rounded), "n": headline.n}
        return _("NPS %(score)s, n = %(n)s") % score
    if headline.tier == Tier.EMPTY:
        return _("no answers")
    return ngettext("%(n)s answer", "%(n)s answers", headline.n) % {"n": headline.n}


def _compare(digest: DashboardDigest, frame: Frame, days: Days) -> list[str]:
    """Nothing is called a change but by the test; without a score there is nothing to compare."""
    if not frame.has_score:
        return []
    is_weekly = digest.rhythm == Rhythm.WEEKLY
    earlier, last_year = before(digest.rhythm, days), a_year_before(digest.rhythm, days)
    return [
        _hold_against(frame, earlier, _("the week before") if is_weekly else _("the month before")),
        _hold_against(
            frame,
            last_year,
            _("the same week a year earlier") if is_weekly else _("the same month a year earlier"),
        ),
    ]


def _hold_against(frame: Frame, days: Days, name: str) -> str:
    counts = frame.days.counts(days.first, days.last)
    named = {"name": f"{name} ({describe_days(days)})", "least": frame.thresholds.compare}
    difference = compare(counts, frame.headline.counts, thresholds=frame.thresholds)
    if not counts.n or difference is None:
        text = _("Nobody answered in %(name)s, so there is nothing to compare with.")
        return text % named
    if difference.verdict == Verdict.TOO_FEW:
        text = _("Too few to compare with %(name)s: both sides need %(least)s answers.")
        return text % named
    text = {
        Verdict.HIGHER: _(
            "Really higher than %(name)s, then %(score)s: difference %(points)s, from %(low)s to "
            "%(high)s."
        ),
        Verdict.LOWER: _(
            "Really lower than %(name)s, then %(score)s: difference %(points)s, from %(low)s to "
            "%(high)s."
        ),
    }.get(
        difference.verdict,
        _(
            "Within the margin: %(points)s against %(name)s, then %(score)s; from %(low)s to "
            "%(high)s is what chance alone can do."
        ),
    )
    return text % {
        **named,
        "score": signed(nps(counts)),
        "points": signed(difference.points),
        "low": signed(difference.interval.low),
        "high": signed(difference.interval.high),
    }


def _say_rate(frame: Frame) -> str:
    rate = count_invited(frame.selection)
    if rate.percentage is None:
        return _("No invitations were sent in these days.")
    text = _("Response rate %(percent)s %%: %(answered)s answered of %(reached)s reached.")
    percent = signed(rate.percentage, 1).lstrip("+")
    return text % {"percent": percent, "answered": rate.answered, "reached": rate.reached}


def _say_queue(user: User, *, now: dt.datetime) -> str:
    counts = queue_counts(user=user, now=now)
    text = _("Follow-ups of all surveys: %(open)s open, of which %(overdue)s overdue.")
    return text % {"open": counts.open, "overdue": counts.overdue}


def _quote(frame: Frame) -> list[Quote]:
    """The newest comments without names and addresses; few answers of a filter are not quoted."""
    if not frame.has_score and frame.selection.filters:
        return []
    quotes = []
    for remark in latest_comments(frame.selection, limit=COMMENTS):
        words = " ".join(mask_addresses(remark.comment).split())
        if len(words) > WORDS:
            words = f"{words[:WORDS].rsplit(' ', 1)[0]} …"
        day = date_format(remark.answered_at.astimezone(frame.organisation.zone), "j F Y")
        # Erasing a person finds the mails that quote them by this address.
        quotes.append(Quote(words, f"{remark.score} · {day}", settings.BASE_URL + remark.url))
    return quotes
