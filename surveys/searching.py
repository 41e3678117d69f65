"""Words looked up in texts by the database's own index for words: at the start of each word.

The index of a model and the search in it must be the same expression, or PostgreSQL reads every
row; both are made here. Nothing is stemmed unless asked, so that names are words like any other.
"""

from __future__ import annotations

import re

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import F, Func, TextField, Value

# Parts of an address, and of words with a hyphen, are words of their own.
DIVIDERS = "@._-+/:"
MOST_WORDS = 8


def words_of(*fields: str, config: str = "simple") -> SearchVector:
    """Return the words of text fields, for an index and for the search in it.

    Any other `config` than "simple" stems them by the rules of a language.
    """
    divided = [
        Func(
            F(field),
            Value(DIVIDERS),
            Value(" " * len(DIVIDERS)),
            function="translate",
            output_field=TextField(),
        )
        for field in fields
    ]
    return SearchVector(*divided, config=config)


def list_words(text: str) -> list[str]:
    """Return what was typed as single words, without whatever a query could be built from."""
    return re.findall(r"\w+", text.replace("_", " "))[:MOST_WORDS]


def starting_with(word: str) -> SearchQuery:
    """Return the search for words that begin with one of `list_words`."""
    return SearchQuery(f"'{word}':*", config="simple", search_type="raw")
