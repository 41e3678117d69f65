"""Ticking the steps of the recipe off on one follow-up, for everybody to see.

A tick is a line of the timeline that holds the words of the step as they were: whoever changes the
recipe later changes nothing of what was done. No step is a contact, whatever it says.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from closeloop.changing import demand_open, locked, record
from closeloop.models import Activity, FollowUp
from closeloop.recipes import Shown, find_recipe
from npsapp.models import User
from surveys.models import Organisation


class NoSuchStep(Exception):
    """The recipe does not say so (any more), and nobody ticked it off."""


@dataclass(frozen=True, slots=True)
class Step:
    """`key` names it in every language; `tick` is the line that says that it was done."""

    key: str
    text: str
    tick: Activity | None
    is_in_recipe: bool = True


@dataclass(frozen=True, slots=True)
class Checklist:
    """The recipe of a follow-up with what was ticked off; also what the recipe lost since."""

    recipe: Shown
    steps: list[Step]

    @property
    def done(self) -> int:
        return sum(step.tick is not None for step in self.steps)


def read_checklist(follow_up: FollowUp, *, organisation: Organisation | None = None) -> Checklist:
    """Return the steps in the order of the recipe (two queries, and one for the organisation)."""
    recipe = find_recipe(follow_up.response.category, organisation=organisation)
    ticks = _find_ticks(follow_up)
    steps = []
    for key, text in zip(recipe.keys, recipe.steps, strict=True):
        # The team may have made a usual step its own, word by word: it stays done.
        same = (known for known, line in ticks.items() if text == line.details["step"])
        found = key if key in ticks else next(same, key)
        steps.append(Step(found, text, ticks.pop(found, None)))
    lost = [
        Step(key, line.details["step"], line, is_in_recipe=False) for key, line in ticks.items()
    ]
    return Checklist(recipe, steps + lost)


def _find_ticks(follow_up: FollowUp) -> dict[str, Activity]:
    """What was ticked off last and not unticked since, by the key of the step."""
    lines = follow_up.activities.filter(kind=Activity.Kind.STEP).select_related("actor")
    latest = {line.details["key"]: line for line in lines.order_by("version")}
    return {key: line for key, line in latest.items() if line.details["done"]}


def tick(
    follow_up: FollowUp, key: str, *, done: bool, user: User, version: int, now: dt.datetime
) -> FollowUp:
    """Tick a step off, or take that back; raises NoSuchStep."""
    kind, same = Activity.Kind.STEP, {"key": key, "done": done}
    with locked(follow_up, user=user, version=version, kind=kind, details=same) as fresh:
        demand_open(fresh)
        step = next((each for each in read_checklist(fresh).steps if each.key == key), None)
        if step is None:
            raise NoSuchStep
        if done == (step.tick is not None):
            return fresh
        details = same | {"step": step.text, "state": fresh.state}
        if done:
            fresh.state = FollowUp.State.IN_PROGRESS
        elif step.tick and step.tick.version == fresh.version:
            # A slip of the finger, and nothing else since: nobody has begun.
            fresh.state = step.tick.details["state"]
        record(fresh, kind, now=now, user=user, details=details)
    return fresh
