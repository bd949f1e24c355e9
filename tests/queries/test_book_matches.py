"""What a file says of a book is matched with the catalogue: tests/views/test_uploads.py has what readers see of it."""

import pytest

from flyleaf.database import Database
from flyleaf.queries.book_matches import Match, MatchKind, WantedBook, match_books

ODD = ["щ" * 1000, "c++ & c# | ! (f) : * ' \\ <-> g", "a b " * 250, "'", "\u0301" * 500, "🦀" * 500, "1" * 1000, " "]


@pytest.mark.parametrize("title", ODD)
@pytest.mark.parametrize("author", ["Ivan Petrov", *ODD])
def test_no_text_is_too_odd(dune: str, database: Database, title: str, author: str) -> None:
    with database.transaction() as connection:
        wanted = WantedBook(title, author, title[:100], None, ())
        assert match_books(connection, [wanted]) == [Match(MatchKind.NONE)]
