"""Choose the books that Flyleaf ships as books.csv from a library's records.

    python -m scripts.choose_books RAW.csv.gz OUT.csv

RAW.csv.gz has the columns isbn, title, author, year, publisher, language (MARC code) and lcc (the class mark of the
Library of Congress). The works in known_works.csv are added before any record. docs/books.md describes the rule. The
same input always produces the same bytes.
"""

import csv
import gzip
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.catalogue_cleaning import clean_name, clean_title, isbn_13, plain
from scripts.known_works import KnownWork, read_known_works
from scripts.name_lists import KnownAuthor, read_known_authors, read_trade_publishers
from scripts.shelves import is_dull, shelf_of, writes_own_work

HERE = Path(__file__).parent
KNOWN_WORKS = HERE / "known_works.csv"
FIRST_YEAR, LAST_YEAR = 1450, 2001
UNKNOWN_YEAR = 1900  # the records' year for an uncertain date in the twentieth century

# The most books that a shelf takes by authors who are not on the list, by the book's language (MARC code).
QUOTAS = {
    "children": {"eng": 1100},
    "literature": (
        {"eng": 2000, "spa": 500, "por": 100, "fre": 160, "ger": 160, "ita": 100, "dut": 50}
        | dict.fromkeys(("cat", "pol", "swe"), 40)
        | dict.fromkeys(("cze", "dan", "hun", "nor"), 30)
        | dict.fromkeys(("fin", "glg", "ice", "rum", "tur"), 20)
    ),
    "history": {"eng": 650, "spa": 80, "por": 20},
    "ideas": {"eng": 300},
    "science": {"eng": 250},
    "arts": {"eng": 250},
    "home": {"eng": 200},
}
# Languages in other scripts, or with few readers on the site: only books by known authors are taken.
MORE_LANGUAGES_OF_KNOWN_AUTHORS = ("rus", "ukr", "bul", "slv", "hrv", "lat", "afr", "wel", "baq")
MOST_OF_ONE_AUTHOR = 5
ARTICLE = re.compile(r"^(?:the|an?) ")
KIND_OF_BOOK = re.compile(
    r": (?:an?|the)? ?(?:novel|memoir|stories|poems|play|story|tale|roman|romanzo|novela|romance)$"
)
SCHOOLBOOKS = re.compile(r"\b(?:college|reference|professional|school|academic|advanced book)\b")


@dataclass(frozen=True)
class Record:
    isbn: str
    title: str
    author: str
    year: str
    publisher: str
    language: str
    lcc: str


@dataclass(frozen=True)
class Book:
    record: Record
    title: str
    author: str
    known: bool
    series: str = ""

    @classmethod
    def of_known_work(cls, work: KnownWork) -> "Book":
        record = Record(work.isbn, work.title, work.author, work.year, publisher="", language=work.language, lcc="")
        return cls(record, work.title, work.author, known=True, series=work.series)

    @property
    def keys(self) -> set[object]:
        """Return the book's keys: two books that share one are the same work in the same language.

        Subtitles are kept for known authors, because only the subtitle tells some of their works apart.
        """
        main_title = KIND_OF_BOOK.sub("", self.title) if self.known else self.title.partition(": ")[0]
        works = {ARTICLE.sub("", plain(title)) for title in (self.title, main_title)}
        return {isbn_13(self.record.isbn), *((work, plain(self.author), self.record.language) for work in works)}

    @property
    def shelf(self) -> str:
        return shelf_of(self.record.lcc)


class Chooser:
    """Choose books from records, by the lists of names and by how many records each author has."""

    def __init__(self, records: Iterable[Record], works: Iterable[KnownWork]) -> None:
        self.records = list(records)
        self.works = [Book.of_known_work(work) for work in works]
        self.records_of = Counter(plain(record.author) for record in self.records)
        self.known_authors = read_known_authors(HERE / "known_authors.txt")
        self.trade_publishers = read_trade_publishers(HERE / "trade_publishers.txt")

    def choose(self) -> list[Book]:
        books = best_of_each_work((book for record in self.records if (book := self.as_book(record))), self.works)
        known = [book for book in books if book.known]
        return known + self.fill_shelves(book for book in books if not book.known)

    def as_book(self, record: Record) -> Book | None:
        """Return the record as readers would see it, or None if it doesn't belong on the list."""
        title = clean_title(record.title, record.language)
        if not title or not isbn_13(record.isbn) or not is_year_of_a_book(record.year):
            return None
        known = self.known_author(record)
        if known:
            return Book(record, title, known.name, known=True)
        author = clean_name(record.author)
        if author and " " in author and self.is_for_the_public(record, title):
            return Book(record, title, author, known=False)
        return None

    def known_author(self, record: Record) -> KnownAuthor | None:
        known = self.known_authors.get(plain(record.author))
        if not known or record.language not in (*QUOTAS["literature"], *MORE_LANGUAGES_OF_KNOWN_AUTHORS):
            return None
        return known if not known.classes or record.lcc.startswith(known.classes) else None

    def is_for_the_public(self, record: Record, title: str) -> bool:
        shelf = shelf_of(record.lcc)
        if record.language not in QUOTAS.get(shelf, {}) or is_dull(title):
            return False
        if shelf == "literature" and not writes_own_work(record.lcc, record.author):
            return False
        sections = [record.language]
        if shelf in ("literature", "children"):
            sections.append(f"{record.language}-fiction")
        publisher = plain(record.publisher)
        lists = (self.trade_publishers[section] for section in sections if section in self.trade_publishers)
        return any(names.search(publisher) for names in lists) and not SCHOOLBOOKS.search(publisher)

    def fill_shelves(self, books: Iterable[Book]) -> list[Book]:
        """Fill each shelf up to its quotas, authors with the most records first, then by ISBN."""
        left = Counter({(shelf, language): n for shelf, quota in QUOTAS.items() for language, n in quota.items()})
        of_author: Counter[str] = Counter()
        chosen = []
        for book in sorted(books, key=lambda b: (-self.records_of[plain(b.record.author)], b.record.isbn)):
            place, author = (book.shelf, book.record.language), plain(book.author)
            if left[place] and of_author[author] < MOST_OF_ONE_AUTHOR:
                left[place] -= 1
                of_author[author] += 1
                chosen.append(book)
        return chosen


def is_year_of_a_book(year: str) -> bool:
    return year.isdecimal() and FIRST_YEAR <= int(year) <= LAST_YEAR and int(year) != UNKNOWN_YEAR


def best_of_each_work(books: Iterable[Book], works: Iterable[Book]) -> list[Book]:
    """Return all of `works` and one record of every other work.

    Records whose title kept its accents are preferred, then those with the lowest ISBN.
    """
    best = list(works)
    taken: set[object] = set().union(*(work.keys for work in best))
    for book in sorted(books, key=lambda b: (b.title.isascii(), b.record.isbn)):
        if taken.isdisjoint(book.keys):
            best.append(book)
            taken |= book.keys
    return best


def read_records(path: Path) -> Iterator[Record]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Record(**row)


def write_books(path: Path, books: Iterable[Book]) -> None:
    """Write the books as CSV, ordered by author, title and ISBN."""
    in_order = sorted(books, key=lambda b: (plain(b.author), plain(b.title), b.record.isbn))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["isbn", "title", "author", "year", "language", "series"])
        writer.writerows(
            [b.record.isbn, b.title, b.author, b.record.year, b.record.language, b.series] for b in in_order
        )


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("Usage: python -m scripts.choose_books RAW.csv.gz OUT.csv")
    works = read_known_works(KNOWN_WORKS)
    books = Chooser(read_records(Path(sys.argv[1])), works).choose()
    write_books(Path(sys.argv[2]), books)
    known = sum(book.known for book in books)
    print(f"{len(books):,} books, {len(works):,} of them well-known works, {known:,} by known authors")
    shelves = Counter((book.shelf, book.record.language) for book in books if not book.known)
    for (shelf, language), count in sorted(shelves.items()):
        print(f"{count:6,}  {shelf}, {language}")


if __name__ == "__main__":
    main()
