"""The reviews that others have written of a book's work: in an order, some of them only, page by page.

An order by stars or helpfulness, and a filter, merge what an index has of each number of stars: so a page reads at most
five times the rows that it shows, also of a million reviews.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from sqlalchemy import Connection, text

from flyleaf.limits import RATING_MAX, RATING_MIN, REVIEWS_ON_A_PAGE
from flyleaf.paging import Key, Page
from flyleaf.queries.keyset import Listed, select_page
from flyleaf.queries.reviews import COLUMNS, JOINED, Review, make_review


class ReviewOrder(StrEnum):
    NEWEST = "newest"
    HELPFUL = "helpful"  # what most readers found helpful first
    RATING = "rating"  # the most stars first


@dataclass(frozen=True, slots=True)
class Listing:
    """In which order reviews are listed, and which: of a number of stars, or written in a language."""

    order: ReviewOrder = ReviewOrder.NEWEST
    rating: int | None = None
    written_in: str | None = None

    @property
    def arguments(self) -> dict[str, str]:
        """Return the query arguments that differ from the usual list."""
        named = {"order": self.order.value if self.order != ReviewOrder.NEWEST else None}
        named |= {"stars": None if self.rating is None else str(self.rating), "written_in": self.written_in}
        return {name: value for name, value in named.items() if value}


NEWEST_FIRST = Listing()
_VALUES = {ReviewOrder.NEWEST: None, ReviewOrder.HELPFUL: "helpful_count", ReviewOrder.RATING: "rating"}


# Of the work; or of a book whose work is not known yet.
_OF_WORK = """
    SELECT review_id AS id
      FROM search_reviews
     WHERE work_id = (SELECT work_id FROM search_editions WHERE book_id = :book_id)
       AND is_visible
       AND NOT is_superseded
       AND reader_id IS DISTINCT FROM :without_reader_id
"""
_OF_BOOK = """
    SELECT id
      FROM reviews
     WHERE NOT EXISTS (SELECT FROM search_editions WHERE book_id = :book_id)
       AND book_id = :book_id
       AND hidden_at IS NULL
       AND NOT is_private
       AND counts_from IS NULL
       AND reader_id IS DISTINCT FROM :without_reader_id
"""
_BY_OTHERS = Listed(
    older=text(f"""
        SELECT {COLUMNS}
          FROM (({_OF_WORK}
                    AND (created_at, review_id) < (:at, :id)
                  ORDER BY created_at DESC, review_id DESC
                  LIMIT :limit)
                 UNION ALL
                ({_OF_BOOK}
                    AND (created_at, id) < (:at, :id)
                  ORDER BY created_at DESC, id DESC
                  LIMIT :limit)) AS found
          JOIN reviews AS r ON r.id = found.id
          {JOINED}
         ORDER BY r.created_at DESC, r.id DESC
         LIMIT :limit"""),  # noqa: S608  # constants
    newer=text(f"""
        SELECT {COLUMNS}
          FROM (({_OF_WORK}
                    AND (created_at, review_id) > (:at, :id)
                  ORDER BY created_at, review_id
                  LIMIT :limit)
                 UNION ALL
                ({_OF_BOOK}
                    AND (created_at, id) > (:at, :id)
                  ORDER BY created_at, id
                  LIMIT :limit)) AS found
          JOIN reviews AS r ON r.id = found.id
          {JOINED}
         ORDER BY r.created_at, r.id
         LIMIT :limit"""),  # noqa: S608  # constants
)


def _merged(value: str | None, *, in_language: bool, newer: bool) -> str:
    """Return the statement for a page of the reviews of some numbers of stars."""
    columns = [column for column in (value, "created_at", "review_id") if column]
    place = [name for name in (":value" if value else "", ":at", ":id") if name]
    direction = "" if newer else " DESC"
    order = ", ".join(f"{{}}{column}{direction}" for column in columns)
    return f"""
        SELECT {COLUMNS}
          FROM (SELECT one.*
                  FROM unnest(CAST(:ratings AS smallint[])) AS stars
                 CROSS JOIN LATERAL (
                       SELECT review_id, rating, helpful_count, created_at
                         FROM search_reviews
                        WHERE work_id = (SELECT work_id FROM search_editions WHERE book_id = :book_id)
                          AND rating = stars
                          {"AND language = :written_in" if in_language else ""}
                          AND is_visible
                          AND NOT is_superseded
                          AND reader_id IS DISTINCT FROM :without_reader_id
                          AND ({", ".join(columns)}) {">" if newer else "<"} ({", ".join(place)})
                        ORDER BY {order.replace("{}", "")}
                        LIMIT :limit) AS one
                 ORDER BY {order.replace("{}", "one.")}
                 LIMIT :limit) AS found
          JOIN reviews AS r ON r.id = found.review_id
          {JOINED}
         ORDER BY {order.replace("{}", "found.")}
    """  # noqa: S608  # constants


_LISTED = {
    (order, in_language): Listed(
        older=text(_merged(value, in_language=in_language, newer=False)),
        newer=text(_merged(value, in_language=in_language, newer=True)),
    )
    for order, value in _VALUES.items()
    for in_language in (False, True)
}
# A loose index scan: one index lookup per number of stars and language.
_LANGUAGES = text("""
    WITH RECURSIVE work AS (SELECT work_id FROM search_editions WHERE book_id = :book_id),
    languages AS (
        (SELECT language FROM search_reviews
          WHERE work_id = (SELECT work_id FROM work) AND language > '' AND is_visible AND NOT is_superseded
          ORDER BY language LIMIT 1)
         UNION ALL
        SELECT (SELECT one.language FROM search_reviews AS one
                 WHERE one.work_id = (SELECT work_id FROM work) AND one.language > languages.language
                   AND one.is_visible AND NOT one.is_superseded
                 ORDER BY one.language LIMIT 1)
          FROM languages
         WHERE languages.language IS NOT NULL
    )
    SELECT language FROM languages WHERE language IS NOT NULL ORDER BY language LIMIT 100
""")


def select_reviews(
    connection: Connection,
    book_id: int,
    place: Key,
    *,
    without_reader_id: int,
    listing: Listing = NEWEST_FIRST,
) -> Page[Review]:
    """Return the page of the reviews of a book's work at the place, without those of the given reader."""
    named: dict[str, object] = {"book_id": book_id, "without_reader_id": without_reader_id}
    listed, value = _BY_OTHERS, None
    if listing != NEWEST_FIRST:
        listed = _LISTED[listing.order, listing.written_in is not None]
        stars = range(RATING_MIN, RATING_MAX + 1) if listing.rating is None else (listing.rating,)
        named |= {"ratings": list(stars), "written_in": listing.written_in}
        value = _value_of(listing.order)
    make = partial(make_review, book_id)
    return select_page(
        connection, listed, named, place, REVIEWS_ON_A_PAGE, make, lambda one: (one.created_at, one.id), value
    )


def _value_of(order: ReviewOrder) -> Callable[[Review], int] | None:
    if order == ReviewOrder.NEWEST:
        return None
    return (lambda one: one.helpful_count) if order == ReviewOrder.HELPFUL else (lambda one: one.rating)


def select_review_languages(connection: Connection, book_id: int) -> list[str]:
    """Return the codes of the languages in which the visible reviews of a book's work are written."""
    return list(connection.execute(_LANGUAGES, {"book_id": book_id}).scalars())
