"""What stands around the list of responses: a tab per status, and what it is narrowed to."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from responses.addresses import without_addresses
from responses.chips import list_selection_chips
from responses.forms.listing import ResponseListForm
from responses.models import Category, Response
from responses.models.response import ResponseQuerySet
from responses.naming import Naming
from responses.reports.listing import count_statuses
from responses.selection import Selection
from responses.span_words import say_days
from surveys.filtering import Chip


@dataclass(frozen=True, slots=True)
class Tab:
    """A status to look at, with the number of answers behind it."""

    title: str
    n: int
    url: str
    is_current: bool


def list_tabs(found: ResponseQuerySet, selection: Selection, form: ResponseListForm) -> list[Tab]:
    """Return all answers and each status, counted within the rest of the selection."""
    numbers = count_statuses(found.in_selection(replace(selection, status="")))
    titles = {
        "": pgettext("responses", "All"),
        **{s.value: s.label for s in Response.Status.of_customers()},
    }
    return [
        Tab(
            title=str(title),
            n=numbers.get(status, 0) if status else sum(numbers.values()),
            url="?" + form.query_of(replace(selection, status=status)),
            is_current=status == selection.status,
        )
        for status, title in titles.items()
    ]


def list_filters(
    form: ResponseListForm, selection: Selection, *, with_addresses: bool
) -> list[Chip]:
    """Return what the list is narrowed to, days and status apart: those have their own place."""
    filters = []
    if words := form.cleaned_data["q"]:
        text = _("Comment with “%(words)s”") % {"words": words}
        filters.append((text, form.query_of(selection, without="q")))
    if tag := form.cleaned_data["tag"]:
        text = _("Tag: %(tag)s") % {"tag": tag}
        filters.append((text, form.query_of(selection, without="tag")))
    if account := form.cleaned_data["account"]:
        # Viewers read this too, and may see no address.
        name = without_addresses(account) or _("one account")
        text = _("Account: %(account)s") % {"account": name}
        filters.append((text, form.query_of(selection, without="account")))
    if selection.survey and not selection.campaign:
        rest = replace(selection, survey=None)
        filters.append((str(selection.survey), form.query_of(rest)))
    if selection.campaign:
        # The survey comes with its campaign, and leaves with it.
        rest = replace(selection, survey=None, campaign=None)
        campaign = str(selection.campaign)
        name = campaign if with_addresses else without_addresses(campaign) or "–"
        filters.append((f"{selection.survey} · {name}", form.query_of(rest)))
    if selection.first or selection.last:
        rest = replace(selection, first=None, last=None)
        filters.append((say_days(selection.first, selection.last), form.query_of(rest)))
    chips = list_selection_chips(
        selection, form.query_of, naming=Naming(with_addresses=with_addresses)
    )
    filters += [(chip.text, chip.url) for chip in chips]
    if selection.category:
        rest = replace(selection, category="")
        filters.append((str(Category(selection.category).label), form.query_of(rest)))
    if selection.score is not None:
        rest = replace(selection, score=None)
        text = _("Score %(score)s") % {"score": selection.score}
        filters.append((text, form.query_of(rest)))
    return [Chip(text=text, url=f"?{query}") for text, query in filters]
