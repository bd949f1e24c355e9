"""A simple engine to compare with: SQLite's FTS5, which is asked for any of the words and ranks by bm25() alone.

It doesn't handle typos, unfinished words, ISBNs, numerals or popularity. It shows what BM25 achieves by itself: an
extra word costs little, and a rare word counts for more than a common one.
"""

import csv
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from benchmarks.search.scoring import SHOWN, Found

TITLE, AUTHOR = 2.0, 1.0  # weights of a word
MOST_WORDS = 12  # words of a query, as in our search
CANDIDATES = 100  # rows, before editions of one work are merged
FILE = "fts5.sqlite"
SCHEMA = """
CREATE TABLE books (id INTEGER PRIMARY KEY, isbn TEXT NOT NULL, title TEXT NOT NULL, author TEXT NOT NULL);
CREATE VIRTUAL TABLE words USING fts5(
    title, author, content = 'books', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
"""


def build(catalogue: Path, folder: Path) -> None:
    """Index the catalogue, ready for searching."""
    folder.mkdir(exist_ok=True)
    (folder / FILE).unlink(missing_ok=True)
    with sqlite3.connect(folder / FILE) as connection:
        connection.executescript(SCHEMA)
        connection.executemany("INSERT INTO books (isbn, title, author) VALUES (?, ?, ?)", _rows(catalogue))
        connection.execute("INSERT INTO words (words) VALUES ('rebuild')")
        connection.execute("INSERT INTO words (words) VALUES ('optimize')")
    connection.close()


def _rows(catalogue: Path) -> Iterator[tuple[str, str, str]]:
    with catalogue.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["isbn"], row["title"], row["author"]


class Fts5:
    """A searcher over a built index."""

    def __init__(self, folder: Path) -> None:
        self._connection = sqlite3.connect(folder / FILE)

    def search(self, text: str) -> list[Found]:
        typed = dict.fromkeys(text.lower().replace('"', " ").replace("\x00", " ").split())
        words = [word for word in typed if any(map(str.isalnum, word))][:MOST_WORDS]
        if not words:
            return []
        found = self._connection.execute(
            """SELECT books.isbn, books.title, books.author
                 FROM words JOIN books ON books.id = words.rowid
                WHERE words MATCH ?
                ORDER BY bm25(words, ?, ?), books.id
                LIMIT ?""",
            (" OR ".join(f'"{word}"' for word in words), TITLE, AUTHOR, CANDIDATES),
        )
        works: dict[tuple[str, str], Found] = {}
        for isbn, title, author in found:
            works.setdefault((title, author), (isbn, title, author))
        return list(works.values())[:SHOWN]
