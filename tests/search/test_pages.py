"""The page of results: what it says it did, editions, filters, order, paging."""

import pytest
from sqlalchemy import Connection

from flyleaf.search import Order, SearchQuery, search_books
from flyleaf.search.results import bayesian_average
from tests.search.conftest import insert, review


def test_a_correction_is_reported(connection: Connection) -> None:
    page = search_books(connection, SearchQuery("jane austin"))
    assert page.corrected_query == "jane austen"
    assert page.results[0].match.stage == "spelling"
    assert page.results[0].match.fields == ("author",)
    assert page.results[0].match.words == ("jane", "austen")


def test_an_unfinished_word_is_no_correction(connection: Connection) -> None:
    page = search_books(connection, SearchQuery("harry pottr and the gob"))
    assert page.corrected_query == "harry potter and the gob"


def test_a_query_that_finds_its_words_is_not_corrected(connection: Connection) -> None:
    assert search_books(connection, SearchQuery("harry potter")).corrected_query is None


def test_run_together_and_taken_apart_are_reported(connection: Connection) -> None:
    assert search_books(connection, SearchQuery("game ofthrones martin")).corrected_query == "game of thrones martin"
    assert search_books(connection, SearchQuery("air port hailey")).corrected_query == "airport hailey"


def test_verbatim_searches_for_what_was_typed(connection: Connection) -> None:
    page = search_books(connection, SearchQuery("jane austin", verbatim=True))
    assert page.results == ()
    assert page.corrected_query is None


def test_editions_are_one_result(connection: Connection) -> None:
    page = search_books(connection, SearchQuery("a game of thrones"))
    assert [(result.isbn, result.editions) for result in page.results] == [("9780553103540", 3)]
    others = page.results[0].other_editions
    assert [edition.isbn for edition in others] == ["9780553381689", "9780553573404"]


def test_an_isbn_finds_its_own_edition(connection: Connection) -> None:
    page = search_books(connection, SearchQuery("9780553381689"))
    assert [(result.isbn, result.editions) for result in page.results] == [("9780553381689", 3)]


def test_filters_are_of_one_edition(connection: Connection) -> None:
    german = search_books(connection, SearchQuery("game of thrones", language="ger"))
    assert [result.isbn for result in german.results] == ["9780553381689"]
    assert search_books(connection, SearchQuery("game of thrones", language="ger", year_to=2000)).results == ()
    assert [
        r.isbn for r in search_books(connection, SearchQuery("game of thrones", year_from=1997, year_to=1999)).results
    ] == ["9780553573404"]


def test_only_reviewed(connection: Connection) -> None:
    assert search_books(connection, SearchQuery("dune", has_reviews=True)).results == ()
    review(
        connection,
        connection.exec_driver_sql("SELECT id FROM books WHERE title = 'Dune Messiah'").scalar_one(),
        "alice",
        4,
    )
    page = search_books(connection, SearchQuery("dune", has_reviews=True))
    assert [(result.title, result.review_count, result.average_score) for result in page.results] == [
        ("Dune Messiah", 1, 4.0)
    ]


def test_newest_first(connection: Connection) -> None:
    page = search_books(connection, SearchQuery("henry", order=Order.NEWEST))
    assert [result.title for result in page.results] == ["Henry V", "Henry IV, Part 1"]
    assert search_books(connection, SearchQuery("a game of thrones", order=Order.NEWEST)).results[0].year == 2002


def test_best_rated_needs_more_than_one_good_review(connection: Connection) -> None:
    few = insert(connection, "9790000000001", "Zebra riding")
    many = insert(connection, "9790000000018", "Zebra herding")
    review(connection, few, "alice", 5)
    for reader in ("alice", "bob", "carol", "dan", "eve", "frank"):
        review(connection, many, reader, 4 if reader == "dan" else 5)
    page = search_books(connection, SearchQuery("zebra", order=Order.BEST_RATED))
    assert [result.title for result in page.results] == ["Zebra herding", "Zebra riding"]


def test_the_bayesian_average_is_between_the_middle_and_the_mean() -> None:
    assert bayesian_average(0, 0) == 3.0
    assert bayesian_average(5, 1) == pytest.approx(20 / 6)


def test_pages_neither_repeat_nor_skip(connection: Connection) -> None:
    for n in range(45):
        insert(connection, f"9791111{n:06d}", f"Quokka number {n}", "Some One")
    seen = []
    for page in range(1, 6):
        found = search_books(connection, SearchQuery("quokka", page=page, page_size=10))
        seen += [result.isbn for result in found.results]
        assert found.has_next == (page < 5)
    assert len(seen) == len(set(seen)) == 45


def test_a_page_past_the_end_is_empty(connection: Connection) -> None:
    page = search_books(connection, SearchQuery("dune", page=1_000_000))
    assert page.results == ()
    assert not page.has_next
