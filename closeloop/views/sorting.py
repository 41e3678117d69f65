"""Putting a follow-up off, taking it up again, and its tags."""

from __future__ import annotations

import datetime as dt

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from closeloop import snoozing, tagging
from closeloop.access import get_follow_up
from closeloop.forms.base import VersionForm
from closeloop.forms.tagging import TagForm
from closeloop.models import FollowUp
from closeloop.views.acting import act_on
from closeloop.views.page import make_snooze_form
from npsapp.requests import StaffRequest, require_post_else
from npsapp.roles import Role, requires
from npsapp.undo import offer_undo


@requires(Role.AGENT)
@require_post_else("follow_up", "pk")
def follow_up_snooze(request: StaffRequest, pk: int) -> HttpResponse:
    chosen = get_follow_up(pk)
    form = make_snooze_form(chosen, now=timezone.now(), data=request.POST)

    def act(version: int, now: dt.datetime) -> FollowUp:
        return snoozing.snooze(
            chosen,
            until=form.until(),
            until_reply=form.is_until_reply(),
            user=request.user,
            version=version,
            now=now,
        )

    def tell(after: FollowUp) -> None:
        until = date_format(timezone.localtime(after.snoozed_until), "l j F H:i")
        text = _("Out of sight until %(until)s.") % {"until": until}
        url = reverse("follow_up_wake", args=[after.pk])
        offer_undo(request, text, url=url, version=after.version)

    return act_on(request, form, act, tell=tell)


@requires(Role.AGENT)
@require_post_else("follow_up", "pk")
def follow_up_wake(request: StaffRequest, pk: int) -> HttpResponse:
    chosen = get_follow_up(pk)
    form = VersionForm(request.POST, follow_up=chosen)

    def act(version: int, now: dt.datetime) -> FollowUp:
        return snoozing.unsnooze(chosen, user=request.user, version=version, now=now)

    return act_on(request, form, act, done=_("The follow-up is back in the queue."))


@requires(Role.AGENT)
@require_post_else("follow_up", "pk")
def follow_up_tag(request: StaffRequest, pk: int) -> HttpResponse:
    chosen = get_follow_up(pk)
    form = TagForm(request.POST, follow_up=chosen)

    def act(version: int, now: dt.datetime) -> FollowUp:
        words = form.words()
        return tagging.retag(chosen, words=words, user=request.user, version=version, now=now)

    return act_on(request, form, act, done=_("The tags are saved."))
