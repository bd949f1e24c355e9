"""The same query on the same books gets the same answer, in whichever order they came and however they were indexed."""

import random
from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import Connection, Engine, text

from flyleaf.database import Database
from flyleaf.search import SearchQuery, search_books, suggest
from tests.postgresql import Server
from tests.search.conftest import CATALOGUE, insert
from tests.search.test_surplus import BOOKS

Book = tuple[str, str, str, int, str | None, int]
# Editions that are equally popular, and works that are: only a total order decides between them.
TIES: list[Book] = [
    (f"97911112{n:05d}", f"The Same Tale{' Again' * (n % 3)}", f"Author {'ABC'[n % 3]}", 1990 + n % 7, None, n % 2)
    for n in range(60)
]
ALL: list[Book] = [*CATALOGUE, *BOOKS, *TIES]


def filled(server: Server, name: str, books: Sequence[Book], rebuilt: bool) -> Iterator[Engine]:
    database = Database(server.create_database(name, template="template"))
    with database.transaction() as connection:
        for book in books:
            insert(connection, *book)
        if rebuilt:
            connection.execute(text("SELECT search_rebuild()"))
    yield database.engine
    database.close()
    server.drop_database(name)


@pytest.fixture(scope="module")
def in_order(server: Server) -> Iterator[Engine]:
    yield from filled(server, "in_order", ALL, rebuilt=False)


@pytest.fixture(scope="module")
def shuffled(server: Server) -> Iterator[Engine]:
    yield from filled(server, "shuffled", random.Random(3).sample(ALL, len(ALL)), rebuilt=False)


@pytest.fixture(scope="module")
def rebuilt(server: Server) -> Iterator[Engine]:
    yield from filled(server, "rebuilt", ALL, rebuilt=True)


def queries() -> list[str]:
    chance = random.Random(5)
    made = [
        "the same tale",
        "same tale again",
        "author b",
        "the",
        "a",
        "978",
        "97911112",
        "tale: a novel",
        "the of and",
    ]
    for _, title, author, *_ in ALL:
        words = title.split()
        made += [
            title,
            title[:3],
            f"{title}: a novel",
            f"{author} {words[-1]}",
            " ".join(chance.sample(words, len(words))),
        ]
        made.append(title[:1] + title[2:])
    return list(dict.fromkeys(made))


def answer(connection: Connection, query: str) -> object:
    page = search_books(connection, SearchQuery(query, page_size=50))
    shown = [(result.isbn, result.match) for result in page.results]
    return shown, page.corrected_query, page.left_out, page.total, suggest(connection, query)


@pytest.mark.parametrize("other", ["shuffled", "rebuilt", "in_order"])
def test_the_same_books_give_the_same_answers(in_order: Connection, other: str, request: pytest.FixtureRequest) -> None:
    second: Engine = request.getfixturevalue(other)
    with in_order.connect() as one, second.connect() as two:
        assert [query for query in queries() if answer(one, query) != answer(two, query)] == []
