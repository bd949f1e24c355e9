"""Suggestions while typing."""

import pytest
from sqlalchemy import Connection

from flyleaf.search import suggest


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("har", "Harry Potter and the Goblet of Fire"),
        ("harry potter and the c", "Harry Potter and the Chamber of Secrets"),
        ("tolk", "J.R.R. Tolkien"),
        ("j.r.r. tol", "J.R.R. Tolkien"),
        ("hobb", "The Hobbit"),
        ("l'e", "L'Étranger"),
        ("l'engle", "Madeleine L'Engle"),
        ("harry poter", "Harry Potter and the Goblet of Fire"),
        ("tolkein", "J.R.R. Tolkien"),
        ("hobbti", "The Hobbit"),
        ("村上", "村上春樹"),
        ("d", "Dune"),
    ],
)
def test_what_may_become_of_it_is_suggested(connection: Connection, typed: str, text: str) -> None:
    assert text in [suggestion.text for suggestion in suggest(connection, typed)]


def test_at_most_eight_each_once(connection: Connection) -> None:
    texts = [(suggestion.kind, suggestion.text) for suggestion in suggest(connection, "t")]
    assert 3 <= len(texts) <= 8
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("typed", ["", " ", "'", "%", "\x00", "x" * 5000])
def test_nothing_to_suggest(connection: Connection, typed: str) -> None:
    assert suggest(connection, typed) == []
