"""Where somebody's own words end: nothing is lost, and nothing new is hidden."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from closeloop.receiving.plain import read_html
from closeloop.receiving.quoting import split_history
from tests.properties import cases

LEADS = [
    "On Mon, Nov 2, 2026 at 10:00 AM Voorbeeld <reply+1-abc@in.voorbeeld.example> wrote:",
    "On 2 Nov 2026, at 10:00,\nVoorbeeld <reply+1-abc@in.voorbeeld.example> wrote:",
    "Op ma 2 nov. 2026 om 10:00 schreef Voorbeeld <reply+1-abc@in.voorbeeld.example>:",
    "Op 2 november 2026 schreef Sanne:",
    "Am 02.11.2026 um 10:00 schrieb Voorbeeld <hallo@voorbeeld.example>:",
    "Le 2 nov. 2026 à 10:00, Voorbeeld <hallo@voorbeeld.example> a écrit :",
]
OUTLOOK = [
    (
        "________________________________\nVan: Voorbeeld <hallo@voorbeeld.example>\n"
        "Verzonden: maandag 2 november 2026 10:00\nAan: Daan\nOnderwerp: Re: vraag\n\nBeste Daan,"
    ),
    (
        "From: Voorbeeld <hallo@voorbeeld.example>\nSent: Monday, November 2, 2026 10:00\n"
        "To: Daan\nSubject: Re: question\n\nDear Daan,"
    ),
    "-----Oorspronkelijk bericht-----\nVan: Voorbeeld\nBeste Daan,",
]
# Words as people type them, with what a careless rule would take for the head of a history.
own_lines = st.lists(
    st.one_of(
        st.text(alphabet="abc DE.,!?:12@", max_size=30).map(lambda line: line.strip(">")),
        st.sampled_from(
            ["", "On Monday I wrote you.", "Op maandag belde ik al.", "From: here to there",
             "-- ", "Van: mij mag het", "I wrote: 2 > 1", "To: be or not to be"]
        ),
    ),
    max_size=8,
)  # fmt: skip


@pytest.mark.parametrize("lead", LEADS)
def test_quote_under_a_lead_is_history(lead: str) -> None:
    text = f"Dank je wel!\n\nGroet, Daan\n\n{lead}\n> Beste Daan,\n>\n> Excuus.\n"

    new, quoted = split_history(text)

    assert new.strip() == "Dank je wel!\n\nGroet, Daan"
    assert quoted.startswith(lead)


@pytest.mark.parametrize("lead", LEADS)
def test_unmarked_text_under_a_lead_is_history(lead: str) -> None:
    new, quoted = split_history(f"Dank!\n\n{lead}\n\nBeste Daan,\n\nExcuus.")

    assert (new.strip(), quoted.endswith("Excuus.")) == ("Dank!", True)


@pytest.mark.parametrize("block", OUTLOOK)
def test_heads_of_outlook_are_history(block: str) -> None:
    new, quoted = split_history(f"Dank!\r\n\r\n{block}")

    assert (new.strip(), quoted) == ("Dank!", block)


def test_answer_below_the_quote_stays_in_sight() -> None:
    text = f"{LEADS[3]}\n> Wat is uw nummer?\n\n06 123\n"

    assert split_history(text) == (text, "")


def test_answers_between_quotes_stay_in_sight() -> None:
    text = (
        f"Zie hieronder.\n\n{LEADS[0]}\n> Wat is uw nummer?\n06 123\n> En uw adres?\nTeststraat 1\n"
    )

    assert split_history(text).quoted == ""


def test_mail_that_is_all_quote_is_shown() -> None:
    text = f"\n{LEADS[0]}\n> Beste Daan,\n"

    assert split_history(text) == (text, "")


@cases(400)
@given(st.text(alphabet="On wrote:>-_\nFrom:Sent To 1@\r\u2028", max_size=200))
@example("On 1 wrote:\n>\n")
def test_both_parts_are_the_text(text: str) -> None:
    new, quoted = split_history(text)

    assert new + quoted == text
    assert bool(new.strip()) == bool(text.strip())


@cases(400)
@given(own_lines, st.sampled_from(LEADS), st.lists(st.text(alphabet="abc >", max_size=20)))
def test_own_words_above_are_new_and_the_quote_is_not(
    own: list[str], lead: str, told: list[str]
) -> None:
    typed = "\n".join(own)
    history = "\n".join([lead, *(f"> {line}" for line in told), "> ."])

    new, quoted = split_history(f"{typed}\n\n{history}")

    if typed.strip():
        assert new.strip() == typed.strip()
        assert quoted == history
    else:
        assert quoted == ""


def test_hundred_thousand_odd_lines_take_no_time() -> None:
    text = ("On 1 wrote:\n> a\nb\n" * 6000)[:100_000]
    began = time.perf_counter()

    split_history(text)

    assert time.perf_counter() - began < 5


def measure(read: Callable[[str], object], text: str) -> float:
    """The shortest of three: what else the machine does only makes it longer."""
    took = []
    for _ in range(3):
        began = time.perf_counter()
        read(text)
        took.append(time.perf_counter() - began)
    return min(took)


@pytest.mark.parametrize("unit", [">\n\n", "On 1 wrote:\n> a\nb\n", "_" * 10 + "\n\n", ">\n-\n"])
def test_four_times_the_lines_take_about_four_times_as_long(unit: str) -> None:
    once, four_times = (measure(split_history, unit * n + "x") for n in (8000, 32000))

    assert four_times < 12 * once + 0.05


# HTML


def test_html_becomes_lines_without_what_nobody_sees() -> None:
    html = (
        "<html><head><style>p{color:red}</style><title>x</title></head><body><p>Hallo&nbsp;Sanne,"
        "</p><p>Het werkt <b>weer</b>.<br>Dank!</p><script>alert(1)</script>"
        "<blockquote><div>Excuus.</div></blockquote></body></html>"
    )

    assert read_html(html) == "Hallo Sanne,\n\nHet werkt weer.\nDank!\n> Excuus."


@cases(200)
@given(st.text(alphabet="<>/ap!-&;\"'= blockquote\n", max_size=300))
def test_any_html_can_be_read(html: str) -> None:
    assert "\n\n\n" not in read_html(html)


def test_quote_of_an_html_mail_folds() -> None:
    html = (
        "<div>Dank!</div><div class='gmail_quote'>Op 2 nov. 2026 schreef Sanne:<br>"
        "<blockquote><p>Excuus.</p><p>Groet</p></blockquote></div>"
    )

    assert split_history(read_html(html)).new.strip() == "Dank!"


def test_comments_and_declarations_are_left_out_and_nothing_else() -> None:
    html = (
        "<!doctype html><?xml version='1'?><p>a<!-- <p>no</p> > -->b</p><!--[if mso]>no<![endif]-->"
        "<![if !mso]><p>1 < 2 &lt; 3<!-->!</p><![endif]><p>c <!-- d</p><p>e <f"
    )

    assert read_html(html) == "ab\n\n1 < 2 < 3!\n\nc <!-- d\n\ne <f"


@pytest.mark.parametrize(
    "unit",
    ["<!--", "<?", "<!", "<![CDATA[", "</a", "<a ", "<a b='", "<script></", "a &", "<b>a</b>", "<"],
)
@pytest.mark.parametrize("end", ["", "x>", "-->"])
def test_four_times_the_html_takes_about_four_times_as_long(unit: str, end: str) -> None:
    once, four_times = (measure(read_html, unit * n + end) for n in (5000, 20000))

    assert four_times < 12 * once + 0.05
