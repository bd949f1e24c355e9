"""The same query on the same books gets the same answer, in whichever order they came and however they were indexed."""

import random
from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import Connection, Engine, text

from flyleaf.database import Database
from flyleaf.search import SearchQuery, candidates, search_books, suggest
from tests.postgresql import Server
from tests.search.conftest import CATALOGUE, insert
from tests.search.test_surplus import BOOKS

pytestmark = pytest.mark.slow

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


@pytest.fixture(scope="module")
def answers(in_order: Engine) -> dict[str, object]:
    with in_order.connect() as connection:
        return {query: answer(connection, query) for query in queries()}


@pytest.mark.parametrize("other", ["shuffled", "rebuilt", "in_order"])
def test_the_same_books_give_the_same_answers(
    answers: dict[str, object], other: str, request: pytest.FixtureRequest
) -> None:
    second: Engine = request.getfixturevalue(other)
    with second.connect() as connection:
        assert [query for query, expected in answers.items() if answer(connection, query) != expected] == []


def everywhere(connection: Connection) -> None:
    """Make the catalogue look like a large one, most of whose works are not among the popular ones."""
    connection.execute(text("UPDATE search_works SET tier = 2"))
    connection.execute(text("UPDATE search_state SET top_cut = 100000000, head_cut = 100000000"))


@pytest.mark.parametrize("look", [3, 5_000])
def test_no_answer_depends_on_where_a_work_stands_in_the_table(
    in_order: Engine, monkeypatch: pytest.MonkeyPatch, look: int
) -> None:
    monkeypatch.setattr(candidates, "LOOK", look)
    monkeypatch.setattr(candidates, "LOOK_COVERING", look)
    asked = queries()[:60]
    with in_order.connect() as connection:
        everywhere(connection)
        before = [answer(connection, query) for query in asked]
        for half in (0, 1):  # a row that is updated moves to the end
            connection.execute(
                text("UPDATE search_works SET editions = editions WHERE abs(id % 2) = :half"), {"half": half}
            )
        assert [answer(connection, query) for query in asked] == before
        connection.rollback()


def test_a_search_says_that_it_was_cut_short(in_order: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with in_order.connect() as connection:
        everywhere(connection)
        whole = search_books(connection, SearchQuery("same tale"))
        monkeypatch.setattr(candidates, "LOOK", 2)
        cut = search_books(connection, SearchQuery("same tale"))
        connection.rollback()
    assert (whole.cut_short, whole.total_is_exact) == (False, True)
    assert (cut.cut_short, cut.total_is_exact) == (True, False)
