"""The people behind the delivery gap: what they said before it, and after."""

from __future__ import annotations

from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from responses.forms.pairs import PairsForm
from responses.models import Category
from responses.pair_rows import CATEGORIES
from responses.reports.pairs import STEPS, PairList, count_pairs
from surveys.filtering import list_chips
from surveys.models import get_organisation

PAGE_LENGTH = 50
TABS = ("fell", "down", "same", "up", "")


@requires(Role.VIEWER)
@require_safe
def pairs(request: StaffRequest) -> HttpResponse:
    form = PairsForm(request.GET, organisation=get_organisation(), now=timezone.now())
    if not form.is_valid():
        return render(request, "responses/pairs.html", {"form": form}, status=422)
    selection, step = form.selection(), form.cleaned_data["step"]
    table = count_pairs(selection)
    found = PairList(selection, step, n=STEPS[step].count(table))
    steps = [*TABS, step] if step not in TABS else list(TABS)
    context = {
        "form": form,
        "selection": selection,
        "filter_chips": list_chips(selection.filters, lambda _kept: ""),
        "step": step,
        "tabs": [
            {
                "title": name_step(each),
                "n": STEPS[each].count(table),
                "url": f"?{selection.query}&{urlencode({'step': each})}",
                "is_current": each == step,
            }
            for each in steps
        ],
        "page": Paginator(found, PAGE_LENGTH).get_page(request.GET.get("page")),
        "query": f"{selection.query}&{urlencode({'step': step})}",
        "may_follow_up": request.user.may(Role.AGENT),
    }
    return render(request, "responses/pairs.html", context)


def name_step(step: str) -> str:
    names = {
        "": _("All pairs"),
        "fell": _("Fell from promoter"),
        "down": _("Down"),
        "same": _("Same category"),
        "up": _("Up"),
    }
    if step in names:
        return names[step]
    before, after = (Category(part).label for part in step.split("-") if part in CATEGORIES)
    return _("%(before)s, then %(after)s") % {"before": before, "after": str(after).lower()}
