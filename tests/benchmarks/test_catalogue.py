"""The catalogue that is made for the benchmark of the search."""

import csv
from collections import Counter
from itertools import islice
from pathlib import Path

from benchmarks.search.catalogue import COLUMNS, Row, make, write
from flyleaf.importing.command import BOOKS
from flyleaf.isbn import isbn13

with BOOKS.open(encoding="utf-8", newline="") as file:
    SHIPPED = [(book["isbn"], book["title"], book["author"], int(book["year"])) for book in csv.DictReader(file)]


def made(seed: int, books: int) -> list[Row]:
    """The new ones only."""
    return list(islice(make(len(SHIPPED) + books, seed), len(SHIPPED), None))


def test_the_books_that_are_shipped_come_first() -> None:
    assert [row[:4] for row in make(len(SHIPPED), 42)] == SHIPPED


def test_a_seed_makes_the_same_books_each_time_and_another_seed_others() -> None:
    assert made(1, 300) == made(1, 300)
    assert made(1, 300) != made(2, 300)


def test_every_isbn_is_valid_and_there_once() -> None:
    isbns = [isbn13(row.isbn) for row in made(42, 5000)]
    assert None not in isbns
    assert len(set(isbns)) == 5000


def test_words_authors_and_popularity_are_spread_as_in_a_real_catalogue() -> None:
    rows = made(42, 20_000)
    words = Counter(word for row in rows for word in row.title.casefold().split())
    assert words["the"] > len(rows) / 4
    assert sum(count == 1 for count in words.values()) > len(words) / 4
    authors = Counter(row.author for row in rows)
    assert authors.most_common(1)[0][1] > 10 * len(rows) / len(authors)
    counts = sorted((row.ratings_count for row in rows), reverse=True)
    assert sum(counts[:200]) > sum(counts) / 3


def test_some_works_have_editions_and_some_titles_accents() -> None:
    rows = made(42, 3000)
    works = Counter((row.title, row.author) for row in rows)
    assert 0.6 < len(works) / len(rows) < 0.95
    assert max(works.values()) > 3
    assert any(not row.title.isascii() for row in rows)


def test_the_file_is_one_that_the_importer_takes(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.csv"
    write(path, 50, 1)
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert tuple(header) == COLUMNS
    assert len(rows) == 50
    assert all(1 <= float(row[4]) <= 5 and int(row[5]) >= 3 for row in rows)
