"""The search: from a typed query to a typed page of results. Nothing else in the site knows how books are found."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from flyleaf import isbn as isbns
from flyleaf.limits import PAGE_SIZE

WORDS_MAX = 12  # of a query are looked at
ISBN_PART = re.compile(r"[0-9][0-9 -]{2,16}[0-9Xx]?")


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """`text` as the reader typed it; `page` counts from 1."""

    text: str
    page: int = 1
    page_size: int = PAGE_SIZE


@dataclass(frozen=True, slots=True)
class Match:
    """Why a book is among the results: the fields that matched, and the words, folded."""

    stage: str
    fields: list[str]
    words: list[str]


@dataclass(frozen=True, slots=True)
class SearchResult:
    isbn: str
    title: str
    author: str
    year: int | None
    review_count: int
    average_score: float | None
    match: Match


@dataclass(frozen=True, slots=True)
class SearchPage:
    """`corrected_query`: what was searched instead of `query`, or None."""

    query: str
    results: list[SearchResult]
    page: int
    has_next: bool
    corrected_query: str | None = None


def search_books(connection: Connection, query: SearchQuery) -> SearchPage:
    """The books that hold every word of the query, in any order, anywhere in title or author; or its part of an ISBN.

    An exact title comes first, then an exact author, titles that begin so, and so on; the order is total.
    """
    folded: str = connection.execute(text("SELECT fold(:typed)"), {"typed": query.text}).scalar_one()
    words = folded.split()[:WORDS_MAX]
    compact = _isbn_part(query.text)
    if not words:
        return SearchPage(query.text, [], query.page, has_next=False)
    rows = connection.execute(
        text("""
            SELECT b.isbn, b.title, b.author, b.year, b.folded_title, b.folded_author,
                   coalesce(c.review_count, 0), c.rating_sum
              FROM books AS b
              LEFT JOIN rating_counts AS c ON c.book_id = b.id
             WHERE b.folded_title || ' ' || b.folded_author LIKE ALL (:patterns)
                OR b.isbn || ' ' || coalesce(b.isbn13, '') LIKE :isbn_pattern
             ORDER BY b.folded_title = :folded DESC,
                      b.folded_author = :folded DESC,
                      b.folded_title LIKE :begins DESC,
                      ' ' || b.folded_title || ' ' || b.folded_author LIKE ALL (:beginnings) DESC,
                      coalesce(c.review_count, 0) DESC,
                      char_length(b.folded_title),
                      b.folded_title, b.id
             LIMIT :limit OFFSET :offset
        """),
        {
            "folded": folded,
            "patterns": [f"%{word}%" for word in words],
            "beginnings": [f"% {word}%" for word in words],
            "begins": f"{folded}%",
            "isbn_pattern": f"%{compact}%" if compact else None,
            "limit": query.page_size + 1,
            "offset": (query.page - 1) * query.page_size,
        },
    ).all()
    results = [_result(tuple(row), words, compact) for row in rows[: query.page_size]]
    return SearchPage(query.text, results, query.page, has_next=len(rows) > query.page_size)


def _isbn_part(typed: str) -> str | None:
    """The part of an ISBN that was typed; None where it is none. A whole one as books.identity has it."""
    compact = re.sub("[ -]", "", typed).upper() if ISBN_PART.fullmatch(typed.strip()) else None
    if compact is not None and len(compact) in (10, 13):
        with suppress(isbns.IsbnError):
            return isbns.parse(compact).identity
    return compact


def _result(columns: Sequence[Any], words: Sequence[str], compact: str | None) -> SearchResult:
    isbn, title, author, year, folded_title, folded_author, review_count, rating_sum = columns
    fields = {"title": folded_title, "author": folded_author}
    matched = [name for name, folded in fields.items() if any(word in folded for word in words)]
    match = Match("words", matched, list(words))
    if not all(word in f"{folded_title} {folded_author}" for word in words):
        match = Match("isbn", ["isbn"], [compact or ""])
    average = round(rating_sum / review_count, 2) if review_count else None
    return SearchResult(isbn, title, author, year, review_count, average, match)
