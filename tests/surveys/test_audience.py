"""Conditions on contacts, as a manager means them."""

from __future__ import annotations

from typing import Any

import pytest

from surveys.audience import Condition, Operator, find_audience
from tests.factories import make_account, make_contact

pytestmark = pytest.mark.django_db

PEOPLE: dict[str, dict[str, Any]] = {
    "anna": {"properties": {"segment": "Gold", "orders": 12, "since": "2024-03-01"}},
    "bram": {"properties": {"segment": "Silver", "orders": "3.5", "since": "2026-01-31T10:00"}},
    "cato": {"properties": {"segment": "", "orders": "many"}, "language": "en"},
    "daan": {"properties": {"7": "seven"}},
}


@pytest.fixture
def people() -> None:
    for name, fields in PEOPLE.items():
        make_contact(first_name=name, **fields)


def find(key: str, operator: Operator, *values: str) -> str:
    found = find_audience([Condition(key, operator, values)])
    return " ".join(found.order_by("first_name").values_list("first_name", flat=True))


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("key", "operator", "values", "names"),
    [
        ("segment", Operator.IS, ("gold",), "anna"),
        ("segment", Operator.IS, ("Gold", "Silver"), "anna bram"),
        ("segment", Operator.IS_NOT, ("Gold",), "bram cato daan"),
        ("segment", Operator.CONTAINS, ("l",), "anna bram"),
        ("segment", Operator.CONTAINS, ("%",), ""),
        ("segment", Operator.EMPTY, (), "cato daan"),
        ("segment", Operator.NOT_EMPTY, (), "anna bram"),
        ("orders", Operator.AT_LEAST, ("3,5",), "anna bram"),
        ("orders", Operator.AT_LEAST, ("4",), "anna"),
        ("orders", Operator.AT_MOST, ("4",), "bram"),
        ("since", Operator.AT_LEAST, ("2026-01-31",), "bram"),
        ("since", Operator.AT_MOST, ("2026-01-31",), "anna bram"),
        ("contact.language", Operator.IS, ("en",), "cato"),
        ("7", Operator.IS, ("seven",), "daan"),
        ("no such thing", Operator.IS, ("x",), ""),
    ],
)
def test_condition_finds_whom_it_names(
    key: str, operator: Operator, values: tuple[str, ...], names: str
) -> None:
    assert find(key, operator, *values) == names


@pytest.mark.usefixtures("people")
def test_conditions_must_all_hold() -> None:
    conditions = [
        Condition("segment", Operator.NOT_EMPTY),
        Condition("orders", Operator.AT_MOST, ("10",)),
    ]

    assert [contact.first_name for contact in find_audience(conditions)] == ["bram"]


def test_no_condition_means_everybody() -> None:
    make_contact()

    assert find_audience([]).count() == 1


def test_account_is_found_by_its_name() -> None:
    make_contact(first_name="anna", account=make_account(name="Bakkerij De Proef"))
    make_contact(first_name="bram")

    assert find("contact.account", Operator.CONTAINS, "bakkerij") == "anna"


@pytest.mark.parametrize(
    ("operator", "values"),
    [
        (Operator.IS, ()),
        (Operator.AT_LEAST, ("many",)),
        (Operator.AT_LEAST, ("1", "2")),
        (Operator.AT_LEAST, ("1e999999",)),
        (Operator.AT_MOST, ("1e-999999",)),
    ],
)
def test_condition_that_cannot_be_met_is_refused(
    operator: Operator, values: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Condition("orders", operator, values)


def test_condition_survives_storing() -> None:
    condition = Condition("segment", Operator.IS, ("Gold", "Silver"))

    assert Condition.from_json(condition.as_json()) == condition
