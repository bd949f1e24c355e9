"""Suggestions while typing: titles and authors that may become the query."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from flyleaf.search import identifier_stage, isbn_stage
from flyleaf.search.candidates import Limits
from flyleaf.search.engine import as_typed, correct
from flyleaf.search.gathering import POPULAR
from flyleaf.search.matching import Match
from flyleaf.search.pieces import Piece
from flyleaf.search.reading import clean
from flyleaf.search.schema import require
from flyleaf.search.timing import stage

TYPO_FROM = 4  # letters
LIMITS = Limits(popular=POPULAR, others=50, enough=8, common=20_000)  # a commoner prefix: popular works alone

_TEXTS = text("""
    SELECT work.id, title, author, coalesce(isbn, identity) AS address
      FROM search_works AS work JOIN books ON books.id = work.lead_book_id
     WHERE work.id = ANY (:works)
     ORDER BY work.id LIMIT 100""")


@dataclass(frozen=True)
class Suggestion:
    """`kind` is title or author; a title comes with its author and the address of its book. The text of an author is
    the name under which the author's page is found."""

    text: str
    kind: str
    author: str | None = None
    address: str | None = None


@stage("suggestions")
def suggest(connection: Connection, typed: str, limit: int = 8) -> list[Suggestion]:
    """At most `limit` titles and authors that the text may be the beginning of, the likeliest first.

    Raises SearchNotReadyError.
    """
    require(connection)
    if identifiers := identifier_stage.asked(typed):
        books = identifier_stage.find(connection, identifiers, limit).shown
        if books:
            return [Suggestion(book.title, "title", book.author, book.address) for book in books]
    number = isbn_stage.compact(typed)
    if number is not None and (books := isbn_stage.find(connection, [number], limit, unfinished=True).shown):
        return [Suggestion(book.title, "title", book.author, book.address) for book in books]
    search = as_typed(connection, [Piece(clean(typed))], limits=LIMITS._replace(enough=limit))
    if search.query.words and len(search.matches) < limit // 2 and len(search.query.key) >= TYPO_FROM:
        correct(search)
    return _texts(connection, search.ranked(), limit)


def _texts(connection: Connection, matches: list[Match], limit: int) -> list[Suggestion]:
    """Authors where the words are all the author's, titles else; each text once."""
    chosen: dict[tuple[str, str], Match] = {}
    for match in matches:
        kind = "author" if match.fields == ("author",) else "title"
        key = match.candidate.author_key if kind == "author" else match.candidate.title_key
        chosen.setdefault((kind, key), match)
        if len(chosen) == limit:
            break
    works = [match.candidate.id for match in chosen.values()]
    rows = {row.id: row for row in connection.execute(_TEXTS, {"works": works})}
    suggestions = []
    for (kind, _), match in chosen.items():
        row = rows.get(match.candidate.id)
        if row is not None:
            suggestions.append(
                Suggestion(row.author, kind)
                if kind == "author"
                else Suggestion(row.title, kind, row.author, row.address)
            )
    return suggestions
