"""Pages of a shelf: filtered, searched, in any order.

Each order has an index, from which a page of a shelf is read, whatever its depth. What a filter passes over is at most
the reader's own books. Only ratings have no index here, since they are those of the reader's reviews: to sort or filter
by them reads all of the reader's books.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, TextClause, text

from flyleaf.limits import RATING_MAX, SHELVED_ON_A_PAGE, YEAR_MAX, YEAR_MIN
from flyleaf.paging import Mark, Number, Page
from flyleaf.queries.named_shelves import Status
from flyleaf.queries.shelved_books import COLUMNS, JOINED, WITH_RATING, ShelvedBook, shelved_book

_NO_YEAR = -32_768  # as in the index: books of an unknown year come last
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NUMBER = re.compile("-?[0-9]{1,16}", re.ASCII)  # so many microseconds are 317 years


class Order(StrEnum):
    """How a shelf can be sorted: titles and surnames from A to Z, and what is newest or best first."""

    DATE = "date"  # when the book was put on a shelf
    TITLE = "title"
    AUTHOR = "author"
    RATING = "rating"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class ShelfQuery:
    """Which of a reader's books are asked for: those of a status, on a shelf that the reader has named, with these
    words in title or author, and with so many stars. None: any."""

    status: Status | None = None
    shelf_id: int | None = None
    words: str = ""
    rating: int | None = None
    order: Order = Order.DATE


_KEYS = {
    Order.DATE: "s.added_at",
    Order.TITLE: "s.title_key",
    Order.AUTHOR: "s.author_key",
    Order.RATING: "CAST(100 * coalesce(r.exact_rating, r.rating, 0) AS int)",  # there are quarters of stars
    Order.YEAR: f"coalesce(s.year, {_NO_YEAR})",
}
_UPWARDS = (Order.TITLE, Order.AUTHOR)


def _statement(order: Order, *, backwards: bool, with_rating: bool, with_mark: bool) -> TextClause:
    key = _KEYS[order]
    way, beyond = ("", ">") if (order in _UPWARDS) != backwards else (" DESC", "<")
    statement = f"""
        SELECT {COLUMNS}, found.sort_key
          FROM (SELECT s.id, {key} AS sort_key
                  FROM shelved_books AS s
                  {WITH_RATING if with_rating else ""}
                 WHERE s.reader_id = :reader_id
                   AND (CAST(:status AS text) IS NULL OR s.status = :status)
                   AND (CAST(:shelf_id AS bigint) IS NULL
                        OR EXISTS (SELECT FROM shelf_members AS member
                                    WHERE member.shelf_id = :shelf_id AND member.shelved_book_id = s.id))
                   AND (CAST(:words AS text) = '' OR s.title_key || ' ' || s.author_key LIKE ALL
                        (SELECT '%' || word || '%' FROM unnest(string_to_array(search_key(:words), ' ')) AS word))
                   {"AND (CAST(:rating AS int) IS NULL OR r.rating = :rating)" if with_rating else ""}
                   {f"AND ({key}, s.id) {beyond} (:key, :id)" if with_mark else ""}
                 ORDER BY {key}{way}, s.id{way}
                OFFSET :skipped
                 LIMIT :limit) AS found
          JOIN shelved_books AS s ON s.id = found.id
          {JOINED}
         ORDER BY found.sort_key{way}, s.id{way}
         LIMIT :limit"""  # noqa: S608  # constants
    return text(statement)


def select_shelf_page(
    connection: Connection, reader_id: int, query: ShelfQuery, place: Mark | Number, size: int = SHELVED_ON_A_PAGE
) -> Page[ShelvedBook]:
    """Return the page of a reader's books at the place. Raises ValueError if the place is of another order."""
    mark = place if isinstance(place, Mark) else None
    skipped = (place.page - 1) * size if isinstance(place, Number) else 0
    backwards = mark is not None and mark.backwards
    statement = _statement(
        query.order,
        backwards=backwards,
        with_rating=query.rating is not None or query.order is Order.RATING,
        with_mark=mark is not None,
    )
    rows = connection.execute(
        statement,
        {
            "reader_id": reader_id, "status": query.status, "shelf_id": query.shelf_id, "words": query.words,
            "rating": query.rating, "skipped": skipped, "limit": size + 1,
            "key": _read(query.order, mark.key) if mark else None, "id": mark.id if mark else None,
        },
    ).all()  # fmt: skip
    more, found = len(rows) > size, list(rows[:size])
    if backwards:
        if not more:
            return select_shelf_page(connection, reader_id, query, Number(1), size)
        found.reverse()
    items = [_item(**row._mapping) for row in found]
    is_first = place == Number(1)
    return Page(
        items,
        _mark(found[0], backwards=True) if items and not is_first else None,
        _mark(found[-1]) if items and (more or backwards) else None,
    )


def _item(*, sort_key: object, **columns: Any) -> ShelvedBook:
    return shelved_book(**columns)


def _mark(row: Any, *, backwards: bool = False) -> Mark:
    key = row.sort_key
    return Mark(str((key - _EPOCH) // _MICROSECOND) if isinstance(key, datetime) else str(key), row.id, backwards)


def _read(order: Order, written: str) -> object:
    """Return the value of a mark's key. Raises ValueError if no row of this order has such a key."""
    if order in _UPWARDS:
        return written
    if not _NUMBER.fullmatch(written):
        raise ValueError(written)
    number = int(written)
    if order is Order.DATE:
        return _EPOCH + number * _MICROSECOND
    least, most = (0, 100 * RATING_MAX) if order is Order.RATING else (min(_NO_YEAR, YEAR_MIN), YEAR_MAX)
    return min(max(number, least), most)
