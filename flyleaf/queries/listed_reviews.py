"""The reviews that others have written of a book's work, page by page."""

from functools import partial

from sqlalchemy import Connection, text

from flyleaf.limits import REVIEWS_ON_A_PAGE
from flyleaf.paging import Key, Page
from flyleaf.queries.keyset import Listed, select_page
from flyleaf.queries.reviews import COLUMNS, JOINED, Review, make_review

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


def select_reviews(connection: Connection, book_id: int, place: Key, *, without_reader_id: int) -> Page[Review]:
    """Return the page of the reviews of a book's work at the place, newest first, without those of the given reader."""
    named = {"book_id": book_id, "without_reader_id": without_reader_id}
    make = partial(make_review, book_id)
    return select_page(
        connection, _BY_OTHERS, named, place, REVIEWS_ON_A_PAGE, make, lambda one: (one.created_at, one.id)
    )
