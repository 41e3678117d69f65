"""What to do about an answer of each category: the team's own steps, or the usual ones."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop

from closeloop.changing import count_target_days
from closeloop.models import Recipe
from responses.models import Category
from surveys.models import Organisation, get_organisation

MOST_STEPS = 7
USUAL = {
    Category.DETRACTOR: [
        gettext_noop("Read the answer and what this customer said before."),
        gettext_noop("Call; write only when nobody answers."),
        gettext_noop("Say sorry for what went wrong, without explaining it away."),
        gettext_noop("Agree on what will happen, and by when."),
        gettext_noop("Close it with the root cause once it is done."),
    ],
    Category.PASSIVE: [
        gettext_noop("Thank them for the answer."),
        gettext_noop("Ask what would have made it a 9 or a 10."),
        gettext_noop("Write the wish down, and say what becomes of it."),
    ],
    Category.PROMOTER: [
        gettext_noop("Thank them personally, in their own words."),
        gettext_noop("Ask what they value most."),
        gettext_noop("Ask whether they would recommend us to somebody they know."),
    ],
}


@dataclass(frozen=True, slots=True)
class Shown:
    """The recipe of one category as a page shows it. `days`: its target in working days."""

    category: Category
    steps: list[str]
    days: int
    is_own: bool

    @property
    def keys(self) -> list[str]:
        """What names each step, whatever language the reader has."""
        return self.steps if self.is_own else USUAL[self.category]


def find_recipe(category: str, *, organisation: Organisation | None = None) -> Shown:
    """Return the steps of one category (one query, and one for the organisation)."""
    own = Recipe.objects.filter(category=category).first()
    return _show(Category(category), own, organisation or get_organisation())


def list_recipes() -> list[Shown]:
    own = {recipe.category: recipe for recipe in Recipe.objects.all()}
    organisation = get_organisation()
    return [_show(category, own.get(category.value), organisation) for category in Category]


def _show(category: Category, own: Recipe | None, organisation: Organisation) -> Shown:
    usual = [gettext(step) for step in USUAL[category]]
    steps = own.steps.splitlines() if own else usual
    return Shown(category, steps, count_target_days(organisation, category), own is not None)


def save_recipe(category: Category, steps: list[str]) -> None:
    """Keep the team's own words. Saved unchanged, the usual steps stay the reader's language's."""
    shown = find_recipe(category)
    if not shown.is_own and steps == shown.steps:
        return
    Recipe.objects.update_or_create(category=category, defaults={"steps": "\n".join(steps)})


def forget_recipe(category: Category) -> None:
    """Back to the usual steps."""
    Recipe.objects.filter(category=category).delete()
