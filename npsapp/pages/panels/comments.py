"""What people wrote last; each answer by itself while there are only a few."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.urls import reverse

from npsapp.pages.panels.frame import Frame
from responses.addresses import mask_addresses, may_hold_address
from responses.models import Category, Response
from responses.reports.comments import Remark, latest_answers, latest_comments
from responses.scoring import Tier
from responses.selection import Selection


def show_comments(frame: Frame) -> dict[str, Any]:
    if frame.is_shared and not frame.shows_comments:
        return {}
    remarks = _find_remarks(frame)
    if frame.is_shared:
        held = [withhold_person(remark) for remark in remarks]
        remarks = [remark for remark in held if not may_hold_address(remark.comment)]
    category = frame.options.get("category", "")
    rows = frame.selection.narrowed(category=category, status=Response.Status.COUNTED.value)
    return {
        "remarks": link_follow_ups(remarks) if frame.may_follow_up else remarks,
        "counted_url": rows.rows_url,
        "category": Category(category) if category else None,
        "all_url": frame.address(category=""),
    }


def _find_remarks(frame: Frame) -> list[Remark]:
    if frame.headline.tier == Tier.EMPTY:
        return []
    if frame.headline.tier == Tier.COUNT_ONLY:
        # A handful of answers is shown one by one, chosen by a property not at all.
        if frame.selection.filters:
            return []
        return latest_answers(frame.selection, limit=frame.headline.n)
    answers = _between_answers(frame)
    return latest_comments(answers.narrowed(category=frame.options.get("category", "")))


def _between_answers(frame: Frame) -> Selection:
    """The same answers. Those of an old campaign are then not looked for among all newer ones."""
    selection, first, last = frame.selection, frame.days.first, frame.days.last
    return replace(
        selection,
        first=max(filter(None, (selection.first, first)), default=None),
        last=min(filter(None, (selection.last, last)), default=None),
    )


def link_follow_ups(remarks: list[Remark]) -> list[Remark]:
    """Point each remark to its follow-up; imported history has none and keeps its own page."""
    return [
        replace(remark, url=reverse("follow_up", args=[remark.follow_up_pk]))
        if remark.follow_up_pk
        else remark
        for remark in remarks
    ]


def withhold_person(remark: Remark) -> Remark:
    """For readers without a login: what was said, and nothing that says by whom."""
    return replace(remark, who="", comment=mask_addresses(remark.comment), url="")
