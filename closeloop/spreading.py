"""Telling the customers who asked for an improvement that it is there."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from django.db import transaction

from closeloop.closing import reopen
from closeloop.improvement_wording import write_news
from closeloop.models import FollowUp, Improvement, ImprovementVoice
from closeloop.replying import CannotReply, Draft, find_obstacle
from npsapp.models import User


class NotDone(Exception):
    """There is nothing to tell (any more): the improvement is not done."""


class AlreadyTold(Exception):
    """A colleague told the customer, or marked them as told."""


@transaction.atomic
def prepare_writing(voice: ImprovementVoice, *, user: User, now: dt.datetime) -> FollowUp:
    """Open the follow-up of a customer again, when it is closed: only there mail is written.

    A page may be older than what it shows. Raises NotDone, AlreadyTold, CannotReply, StaleVersion,
    or ImprovementVoice.DoesNotExist for whoever was taken off meanwhile; nothing is opened then.
    """
    # Nobody takes the improvement back between the look and the opening.
    fresh = (
        ImprovementVoice.objects.select_for_update(of=("self", "improvement"))
        .select_related("improvement")
        .get(pk=voice.pk)
    )
    if fresh.improvement.state != Improvement.State.DONE:
        raise NotDone
    if fresh.told_at:
        raise AlreadyTold
    follow_up = voice.follow_up
    if find_obstacle(follow_up.response):
        raise CannotReply
    if not follow_up.is_closed:
        return follow_up
    text = fresh.improvement.title
    return reopen(follow_up, text=text, user=user, version=follow_up.version, now=now)


def with_news(draft: Draft, follow_up: FollowUp, asked: str | None) -> Draft:
    """Put the news of an improvement under the greeting, when the page was opened to tell it.

    `asked` is what the address says: the number of an improvement that this customer is behind.
    """
    if not (asked and asked.isascii() and asked.isdigit() and len(asked) < 18):
        return draft
    done = Improvement.objects.filter(state=Improvement.State.DONE)
    improvement = done.filter(pk=asked, voices__follow_up=follow_up).first()
    if improvement is None:
        return draft
    response = follow_up.response
    news = write_news(
        language=draft.language,
        address_form=response.survey.address_form,
        score=response.score,
        comment=response.comment,
        news=improvement.news,
    )
    return replace(draft, text=draft.text + news)
