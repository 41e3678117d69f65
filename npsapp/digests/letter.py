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
from npsapp.models import User
from npsapp.pages.panels.frame import Frame
from npsapp.pages.panels.reading import read_form
from responses.addresses import mask_addresses
from responses.differing import Verdict
from responses.forms.selection import DashboardForm
from responses.models import DashboardDigest
from responses.reports.against import Against, Earlier, hold_against
from responses.reports.comments import latest_comments
from responses.reports.response_rate import count_invited
from responses.scoring import Tier
from responses.span_words import say_days
from responses.spans import Span
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


def write_letter(digest: DashboardDigest, user: User, days: Span, *, now: dt.datetime) -> Letter:
    frame = _read(digest, user, days, now=now)
    said = say_days(days.first, days.last)
    if frame is None:
        gone = _("A filter of this view is gone: save it anew on the dashboard.")
        return Letter(str(digest), said, [gone], settings.BASE_URL + reverse("dashboard"), "–")
    if frame.headline.tier == Tier.EMPTY:
        lines = [_("Nobody answered in these days.")]
    else:
        lines = [_say_score(frame), *_compare(digest, frame)]
    return Letter(
        title=str(digest),
        days=said,
        lines=[*lines, _say_rate(frame), _say_queue(user, now=now)],
        url=f"{settings.BASE_URL}{reverse('dashboard')}?{frame.query}",
        in_subject=_say_in_subject(frame),
        quotes=_quote(frame),
    )


def _read(digest: DashboardDigest, user: User, days: Span, *, now: dt.datetime) -> Frame | None:
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


def _compare(digest: DashboardDigest, frame: Frame) -> list[str]:
    """Nothing is called a change but by the test; without a score there is nothing to compare."""
    if not frame.has_score:
        return []
    if digest.rhythm == DashboardDigest.Rhythm.WEEKLY:
        names = [_("the week before"), _("the same week a year earlier")]
    else:
        names = [_("the month before"), _("the same month a year earlier")]
    held = [hold_against(frame.standing, each) for each in (Against.BEFORE, Against.YEAR)]
    return [_say_earlier(each, name) for each, name in zip(held, names, strict=True) if each]


def _say_earlier(earlier: Earlier, name: str) -> str:
    if earlier.span is None:
        return _say_too_young(earlier)
    days = say_days(earlier.span.first, earlier.span.last)
    named = {"name": f"{name} ({days})", "least": earlier.thresholds.compare}
    difference = earlier.difference
    if earlier.change:
        text = _(
            "Not compared with %(name)s: the survey changed in between (%(label)s, %(days)s), so "
            "the scores do not measure the same."
        )
        days = say_days(earlier.change.span.first, earlier.change.span.last)
        return text % {**named, "label": earlier.change.label, "days": days}
    if not earlier.n or difference is None:
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
        "score": signed(earlier.nps),
        "points": signed(difference.points),
        "low": signed(difference.interval.low),
        "high": signed(difference.interval.high),
    }


def _say_too_young(earlier: Earlier) -> str:
    """The one barrier that a whole week or month meets without any days to name."""
    if earlier.begins is None:
        return _("A year earlier nobody was asked yet.")
    text = _(
        "A year earlier nobody was asked yet: the first answer is of %(day)s. Thirteen months are "
        "needed."
    )
    return text % {"day": date_format(earlier.begins, "j F Y")}


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
