"""Corrections of fields: each is applied and undone exactly, and the newest in force is what the book says."""

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError, IntegrityError

from flyleaf import limits
from flyleaf.database import Database
from flyleaf.paging import NEWEST
from flyleaf.queries.corrections import (
    CORRECTION_LOCK,
    FIELDS,
    Undone,
    insert_correction,
    keep_imports_out,
    select_corrections,
    select_values,
    undo_correction,
)
from flyleaf.queries.readers import Reader
from flyleaf.search import SearchQuery, search_books
from tests.queries.conftest import add_reader

VALUES = {
    "title": "Dune Messiah",
    "author": "F. Herbert",
    "series": "Dune #2",
    "year": "-44",
    "publisher": "Ace",
    "language": "en",
    "pages": "604",
    "subjects": "Deserts; Science fiction",
    "other_titles": "Der Herr des Wüstenplaneten | Dune 2",
    "description": "Sand.\n\nMore \\ sand.",
}


@pytest.fixture
def mo(connection: Connection) -> Reader:
    return add_reader(connection, "Mo")


def correct(connection: Connection, book_id: int, mo: Reader, field: str, after: str | None) -> int | None:
    return insert_correction(connection, book_id, field, after, "Title page.", proposed_by=mo.id, accepted_by=mo.id)


def test_every_field_is_corrected_and_undone(connection: Connection, book_id: int, mo: Reader) -> None:
    assert tuple(VALUES) == FIELDS
    before = connection.execute(text("SELECT * FROM books")).one()
    ids = [correct(connection, book_id, mo, field, after) for field, after in VALUES.items()]
    assert select_values(connection, book_id) == VALUES
    for correction_id in ids:
        assert correction_id is not None
        assert undo_correction(connection, correction_id, mo.id)
    assert connection.execute(text("SELECT * FROM books")).one() == before


@pytest.mark.parametrize("field", [field for field in FIELDS if field != "title"])
def test_a_value_can_be_taken_away_and_given_back(connection: Connection, book_id: int, mo: Reader, field: str) -> None:
    correct(connection, book_id, mo, field, VALUES[field])
    empty = correct(connection, book_id, mo, field, None)
    assert empty is not None
    assert select_values(connection, book_id)[field] is None
    undo_correction(connection, empty, mo.id)
    assert select_values(connection, book_id)[field] == VALUES[field]


def test_subjects_have_the_names_that_the_catalogue_knows(connection: Connection, book_id: int, mo: Reader) -> None:
    first = correct(connection, book_id, mo, "subjects", "Science fiction; Deserts")
    assert first
    assert correct(connection, book_id, mo, "subjects", "science-Fiction; DESERTS") is None
    assert correct(connection, book_id, mo, "subjects", "SCIENCE FICTION; Dogs")
    assert select_values(connection, book_id)["subjects"] == "Science fiction; Dogs"
    page = select_corrections(connection, book_id, NEWEST).items
    assert (page[0].before, page[0].after) == ("Science fiction; Deserts", "Science fiction; Dogs")


def test_the_newest_in_force_is_what_the_book_says(connection: Connection, book_id: int, mo: Reader) -> None:
    first, second, third = (correct(connection, book_id, mo, "title", title) for title in ("A", "B", "C"))
    assert first
    assert second
    assert third

    def said() -> str | None:
        return select_values(connection, book_id)["title"]

    undo_correction(connection, second, mo.id)
    assert said() == "C"
    undo_correction(connection, third, mo.id)
    assert said() == "A"
    undo_correction(connection, first, mo.id)
    assert said() == "Dune"


def test_what_is_done_twice_is_done_once(connection: Connection, book_id: int, mo: Reader) -> None:
    correction_id = correct(connection, book_id, mo, "year", "1966")
    assert correction_id
    assert correct(connection, book_id, mo, "year", "1966") is None
    assert undo_correction(connection, correction_id, mo.id) == Undone(book_id, "year", mo.id)
    assert undo_correction(connection, correction_id, mo.id) is None
    assert undo_correction(connection, correction_id + 1, mo.id) is None


def test_the_search_follows(database: Database, dune: str) -> None:
    def found(query: str) -> list[str]:
        with database.owner.begin() as connection:
            return [result.title for result in search_books(connection, SearchQuery(query)).results]

    with database.owner.begin() as connection:
        mo = add_reader(connection, "Mo")
        book_id = connection.execute(text("SELECT id FROM books")).scalar_one()
        correction_id = correct(connection, book_id, mo, "title", "Arrakis")
    assert correction_id
    assert (found("arrakis"), found("dune")) == (["Arrakis"], [])
    with database.owner.begin() as connection:
        undo_correction(connection, correction_id, mo.id)
    assert (found("arrakis"), found("dune")) == ([], ["Dune"])


def test_the_history_says_who_and_when(connection: Connection, book_id: int, mo: Reader) -> None:
    bob = add_reader(connection, "Bob")
    correction_id = insert_correction(connection, book_id, "year", "1966", None, proposed_by=bob.id, accepted_by=mo.id)
    assert correction_id
    undo_correction(connection, correction_id, mo.id)
    connection.execute(text("DELETE FROM readers WHERE id = :id"), {"id": bob.id})
    (one,) = select_corrections(connection, book_id, NEWEST).items
    assert (one.field, one.before, one.after, one.reason) == ("year", "1965", "1966", None)
    assert (one.proposer_name, one.accepter_name, one.undoer_name) == (None, "Mo", "Mo")
    assert one.undone_at == one.accepted_at  # within this transaction


def test_the_history_has_pages(connection: Connection, book_id: int, mo: Reader) -> None:
    for title in ("A", "B", "C"):
        correct(connection, book_id, mo, "title", title)
    page = select_corrections(connection, book_id, NEWEST, size=2)
    assert [one.after for one in page.items] == ["C", "B"]
    assert page.next is not None
    assert page.previous is None


def test_while_an_import_merges_nothing_is_corrected(database: Database) -> None:
    with database.owner.connect() as importer, database.owner.connect() as corrector:
        importer.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": CORRECTION_LOCK})
        assert not keep_imports_out(corrector)
        importer.rollback()
        assert keep_imports_out(corrector)


LONGEST = {
    "title": limits.TITLE_MAX,
    "author": limits.AUTHOR_MAX,
    "series": limits.SERIES_MAX,
    "publisher": limits.PUBLISHER_MAX,
    "language": limits.LANGUAGE_MAX,
    "other_titles": limits.OTHER_TITLES_MAX,
    "description": limits.DESCRIPTION_MAX,
}


@pytest.mark.every_input
@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((field, "\U0001f4da" * (most + 1)) for field, most in LONGEST.items()),
        *((field, "") for field in FIELDS),
        ("title", None),
        ("year", str(limits.YEAR_MIN - 1)),
        ("year", str(limits.YEAR_MAX + 1)),
        ("year", "about 1965"),
        ("pages", "0"),
        ("pages", str(limits.PAGES_MAX + 1)),
        ("pages", "99999999999"),
        ("isbn", "9780441172719"),
        ("subjects", "x" * (limits.LONGEST_SUBJECTS + 1)),
    ],
)
def test_the_database_refuses_what_no_book_can_say(
    connection: Connection, book_id: int, field: str, value: str | None
) -> None:
    for column in ("before", "after", "imported"):
        values = {"before": VALUES.get(field), "after": VALUES.get(field), "imported": VALUES.get(field)}
        values |= {column: value, "field": field, "book_id": book_id}  # type: ignore[dict-item]
        with pytest.raises((IntegrityError, DataError)), connection.begin_nested():
            connection.execute(
                text(
                    "INSERT INTO corrections (book_id, field, before, after, imported)"
                    " VALUES (:book_id, :field, :before, :after, :imported)"
                ),
                values,
            )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((field, "\U0001f4da" * most) for field, most in LONGEST.items()),
        ("year", str(limits.YEAR_MIN)),
        ("year", str(limits.YEAR_MAX)),
        ("pages", str(limits.PAGES_MAX)),
    ],
)
def test_a_limit_itself_is_taken(connection: Connection, book_id: int, mo: Reader, field: str, value: str) -> None:
    assert correct(connection, book_id, mo, field, value)
    assert select_values(connection, book_id)[field] == value
