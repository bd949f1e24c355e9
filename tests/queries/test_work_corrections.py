"""What people decide about works: the search follows at once, and undoing restores exactly what was there."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, text

from flyleaf.database import Database
from flyleaf.queries.work_corrections import (
    Kind,
    merge_works,
    move_edition,
    select_work_corrections,
    split_edition,
    undo_work_correction,
)
from tests.fixture_types import Select
from tests.queries.conftest import add_reader

numbers = iter(range(10_000))


def add(connection: Connection, title: str, author: str = "Frank Herbert") -> int:
    """Add a book and return its id."""
    book_id: int = connection.execute(
        text("INSERT INTO books (isbn, title, author) VALUES (:isbn, :title, :author) RETURNING id"),
        {"isbn": f"97804{next(numbers):08d}", "title": title, "author": author},
    ).scalar_one()
    return book_id


def works(connection: Connection) -> set[frozenset[int]]:
    """Return the books of each work, and see that they stay so when everything is made anew."""
    found = []
    for _ in range(2):
        rows = connection.execute(text("SELECT array_agg(book_id) FROM search_editions GROUP BY work_id LIMIT 1000"))
        found.append({frozenset(books) for books in rows.scalars()})
        counted = text("SELECT sum(editions), count(*) FROM search_works")
        assert tuple(connection.execute(counted).one()) == (sum(map(len, found[-1])), len(found[-1]))
        connection.execute(text("SELECT search_rebuild()"))
    assert found[0] == found[1]
    return found[0]


def groups(*books: list[int]) -> set[frozenset[int]]:
    return set(map(frozenset, books))


def merge(connection: Connection, book: int, other: int) -> int:
    correction = merge_works(connection, book, other, None, None)
    assert correction is not None
    return correction


def test_a_merged_work_takes_its_editions_along_and_those_that_come_later(connection: Connection) -> None:
    dune, again, planet = add(connection, "Dune"), add(connection, "Dune"), add(connection, "Desert Planet")
    merge(connection, planet, dune)
    assert works(connection) == groups([dune, again, planet])
    later = add(connection, "Desert planet", "FRANK HERBERT")
    assert works(connection) == groups([dune, again, planet, later])


def test_undoing_a_merge_gives_back_every_edition(connection: Connection) -> None:
    dune, planet = add(connection, "Dune"), add(connection, "Desert Planet")
    before = connection.execute(text("SELECT book_id, work_id FROM search_editions ORDER BY 1 LIMIT 9")).all()
    correction = merge(connection, planet, dune)
    later = add(connection, "Desert Planet")
    assert undo_work_correction(connection, correction, None)
    assert works(connection) == groups([dune], [planet, later])
    connection.execute(text("DELETE FROM books WHERE id = :id"), {"id": later})
    assert connection.execute(text("SELECT book_id, work_id FROM search_editions ORDER BY 1 LIMIT 9")).all() == before
    assert not undo_work_correction(connection, correction, None)


def test_chains_of_merges_end_at_the_last_work_and_can_be_undone_in_the_middle(connection: Connection) -> None:
    one, two, three = (add(connection, title) for title in ("One", "Two", "Three"))
    merge(connection, one, two)
    second = merge(connection, two, three)
    assert works(connection) == groups([one, two, three])
    assert undo_work_correction(connection, second, None)
    assert works(connection) == groups([one, two], [three])
    merge(connection, one, three)  # which takes the whole of its work along
    assert works(connection) == groups([one, two, three])


def test_merges_can_not_make_a_circle(connection: Connection) -> None:
    one, two, three = (add(connection, title) for title in ("One", "Two", "Three"))
    merge(connection, one, two)
    merge(connection, two, three)
    assert merge_works(connection, three, one, None, None) is None
    assert merge_works(connection, one, one, None, None) is None


def test_a_circle_that_a_later_rule_makes_does_no_harm(connection: Connection) -> None:
    one, two, three = (add(connection, title) for title in ("One", "Two", "Three"))
    merge(connection, one, two)
    merge(connection, two, three)
    connection.execute(
        text("""INSERT INTO work_corrections (kind, from_work, into_work)
                SELECT 'merge', ARRAY['Three', 'Frank Herbert'], ARRAY['Two', 'Frank Herbert']""")
    )
    assert works(connection) == groups([one, two, three])
    assert merge_works(connection, one, three, None, None) is None
    four = add(connection, "Four")
    merge(connection, one, four)
    assert works(connection) == groups([one, two, three, four])


def test_an_edition_moves_alone(connection: Connection) -> None:
    dune, again, planet = add(connection, "Dune"), add(connection, "Dune"), add(connection, "Desert Planet")
    correction = move_edition(connection, again, planet, None, None)
    assert works(connection) == groups([dune], [again, planet])
    assert move_edition(connection, again, planet, None, None) is None
    merge(connection, planet, dune)
    assert works(connection) == groups([dune, again, planet])
    assert correction is not None
    assert undo_work_correction(connection, correction, None)
    assert works(connection) == groups([dune, again, planet])


def test_the_last_of_several_moves_counts_until_it_is_undone(connection: Connection) -> None:
    dune, planet, emma = add(connection, "Dune"), add(connection, "Desert Planet"), add(connection, "Emma")
    move_edition(connection, dune, planet, None, None)
    last = move_edition(connection, dune, emma, None, None)
    assert works(connection) == groups([planet], [dune, emma])
    assert last is not None
    undo_work_correction(connection, last, None)
    assert works(connection) == groups([planet, dune], [emma])


def test_an_edition_is_split_off_and_stays_so_under_another_title(connection: Connection) -> None:
    dune, graphic = add(connection, "Dune"), add(connection, "Dune")
    correction = split_edition(connection, graphic, None, None)
    assert works(connection) == groups([dune], [graphic])
    assert split_edition(connection, graphic, None, None) is None
    connection.execute(text("UPDATE books SET title = 'Dune!' WHERE id = :id"), {"id": graphic})
    assert works(connection) == groups([dune], [graphic])
    other = add(connection, "Dune: the graphic novel")
    merge(connection, other, graphic)
    assert works(connection) == groups([dune], [graphic, other])
    assert correction is not None
    undo_work_correction(connection, correction, None)
    assert works(connection) == groups([dune, graphic], [other])


def test_a_book_that_was_merged_away_can_be_split_off(connection: Connection) -> None:
    dune, planet, again = add(connection, "Dune"), add(connection, "Desert Planet"), add(connection, "Desert Planet")
    merge(connection, planet, dune)
    split_edition(connection, planet, None, None)
    assert works(connection) == groups([dune, again], [planet])


def test_a_correction_outlives_the_books_that_it_was_made_with(connection: Connection) -> None:
    dune, planet, again = add(connection, "Dune"), add(connection, "Desert Planet"), add(connection, "Desert Planet")
    merge(connection, planet, dune)
    moved = move_edition(connection, again, dune, None, None)
    assert moved is None
    connection.execute(text("DELETE FROM books WHERE id = :id"), {"id": planet})
    connection.execute(text("UPDATE books SET title = 'The Sands' WHERE id = :id"), {"id": dune})
    fresh = add(connection, "Dune")
    assert works(connection) == groups([dune], [again, fresh])


def test_corrections_of_books_that_are_not_there_are_none(connection: Connection) -> None:
    dune = add(connection, "Dune")
    assert merge_works(connection, dune, 0, None, None) is None
    assert merge_works(connection, 0, dune, None, None) is None
    assert move_edition(connection, 0, dune, None, None) is None
    assert split_edition(connection, 0, None, None) is None
    assert not undo_work_correction(connection, 0, None)


def test_the_history_of_a_work_says_who_and_why(connection: Connection) -> None:
    alice, bob = add_reader(connection, "Alice"), add_reader(connection, "Bob")
    dune, planet, emma = add(connection, "Dune"), add(connection, "Desert Planet"), add(connection, "Emma")
    first = merge_works(connection, planet, dune, alice.id, "The working title")
    assert first is not None
    undo_work_correction(connection, first, bob.id)
    second = move_edition(connection, planet, dune, alice.id, None)
    assert second is not None
    for book in (dune, planet):
        last, undone = select_work_corrections(connection, book)
        assert (undone.id, undone.kind, undone.reason) == (first, Kind.MERGE, "The working title")
        assert (undone.title, undone.other_title) == ("Desert Planet", "Dune")
        assert (undone.reader_name, undone.undone_by_name, undone.undone_at is None) == ("Alice", "Bob", False)
        assert (last.id, last.kind, last.undone_at, last.undone_by_name) == (second, Kind.MOVE, None, None)
    assert select_work_corrections(connection, emma) == []


def test_pages_make_corrections_with_their_own_rights(database: Database, select: Select) -> None:
    with database.transaction() as connection:
        dune, planet = add(connection, "Dune"), add(connection, "Desert Planet")
    with database.transaction() as connection:
        merge(connection, planet, dune)
    assert select("SELECT editions FROM search_works") == 2


@pytest.mark.usefixtures("alone")
def test_two_that_merge_the_same_works_the_other_way_round_make_no_circle(database: Database, select: Select) -> None:
    with database.transaction() as connection:
        one, two = add(connection, "One"), add(connection, "Two")

    def join(books: tuple[int, int]) -> int | None:
        with database.transaction() as connection:
            return merge_works(connection, *books, None, None)

    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(join, [(one, two), (two, one)]))
    assert made.count(None) == 1
    assert select("SELECT editions FROM search_works") == 2
