"""The list of published figures that managers keep."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from npsapp.undo import offer_undo
from responses.access import get_benchmark
from responses.forms.benchmarks import BenchmarkForm
from responses.models import Benchmark
from responses.published import add_published
from surveys.models import get_organisation


@requires(Role.MANAGER)
@require_safe
def benchmarks(request: StaffRequest) -> HttpResponse:
    rows = Benchmark.objects.order_by("sector", "country", "name", "-year", "pk")
    return render(request, "responses/benchmarks.html", {"rows": rows})


@requires(Role.MANAGER)
@require_POST
def benchmarks_usual(request: StaffRequest) -> HttpResponse:
    language = get_language() or get_organisation().default_language
    added = add_published(language=language, user=request.user)
    text = ngettext("%(n)s figure is added.", "%(n)s figures are added.", added) % {"n": added}
    messages.success(request, text)
    return redirect("benchmarks")


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def benchmark_new(request: StaffRequest) -> HttpResponse:
    return _edit(request, Benchmark(created_by=request.user))


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def benchmark(request: StaffRequest, pk: int) -> HttpResponse:
    return _edit(request, get_benchmark(pk))


def _edit(request: StaffRequest, subject: Benchmark) -> HttpResponse:
    is_new = subject.pk is None
    form = BenchmarkForm(request.POST if request.method == "POST" else None, instance=subject)
    if form.is_bound and form.is_valid():
        saved = form.save()
        messages.success(request, _("“%(name)s” is saved.") % {"name": saved})
        return redirect("benchmarks")
    context = {"form": form, "benchmark": None if is_new else get_benchmark(subject.pk)}
    status = 422 if form.is_bound else 200
    return render(request, "responses/benchmark.html", context, status=status)


@requires(Role.MANAGER)
@require_POST
def benchmark_delete(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a figure off the list; undoing it is writing the same one down again."""
    gone = get_benchmark(pk)
    fields = {name: getattr(gone, name) for name in BenchmarkForm.Meta.fields}
    gone.delete()
    text = _("“%(name)s” is deleted.") % {"name": gone}
    offer_undo(request, text, url=reverse("benchmark_new"), **fields)
    return redirect("benchmarks")
