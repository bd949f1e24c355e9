"""What the rows of an upload change about a reader's reviews, and how that is undone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from flyleaf.history import HistoryRow
from flyleaf.limits import HELD_DAYS
from flyleaf.queries.held_ratings import judge_ratings
from flyleaf.queries.reviews import UNIQUE_VIOLATION, delete_reviews, update_review
from flyleaf.queries.upload_entries import apart


@dataclass(frozen=True, slots=True)
class NewReview:
    """What the row with this number says of a book, as a review."""

    n: int
    book_id: int
    said: HistoryRow
    replaces: bool

    @property
    def stars(self) -> int:
        """Return the rating in whole stars, by which averages count."""
        return max(int((self.said.rating or Decimal(0)).to_integral_value(ROUND_HALF_UP)), 1)


# The reader's own review of the work of each book, also one that was withdrawn. A book whose work isn't known stands
# for itself.
_OWN = text("""
    SELECT wanted.book_id, coalesce(CAST(edition.work_id AS text), 'book ' || wanted.book_id) AS work, r.id, r.rating,
           r.exact_rating, r.text, r.is_private, r.language, r.created_at, r.edited_at, r.withdrawn_at
      FROM unnest(CAST(:book_ids AS bigint[])) AS wanted (book_id)
      LEFT JOIN search_editions AS edition ON edition.book_id = wanted.book_id
      LEFT JOIN search_reviews AS known
                ON known.work_id = edition.work_id AND known.reader_id = :reader_id AND NOT known.is_superseded
      LEFT JOIN reviews AS r
                ON r.id = coalesce(known.review_id, (SELECT id FROM reviews AS one
                                                      WHERE one.book_id = wanted.book_id
                                                        AND one.reader_id = :reader_id))
""")
_INSERT = text("""
    INSERT INTO reviews (book_id, reader_id, rating, exact_rating, text, is_private, language, created_at, is_new,
                         counts_from)
    SELECT book_id, :reader_id, rating, nullif(exact_rating, rating), words, is_private, language,
           coalesce(created_at, now()), :is_new AND NOT is_private,
           CASE WHEN book_id = ANY (:held) THEN now() + make_interval(days => :held_days) END
      FROM unnest(CAST(:book_ids AS bigint[]), CAST(:ratings AS int[]), CAST(:exact AS numeric[]),
                  CAST(:words AS text[]), CAST(:privates AS boolean[]), CAST(:languages AS text[]),
                  CAST(:created AS timestamptz[]))
               AS new (book_id, rating, exact_rating, words, is_private, language, created_at)
    ON CONFLICT (book_id, reader_id) DO NOTHING
    RETURNING id, book_id
""")
_WRITTEN = text("""
    SELECT id, rating, CAST(exact_rating AS text) AS exact_rating, md5(text) AS digest, is_private,
           CAST(edited_at AS text) AS edited_at
      FROM reviews
     WHERE id = ANY (:ids) AND reader_id = :reader_id AND withdrawn_at IS NULL
""")
_RESTORE = text("""
    UPDATE reviews
       SET rating = :rating, exact_rating = CAST(:exact_rating AS numeric), text = :text, is_private = :is_private,
           language = CASE WHEN :has_language THEN :language ELSE language END,
           edited_at = CAST(:edited_at AS timestamptz)
     WHERE id = :id
""")


def write_reviews(
    connection: Connection, reader_id: int, reviews: Sequence[NewReview], *, is_private: bool
) -> dict[int, dict[str, Any]]:
    """Write reviews of works that the reader has not reviewed, and those that replace the reader's own. Return what was
    written and what was there before, by the rows' numbers, for `undo_reviews`."""
    while True:
        try:
            with connection.begin_nested():
                return _write(connection, reader_id, reviews, is_private=is_private)
        except IntegrityError as error:  # the reader has just reviewed one of the works, and next time that is seen
            if getattr(error.orig, "pgcode", None) != UNIQUE_VIOLATION:
                raise


def _write(
    connection: Connection, reader_id: int, reviews: Sequence[NewReview], *, is_private: bool
) -> dict[int, dict[str, Any]]:
    own = {
        row.book_id: row
        for row in connection.execute(
            _OWN, {"reader_id": reader_id, "book_ids": sorted({new.book_id for new in reviews})}
        )
    }
    seen: set[str] = set()
    new, changed, later = [], [], []
    for review in reviews:
        known = own[review.book_id]
        if known.work in seen:  # an earlier row of the file is about the same work
            if review.replaces:
                later.append(review)
            continue
        seen.add(known.work)
        if known.id is None:
            new.append(review)
        elif review.replaces and known.withdrawn_at is None:
            changed.append(review)
    ids = _insert(connection, reader_id, new, is_private=is_private)
    before: dict[int, Mapping[str, Any]] = {}
    for review in changed:
        known = own[review.book_id]
        becomes_private = (is_private or review.said.is_private) and not known.is_private
        has_same_text = known.text == review.said.review
        language = review.said.written_in or (known.language if has_same_text else None)
        has_same_rating = (known.exact_rating or known.rating) == review.said.rating
        if has_same_text and has_same_rating and language == known.language and not becomes_private:
            continue
        update_review(
            connection, review.book_id, reader_id, review.stars, review.said.review,
            exact_rating=float(review.said.rating or 0), is_private=becomes_private or None,
            language=language or "",
        )  # fmt: skip
        ids[review.n] = known.id
        before[review.n] = {
            "rating": known.rating,
            "exact_rating": None if known.exact_rating is None else str(known.exact_rating),
            "text": known.text,
            "is_private": known.is_private,
            "language": known.language,
            "edited_at": known.edited_at and known.edited_at.isoformat(),
        }
    after = _written(connection, reader_id, list(ids.values()))
    written = {n: {"id": id_, "before": before.get(n), "after": after[id_]} for n, id_ in ids.items() if id_ in after}
    return written | (_write(connection, reader_id, later, is_private=is_private) if later else {})


def undo_reviews(connection: Connection, reader_id: int, written: Mapping[int, Mapping[str, Any]]) -> set[int]:
    """Delete the reviews that were written of the rows with these numbers, or restore what was there, one after the
    other. Return the numbers of those that the reader has changed since: they stay."""
    kept: set[int] = set()
    for some in apart(written):
        now = _written(connection, reader_id, [one["id"] for one in some.values()])
        there = {n: one for n, one in some.items() if one["id"] in now}
        unchanged = {n: one for n, one in there.items() if now[one["id"]] == one["after"]}
        kept |= there.keys() - unchanged.keys()
        delete_reviews(connection, [one["id"] for one in unchanged.values() if one["before"] is None], reader_id)
        for one in unchanged.values():
            if one["before"] is not None:
                # What was written by an earlier version left the language as it was.
                language = {"language": None, "has_language": "language" in one["before"]}
                connection.execute(_RESTORE, {"id": one["id"], **language, **one["before"]})
    return kept


def _insert(
    connection: Connection, reader_id: int, reviews: Sequence[NewReview], *, is_private: bool
) -> dict[int, int]:
    """Return the ids of the new reviews by the rows' numbers."""
    public = [] if is_private else [review.book_id for review in reviews if not review.said.is_private]
    is_new, held = judge_ratings(connection, public, reader_id)
    values = {
        "reader_id": reader_id,
        "is_new": is_new,
        "held": list(held),
        "held_days": HELD_DAYS,
        "book_ids": [review.book_id for review in reviews],
        "ratings": [review.stars for review in reviews],
        "exact": [review.said.rating for review in reviews],
        "words": [review.said.review for review in reviews],
        "privates": [is_private or review.said.is_private for review in reviews],
        "languages": [review.said.written_in for review in reviews],
        "created": [review.said.reviewed_at for review in reviews],
    }
    inserted = {row.book_id: row.id for row in connection.execute(_INSERT, values)}
    return {review.n: inserted[review.book_id] for review in reviews if review.book_id in inserted}


def _written(connection: Connection, reader_id: int, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return what these reviews say, by their ids, in a form that can be compared later."""
    rows = connection.execute(_WRITTEN, {"reader_id": reader_id, "ids": list(ids)})
    return {row.id: {name: value for name, value in row._mapping.items() if name != "id"} for row in rows}
