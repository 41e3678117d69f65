"""What the team does about an answer of each category, and what of it is done."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from closeloop.access import get_follow_up
from closeloop.forms.recipes import RecipeForm, StepForm
from closeloop.models import FollowUp
from closeloop.recipes import forget_recipe, list_recipes, save_recipe
from closeloop.ticking import tick
from closeloop.views.acting import act_on
from npsapp.requests import StaffRequest, require_post_else
from npsapp.roles import Role, requires
from responses.models import Category


@requires(Role.MANAGER)
@require_safe
def recipes(request: StaffRequest) -> HttpResponse:
    return _draw(request)


def _draw(
    request: StaffRequest, *, failed: RecipeForm | None = None, status: int = 200
) -> HttpResponse:
    forms = [
        failed if failed and failed.shown.category == shown.category else RecipeForm(shown=shown)
        for shown in list_recipes()
    ]
    context = {"forms": forms, "failed": failed}
    return render(request, "closeloop/recipes.html", context, status=status)


@requires(Role.MANAGER)
@require_post_else("recipes")
def recipe_save(request: StaffRequest, category: str) -> HttpResponse:
    shown = next((each for each in list_recipes() if each.category == category), None)
    if shown is None:
        raise Http404
    form = RecipeForm(request.POST, shown=shown)
    if not form.is_valid():
        return _draw(request, failed=form, status=422)
    save_recipe(shown.category, form.cleaned_data["steps"])
    messages.success(request, _("The steps are saved."))
    return redirect("recipes")


@requires(Role.MANAGER)
@require_POST
def recipe_usual(request: StaffRequest, category: str) -> HttpResponse:
    if category not in Category.values:
        raise Http404
    forget_recipe(Category(category))
    messages.success(request, _("The usual steps are back."))
    return redirect("recipes")


@requires(Role.AGENT)
@require_post_else("follow_up", "pk")
def follow_up_step(request: StaffRequest, pk: int) -> HttpResponse:
    """Tick a step of one follow-up off, or take that back."""
    chosen = get_follow_up(pk)
    form = StepForm(request.POST, follow_up=chosen)

    def act(version: int, now: dt.datetime) -> FollowUp:
        ticked, unticked = form.cleaned_data["tick"], form.cleaned_data["untick"]
        return tick(
            chosen,
            ticked or unticked,
            done=bool(ticked),
            user=request.user,
            version=version,
            now=now,
        )

    done = _("Ticked off.") if "tick" in request.POST else _("No longer ticked off.")
    return act_on(request, form, act, done=done, place="steps")
