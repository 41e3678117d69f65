"""After how long what identifies people is erased: what it would touch now, before it is set."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from npsapp.requests import StaffRequest
from npsapp.retention.due import (
    LEAST_MONTHS,
    MOST_MONTHS,
    USUAL_MONTHS,
    find_cutoff,
    find_people,
)
from npsapp.retention.running import GRACE, choose_months, look_ahead
from npsapp.roles import Role, requires
from surveys.models import RetentionRun, get_organisation

RUNS_SHOWN = 30
PAGE_LENGTH = 50


class MonthsForm(forms.Form):
    months = forms.IntegerField(
        label=gettext_lazy("Months"),
        min_value=LEAST_MONTHS,
        max_value=MOST_MONTHS,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


@requires(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def retention(request: StaffRequest) -> HttpResponse:
    """GET with `months` looks ahead and writes nothing; POST with the same number sets it."""
    now, organisation = timezone.now(), get_organisation()
    if request.method == "POST" and request.POST.get("never"):
        choose_months(None, now=now)
        messages.success(request, _("Nothing is erased by itself any more."))
        return redirect("retention")
    asked = request.POST if request.method == "POST" else request.GET
    is_asked = "months" in asked
    kept = organisation.retention_months
    form = MonthsForm(asked if is_asked else None, initial={"months": kept or USUAL_MONTHS})
    if request.method == "POST" and form.is_valid():
        months = form.cleaned_data["months"]
        choose_months(months, now=now)
        messages.success(request, _say_set(months))
        return redirect("retention")
    months = form.cleaned_data["months"] if is_asked and form.is_valid() else kept
    set_at = organisation.retention_set_at
    context = {
        "form": form,
        "kept": kept,
        "months": months,
        "is_new": months != kept,
        "preview": look_ahead(months, now=now) if months else None,
        "cutoff": find_cutoff(months, now=now) if months else None,
        "begins_at": set_at + GRACE if kept and set_at and now - set_at < GRACE else None,
        "runs": RetentionRun.objects.all()[:RUNS_SHOWN],
    }
    status = 422 if is_asked and not form.is_valid() else 200
    return render(request, "settings/retention.html", context, status=status)


def _say_set(months: int) -> str:
    text = ngettext(
        "What identifies people is erased after %(n)s month. It begins in a day.",
        "What identifies people is erased after %(n)s months. It begins in a day.",
        months,
    )
    return text % {"n": months}


@requires(Role.ADMIN)
@require_safe
def retention_people(request: StaffRequest) -> HttpResponse:
    """The people behind the number."""
    form = MonthsForm(request.GET)
    if not form.is_valid():
        return redirect("retention")
    months = form.cleaned_data["months"]
    cutoff = find_cutoff(months, now=timezone.now())
    found = find_people(cutoff).select_related("account")
    context = {
        "months": months,
        "cutoff": cutoff,
        "page": Paginator(found, PAGE_LENGTH).get_page(request.GET.get("page")),
        "query": f"months={months}",
    }
    return render(request, "settings/retention_people.html", context)
