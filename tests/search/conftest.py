"""A database of its own, with a small catalogue made for these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, text

from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.importing.command import BOOKS
from tests.importing.files import imported
from tests.postgresql import Server

# isbn13, title, author, year, language, ratings_count
CATALOGUE = [
    ("9780439139601", "Harry Potter and the Goblet of Fire", "J. K. Rowling", 2000, "eng", 2_000_000),
    ("9780439064873", "Harry Potter and the Chamber of Secrets", "J. K. Rowling", 1999, "eng", 1_900_000),
    ("9780261103573", "The Fellowship of the Ring", "J.R.R. Tolkien", 1954, "eng", 1_500_000),
    ("9780547928227", "The Hobbit", "John Ronald Reuel Tolkien", 1937, "eng", 1_600_000),
    ("9780553103540", "A Game of Thrones", "George R. R. Martin", 1996, "eng", 1_200_000),
    ("9780553573404", "A Game of Thrones", "George R.R. Martin", 1997, "eng", 1_100_000),
    ("9780553381689", "A Game of Thrones", "George R. R. Martin", 2002, "ger", 10),
    ("9780345806975", "Airport", "Arthur Hailey", 1968, "eng", 5_000),
    ("9780451524935", "It", "Stephen King", 1986, "eng", 800_000),
    ("9780525520375", "There There", "Tommy Orange", 2018, "eng", 90_000),
    ("9780571334650", "The The", "Sam Stop", 2017, "eng", 3),
    ("9780060934347", "If", "Rudyard Kipling", 1910, "eng", 500),
    ("9780140449174", "Anna Karenina", "Leo Tolstoy", 1878, "eng", 600_000),
    ("9785170907526", "Война и мир", "Лев Толстой", 1869, "rus", 4_000),
    ("9783423130219", "Krieg und Frieden", "Leo N. Tolstoi", 1956, "ger", 900),
    ("9780307474728", "Cien años de soledad", "Gabriel García Márquez", 1967, "spa", 700_000),
    ("9784101001548", "ノルウェイの森", "村上春樹", 1987, "jpn", 30_000),
    ("9782070360024", "L'Étranger", "Albert Camus", 1942, "fre", 650_000),
    ("9780140714548", "Henry V", "William Shakespeare", 1599, "eng", 50_000),
    ("9780140714555", "Henry IV, Part 1", "William Shakespeare", 1597, "eng", 48_000),
    ("9780345410054", "Rocky II", "Julia Sorel", 1979, "eng", 70),
    ("9780374528379", "A Wrinkle in Time", "Madeleine L'Engle", 1962, "eng", 900_000),
    ("9780141439518", "Pride & Prejudice", "Jane Austen", 1813, "eng", 3_000_000),
    ("9783150000014", "Die Verwandlung", "Franz Kafka", 1915, "ger", 40_000),
    ("9780441172719", "Dune", "Frank Herbert", 1965, "eng", 1_000_000),
    ("9780441172696", "Dune Messiah", "Frank Herbert", 1969, "eng", 150_000),
    ("9780679720201", "The Stranger", "Albert Camus", 1988, "eng", 100_000),
    ("9780451526342", "Nineteen Eighty-Four", "George Orwell", 1949, "eng", 2_000),
    ("9780684833392", "Catch-22", "Joseph Heller", 1961, "eng", 700_000),
    ("9783423010177", "Emil und die Detektive", "Erich Kästner", 1929, "ger", 9_000),
    ("9780000000002", "100% cotton_shirts \\ and more", "O'Brien, Patrick", 2001, "eng", 1),
]


@pytest.fixture(scope="session")
def engine(server: Server) -> Iterator[Engine]:
    database = Database(server.create_database("search", template="template"))
    with database.owner.begin() as connection:
        for book in CATALOGUE:
            insert(connection, *book)
    yield database.engine
    database.close()
    server.drop_database("search")


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A transaction that is rolled back: what a test changes, no other sees."""
    with engine.connect() as connection:
        yield connection
        connection.rollback()


def insert(
    connection: Connection,
    isbn: str,
    title: str,
    author: str = "",
    year: int | None = None,
    language: str | None = None,
    count: int | None = None,
) -> int:
    """One book, and how many ratings it has elsewhere."""
    book_id: int = connection.execute(
        text(
            """INSERT INTO books (isbn, isbn13, title, author, year, language, ratings_count)
               VALUES (:isbn, :isbn, :title, :author, :year, :language, :count) RETURNING id"""
        ),
        {"isbn": isbn, "title": title, "author": author, "year": year, "language": language, "count": count},
    ).scalar_one()
    return book_id


def review(connection: Connection, book_id: int, reader: str, rating: int) -> None:
    """A reader's review; the reader is made where there is none of the name."""
    reader_id = connection.execute(
        text(
            """INSERT INTO readers (name, name_key, password_hash) VALUES (:name, :name, '-')
               ON CONFLICT (name_key) DO UPDATE SET name = :name RETURNING id"""
        ),
        {"name": reader},
    ).scalar_one()
    connection.execute(
        text("INSERT INTO reviews (book_id, reader_id, rating, text) VALUES (:book, :reader, :rating, '')"),
        {"book": book_id, "reader": reader_id, "rating": rating},
    )


@pytest.fixture(scope="session")
def shipped(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A database with the books that are shipped, imported as a site's are."""
    database = Database(server.create_database("shipped", template="template"))
    url = database.engine.url.render_as_string()
    imported(Config(data=tmp_path_factory.mktemp("shipped"), database_url=url), BOOKS)
    with database.engine.connect() as connection:
        yield connection
    database.close()
    server.drop_database("shipped")
