"""How many statements each page sends to the database, one after the other: none comes back unnoticed."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from flyleaf.app import create_app
from flyleaf.config import Config
from flyleaf.database import Database
from tests.fixture_types import AddBook, Select
from tests.site import Site

# Whether the search is ready; which connection a page gets depends on what ran before.
ONCE_A_CONNECTION = ("SELECT to_regnamespace(%(schema)s)", "SELECT built_at IS NOT NULL FROM search_state")

Counted = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def counted(database: Database) -> Counted:
    """A block, and the list of the statements that are sent in it."""

    @contextmanager
    def count() -> Iterator[list[str]]:
        sent: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if statement not in ONCE_A_CONNECTION:
                sent.append(statement)

        event.listen(database.engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            event.remove(database.engine, "before_cursor_execute", note)

    return count


@pytest.fixture
def catalogue(add_book: AddBook, select: Select, bob: Site, alice: Site) -> str:
    """A book with reviews, another edition, another book of its series and another site's rating; its ISBN."""
    dune = add_book(average_rating=4.25)
    add_book(isbn="9780340960196")
    select("INSERT INTO subjects (id, key, name) VALUES (1, 'science-fiction', 'Science fiction')")
    add_book(isbn="9780441104024", title="Children of Dune", subjects=[1])
    select("UPDATE books SET series = 'Dune #' || id RETURNING id")
    bob.review(dune, 4, "Sand.")
    alice.review(dune, 5)
    return dune


@pytest.mark.parametrize(
    ("address", "most"),
    [
        # Session and reader; the book as this reader sees it; reviews, their languages, and which of them the reader
        # found helpful; what belongs to it; its subjects; its series; what else it is called; whether it is on a shelf.
        ("/books/{isbn}", 10),
        ("/books/{isbn}?before=1764290000000000-42", 10),
        ("/search", 3),  # …; the shelf; whether there are subjects
        ("/search?q=dune", 8),  # all but two are the search's: it also reads the word otherwise, and loads editions
        ("/search?q=herbert children", 5),
        ("/search?q=9780441172719", 5),
        ("/readers/Alice", 4),
        ("/shelves", 4),  # …; the books; the shelves; the years
        ("/shelves/read", 3),
        ("/authors/Frank Herbert", 3),
        ("/subjects", 3),
        ("/subjects/science-fiction", 3),
        ("/series/Dune", 4),  # …; the authors whose series have the name; the series; its works
        ("/api/{isbn}", 1),
        ("/login", 0),
    ],
)
def test_a_page_sends_few_statements(address: str, most: int, alice: Site, catalogue: str, counted: Counted) -> None:
    page = address.format(isbn=catalogue)
    alice.get(page)
    with counted() as sent:
        assert alice.get(page).status_code in (200, 303)
    assert len(sent) <= most, "\n---\n".join(sent)


def test_open_library_is_queued_once_for_many_looks(
    config: Config, database: Database, catalogue: str, counted: Counted
) -> None:
    contacted = replace(config, open_library_contact="librarian@example.org", open_library_url="http://127.0.0.1:9")
    alice = Site(create_app(contacted, database).test_client()).logged_in("Alice")
    with counted() as sent:
        alice.get(f"/books/{catalogue}")
        alice.get(f"/books/{catalogue}")
    assert sum("INSERT INTO external_rating_requests" in statement for statement in sent) == 1
