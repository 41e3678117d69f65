"""The arrows between modules, read from the source. A failure names the import that runs back."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
APPS = ("surveys", "responses", "closeloop")  # each may import those before it
OURS = (*APPS, "npsapp")
# What every app may take from the composition root.
SHARED = (
    "npsapp.roles",
    "npsapp.models",
    "npsapp.environment",
    "npsapp.requests",
    "npsapp.throttle",
    "npsapp.undo",
)
# Arithmetic and words: no Django, no database, only modules of this list.
PURE = (
    "responses.automatic",
    "responses.scoring",
    "responses.differing",
    "responses.mixing",
    "responses.pairing",
    "responses.proportions",
    "responses.sizing",
    "responses.spans",
    "responses.student",
    "surveys.planning.calendar",
    "surveys.planning.quotas",
    "surveys.planning.order",
    "surveys.planning.rooms",
    "surveys.planning.schedule",
    "surveys.wording",
    "surveys.colours",
    "closeloop.improvement_wording",
    "closeloop.later",
    "closeloop.targets",
)
# What models themselves are built from; Django yes, rows no.
BELOW_MODELS = (
    "surveys.addresses",
    "surveys.searching",
    "responses.exclusion",
    "responses.searching",
    "responses.selection",
)
# Where the clock is read: the ends of the house, and two places that only write down a moment.
CLOCK_READERS = (
    "views",
    "tasks",
    "management",
    "receivers",
    "middleware",
    "navigation",
    "pages",
    "celery",
)
CLOCK_WRITERS = (
    "surveys.sending.blueprint",  # the Date header of a mail
    "surveys.sending.compose",
    "npsapp.outbox",  # the name of a file
)
# Inside an app an import may stay on its level or go down, never up.
LEVELS = {
    "models": 1,
    "templatetags": 3,
    "forms": 3,
    "access": 3,
    "tasks": 4,
    "views": 4,
    "receivers": 4,
    "management": 4,
    "apps": 5,
    "urls": 5,
}
LOWEST_LEVEL, ACTIVITY_LEVEL = 0, 2


class Arrow(NamedTuple):
    importer: str
    imported: str

    def __str__(self) -> str:
        return f"{self.importer} -> {self.imported}"


def find_modules() -> dict[str, Path]:
    found = {}
    for top in OURS:
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "migrations" not in parts:
                found[".".join(parts).removesuffix(".__init__")] = path
    return found


MODULES = find_modules()


def names_in(node: ast.AST) -> Iterator[str]:
    """Every module that an import statement names.

    `from package import name` counts as the submodule if `name` is one.
    """
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "relative imports hide where an arrow goes"
        assert node.module is not None
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            yield inner if inner in MODULES else node.module


def read_imports(module: str) -> Iterator[str]:
    """Inside functions too: a late import is an arrow all the same."""
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        yield from names_in(node)


ARROWS = sorted({Arrow(module, name) for module in MODULES for name in read_imports(module)})


def level_of(module: str) -> int:
    if module in (*PURE, *BELOW_MODELS):
        return LOWEST_LEVEL
    _, _, inside = module.partition(".")
    return LEVELS.get(inside.split(".")[0], ACTIVITY_LEVEL)


def app_of(module: str) -> str:
    return module.split(".")[0]


def is_inside(module: str, places: tuple[str, ...]) -> bool:
    return any(module == place or module.startswith(f"{place}.") for place in places)


def show(arrows: list[Arrow]) -> list[str]:
    return [str(arrow) for arrow in arrows]


def test_apps_point_one_way() -> None:
    back = [
        arrow
        for arrow in ARROWS
        if app_of(arrow.importer) in APPS
        and app_of(arrow.imported) in APPS
        and APPS.index(app_of(arrow.imported)) > APPS.index(app_of(arrow.importer))
    ]

    assert show(back) == []


def test_apps_take_only_the_shared_parts_of_npsapp() -> None:
    wrong = [
        arrow
        for arrow in ARROWS
        if app_of(arrow.importer) in APPS
        and app_of(arrow.imported) == "npsapp"
        and not is_inside(arrow.imported, SHARED)
    ]

    assert show(wrong) == []


def test_shared_parts_of_npsapp_know_no_app() -> None:
    wrong = [
        arrow
        for arrow in ARROWS
        if is_inside(arrow.importer, SHARED) and app_of(arrow.imported) in APPS
    ]

    assert show(wrong) == []


def test_arrows_inside_an_app_go_down() -> None:
    up = [
        arrow
        for arrow in ARROWS
        if app_of(arrow.importer) in APPS
        and app_of(arrow.imported) == app_of(arrow.importer)
        and level_of(arrow.imported) > level_of(arrow.importer)
        and not arrow.imported.endswith(".tasks")
    ]

    assert show(up) == []


@pytest.mark.parametrize("module", PURE)
def test_pure_module_imports_neither_django_nor_the_rest(module: str) -> None:
    wrong = [
        name
        for name in read_imports(module)
        if name.split(".")[0] not in sys.stdlib_module_names and name not in PURE
    ]

    assert wrong == []


def test_tasks_are_woken_up_from_inside_a_function_only() -> None:
    """tasks.py is a leaf. A nudge names a task at the moment of waking it up, never at import."""
    at_import = [
        Arrow(module, name)
        for module in MODULES
        if level_of(module) < LEVELS["tasks"]
        for node in ast.parse(MODULES[module].read_text()).body
        for name in names_in(node)
        if name.endswith(".tasks")
    ]

    assert show(at_import) == []


def test_there_are_three_apps_and_no_lumber_room() -> None:
    forbidden = {"core", "common", "utils", "helpers", "services", "misc"}
    folders = {path.parent.name for path in ROOT.glob("*/apps.py")}

    lumber = [name for name in MODULES if forbidden & set(name.split("."))]

    assert folders == set(APPS)
    assert lumber == []


def test_only_the_edges_read_the_clock() -> None:
    """`now` is handed down from there."""
    readers = [
        name
        for name, path in MODULES.items()
        if "timezone.now()" in path.read_text()
        and name not in CLOCK_WRITERS
        and not set(CLOCK_READERS) & set(name.split("."))
    ]

    assert readers == []
