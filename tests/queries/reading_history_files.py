"""Exports of readers' books as the sites write them, made of a few cells: only what says which book is meant."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from flyleaf.exporting import HISTORY_COLUMNS
from flyleaf.isbn import parse


class Cells(NamedTuple):
    """What a site has about a book. `isbn` has ten or thirteen digits, or is empty."""

    title: str
    author: str
    other_authors: str
    isbn: str

    @property
    def authors(self) -> str:
        return ", ".join(filter(None, (self.author, self.other_authors)))

    @property
    def isbn10(self) -> str:
        return self.isbn if len(self.isbn) == 10 else ""

    @property
    def isbn13(self) -> str:
        return str(parse(self.isbn).isbn13) if self.isbn else ""


def _table(columns: str, rows: Sequence[Mapping[str, str]], delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns.split(","), restval="", delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def goodreads(books: Sequence[Cells]) -> str:
    return _table(
        ",".join(HISTORY_COLUMNS[:24]),
        [
            {
                "Title": book.title,
                "Author": book.author,
                "Additional Authors": book.other_authors,
                "ISBN": f'="{book.isbn10}"',
                "ISBN13": f'="{book.isbn13}"',
                "Exclusive Shelf": "read",
            }
            for book in books
        ],
    )


def storygraph(books: Sequence[Cells]) -> str:
    return _table(
        "Title,Authors,Contributors,ISBN/UID,Format,Read Status,Date Added,Last Date Read,Dates Read,Read Count,"
        "Star Rating,Review,Tags,Owned?",
        [
            {"Title": book.title, "Authors": book.authors, "ISBN/UID": book.isbn, "Read Status": "read"}
            for book in books
        ],
    )


def librarything(books: Sequence[Cells]) -> str:
    return _table(
        "Book Id,Title,Primary Author,Secondary Author,Publication,Date,Review,Rating,Private Comment,Date Started,"
        "Date Read,Tags,Collections,ISBN,ISBNs,Entry Date",
        [
            {
                "Title": book.title,
                "Primary Author": book.author,
                "Secondary Author": book.other_authors,
                "Collections": "Your library",
                "ISBN": f"[{book.isbn}]",
                "ISBNs": book.isbn,
            }
            for book in books
        ],
        "\t",
    )


def librarything_json(books: Sequence[Cells]) -> str:
    return json.dumps(
        {
            str(number): {
                "books_id": str(number),
                "title": book.title,
                "primaryauthor": book.author,
                "collections": ["Your library"],
            }
            | ({"isbn": {"0": book.isbn, "2": book.isbn13}, "originalisbn": book.isbn} if book.isbn else {})
            for number, book in enumerate(books, 1)
        }
    )


def bookwyrm(books: Sequence[Cells]) -> str:
    return _table(
        "title,author_text,remote_id,openlibrary_key,goodreads_key,isbn_10,isbn_13,start_date,finish_date,stopped_date,"
        "rating,review_name,review_cw,review_content,review_published,shelf,shelf_name,shelf_date",
        [
            {
                "title": book.title,
                "author_text": book.authors,
                "isbn_10": book.isbn10,
                "isbn_13": book.isbn13,
                "shelf": "read",
                "shelf_name": "Read",
            }
            for book in books
        ],
    )


def openreads(books: Sequence[Cells]) -> str:
    return _table(
        "title,subtitle,author,description,status,favourite,deleted,rating,pages,publisher,publication_year,isbn,olid,"
        "tags,my_review,notes,book_format,readings,date_added,date_modified",
        [{"title": book.title, "author": book.authors, "isbn": book.isbn, "status": "finished"} for book in books],
    )


def calibre(books: Sequence[Cells]) -> str:
    return _table(
        "author_sort,authors,comments,identifiers,isbn,languages,pubdate,publisher,rating,series,series_index,tags,"
        "timestamp,title,title_sort,uuid",
        [
            {
                "authors": book.author,
                "title": book.title,
                "isbn": book.isbn,
                "identifiers": f"isbn:{book.isbn}" if book.isbn else "",
            }
            for book in books
        ],
    )


def flyleaf(books: Sequence[Cells]) -> str:
    return _table(
        ",".join(HISTORY_COLUMNS),
        [
            {
                "Title": book.title,
                "Author": book.author,
                "Additional Authors": book.other_authors,
                "ISBN": book.isbn,
                "ISBN13": book.isbn13,
                "Exclusive Shelf": "read",
            }
            for book in books
        ],
    )


SITES: Mapping[str, Callable[[Sequence[Cells]], str]] = {
    "goodreads": goodreads,
    "storygraph": storygraph,
    "librarything": librarything,
    "librarything-json": librarything_json,
    "bookwyrm": bookwyrm,
    "openreads": openreads,
    "calibre": calibre,
    "flyleaf": flyleaf,
}
