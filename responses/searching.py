"""Comments searched by the words in them, stemmed as Dutch and as English and as they stand.

Index and search must be the same expression, or PostgreSQL reads every row: both are made here.
What is asked is what people know from search engines: all words, "words in a row", or, -not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import (
    CombinedSearchVector,
    SearchQuery,
    SearchQueryCombinable,
)
from django.db.models import BooleanField, F, Func, QuerySet, TextField, Value
from django.db.models.expressions import Combinable

from surveys.searching import DIVIDERS, list_words, starting_with, words_of

# As they stand comes first: names and codes are no words of any language.
PLAIN, *STEMMED = CONFIGS = ("simple", "dutch", "english")
# Shorter beginnings stand in too many words to be what somebody looks for.
SHORTEST_BEGINNING = 3
_TERMS = re.compile(r'(?<!\S)(-?)(?:"([^"]*)"?|(\S+))')


def comment_words() -> CombinedSearchVector:
    """Return the words of a comment in every configuration, for the index and the search in it."""
    as_written, dutch, english = (words_of("comment", config=config) for config in CONFIGS)
    return cast(CombinedSearchVector, as_written + dutch + english)


@dataclass(frozen=True, slots=True)
class Sought:
    """What was typed: what must be there, and what must not."""

    wanted: str
    unwanted: tuple[str, ...] = ()
    # What stood in quotes is wanted exactly as it was written.
    phrases: tuple[str, ...] = ()
    has_or: bool = False
    # The wanted words when they are nothing else: then a beginning of a word will do.
    words: tuple[str, ...] = ()

    @property
    def query(self) -> SearchQueryCombinable:
        """The search for `comment_words`: wanted in any configuration, unwanted in none."""
        found: SearchQueryCombinable = SearchQuery(
            self.wanted, config=PLAIN, search_type="websearch"
        )
        # A language leaves its small words out of what is in quotes, hence the exact phrases
        # below. Of alternatives not all must be there, so that nothing can be added to them.
        for config in () if self.has_or and self.phrases else STEMMED:
            found = found | SearchQuery(self.wanted, config=config, search_type="websearch")
        for text in () if self.has_or else self.phrases:
            found = found & SearchQuery(text, config=PLAIN, search_type="phrase")
        if beginnings := self._find_beginnings():
            found = found | beginnings
        for text in self.unwanted:
            # Each by itself: not one of several is none of each. In quotes only exactly so.
            for config in CONFIGS if len(text.split()) == 1 else [PLAIN]:
                found = found & ~SearchQuery(text, config=config, search_type="phrase")
        return found

    def _find_beginnings(self) -> SearchQueryCombinable | None:
        if not self.words or len(max(self.words, key=len)) < SHORTEST_BEGINNING:
            return None
        queries: list[SearchQueryCombinable] = [
            starting_with(word)
            if len(word) >= SHORTEST_BEGINNING
            else SearchQuery(word, config=PLAIN)
            for word in self.words
        ]
        first, *rest = queries
        for query in rest:
            first = first & query
        return first


def read_sought(text: str) -> Sought:
    """Take apart what was typed. Nothing wanted (only dividers, or only -not) is an empty text."""
    wanted, unwanted, phrases, has_or = [], [], [], False
    for minus, phrase, word in _TERMS.findall(text):
        term = " ".join(_divide(phrase or word).replace('"', " ").split())
        if not list_words(term):
            continue
        if minus:
            unwanted.append(term)
            continue
        has_or |= not phrase and term.casefold() == "or"
        if phrase:
            phrases.append(term)
        # A word with a hyphen is found as it stands: its parts in a row.
        wanted.append(f'"{term}"' if phrase or " " in term else term)
    words = () if phrases or has_or else tuple(list_words(" ".join(wanted)))
    return Sought(" ".join(wanted), tuple(unwanted), tuple(phrases), has_or, words)


def _divide(text: str) -> str:
    return text.translate(str.maketrans(DIVIDERS, " " * len(DIVIDERS)))


def among(rows: QuerySet[Any]) -> Func:
    """Return the condition that a row is one of these, which are looked up first and once.

    In a condition like any other PostgreSQL would rather walk through the newest rows and read the
    words of each, which takes twenty seconds for words that a million comments have not.
    """
    return Func(
        F("pk"),
        ArraySubquery(rows.order_by().values("pk")),
        template="(%(expressions)s))",
        arg_joiner=" = ANY (",
        output_field=BooleanField(),
    )


class _Marked(Func):
    """A text with the words found in it between two signs that people do not type."""

    function = "ts_headline"
    output_field = TextField()


START, END = "\x02", "\x03"


def marked_words(comment: Combinable, query: SearchQueryCombinable, config: str) -> Func:
    """Return the divided comment with its hits between START and END, by one configuration."""
    divided = Func(
        comment,
        Value(DIVIDERS),
        Value(" " * len(DIVIDERS)),
        function="translate",
        output_field=TextField(),
    )
    options = f'HighlightAll=true, StartSel="{START}", StopSel="{END}"'
    regconfig = Value(config)
    return _Marked(
        Func(regconfig, template="%(expressions)s::regconfig"), divided, query, Value(options)
    )
