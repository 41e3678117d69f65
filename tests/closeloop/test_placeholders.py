"""Names in a text: found, filled once, and never taken from what a customer is called."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from closeloop.default_texts import DEFAULT_TEXTS
from closeloop.letters import PLACEHOLDERS
from closeloop.placeholders import fill_in, find_instruction, find_unknown
from tests.properties import cases


def test_names_are_replaced_with_and_without_blanks() -> None:
    filled = fill_in("{{ first_name }}: {{score}}", {"first_name": "Daan", "score": "3"})

    assert filled.text == "Daan: 3"


def test_name_inside_a_value_stays() -> None:
    values = {"first_name": "{{score}}", "score": "3"}

    assert fill_in("{{first_name}} {{score}}", values).text == "{{score}} 3"


def test_names_without_a_value_are_told() -> None:
    filled = fill_in("{{account}}, {{score}}, {{account}}", {"account": "", "score": "3"})

    assert (filled.text, filled.missing) == (", 3, ", ("account",))


def test_unknown_names_are_found_once() -> None:
    assert find_unknown("{{nmae}} {{ score }} {{nmae}} {{}}", ["score"]) == ["nmae", ""]


@cases(200)
@given(st.dictionaries(st.sampled_from(list(PLACEHOLDERS)), st.text(max_size=20)))
def test_filling_is_one_pass_over_the_text(values: dict[str, str]) -> None:
    text = "".join(f"<{{{{{name}}}}}>" for name in values)

    assert fill_in(text, values).text == "".join(f"<{value}>" for value in values.values())


def test_instruction_is_a_line_of_its_own() -> None:
    assert find_instruction("Beste,\n  [Ga hierop in.]\nGroet") == "[Ga hierop in.]"
    assert find_instruction("Zie [bijlage] en [1].") == ""


def test_texts_that_come_with_the_product_use_known_names() -> None:
    assert [find_unknown(text.body, PLACEHOLDERS) for text in DEFAULT_TEXTS] == [[]] * len(
        DEFAULT_TEXTS
    )
    assert {(t.category, t.language, t.address_form) for t in DEFAULT_TEXTS} == {
        (category, *form)
        for category in ("detractor", "passive", "promoter")
        for form in (("nl", "formal"), ("nl", "informal"), ("en", ""))
    }
