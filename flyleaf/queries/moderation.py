"""Moderation: reviews that readers report and moderators hide.

Every function that changes a review, its reports or its book's counts locks the review first, which prevents deadlocks.
A trigger on the reports keeps the queue of reviews that wait for a moderator.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from flyleaf.limits import REASONS_SHOWN, REPORTED_ON_A_PAGE
from flyleaf.paging import Key, Page
from flyleaf.queries.keyset import Listed, select_page

_REVIEW = """
    r.id, coalesce(b.isbn, b.identity) AS address, b.title, b.author, b.language, r.reader_id,
    a.name AS reader_name, r.rating, r.text, r.created_at,
    r.edited_at, r.hidden_at, r.hidden_reason, r.withdrawn_at, r.is_private,
    CAST(r.exact_rating AS float8) AS exact_rating, r.language AS written_in, r.counts_from IS NOT NULL AS is_held,
    r.helpful_count,
    EXISTS (SELECT FROM search_reviews AS s WHERE s.review_id = r.id AND s.is_superseded) AS is_superseded
"""
_JOINED = "JOIN books AS b ON b.id = r.book_id LEFT JOIN readers AS a ON a.id = r.reader_id"
_WAITING = f"""
    SELECT {_REVIEW}, q.reports, q.reported_at,
           ARRAY(SELECT o.reason
                   FROM review_reports AS o
                  WHERE o.review_id = q.review_id AND o.settled_at IS NULL AND o.reason IS NOT NULL
                  ORDER BY o.reported_at DESC, o.reader_id
                  LIMIT {REASONS_SHOWN}) AS reasons
      FROM moderation_queue AS q
      JOIN reviews AS r ON r.id = q.review_id
      {_JOINED}
"""  # noqa: S608  # constants
_REPORTED = Listed(
    older=text(f"""{_WAITING}
     WHERE (q.reported_at, q.review_id) < (:at, :id)
     ORDER BY q.reported_at DESC, q.review_id DESC
     LIMIT :limit"""),
    newer=text(f"""{_WAITING}
     WHERE (q.reported_at, q.review_id) > (:at, :id)
     ORDER BY q.reported_at, q.review_id
     LIMIT :limit"""),
)
_HIDDEN = f"SELECT {_REVIEW} FROM reviews AS r {_JOINED} WHERE r.hidden_reason IS NOT NULL"  # noqa: S608  # constants
_ALL_HIDDEN = Listed(
    older=text(f"""{_HIDDEN}
       AND (greatest(r.hidden_at, r.edited_at), r.id) < (:at, :id)
     ORDER BY greatest(r.hidden_at, r.edited_at) DESC, r.id DESC
     LIMIT :limit"""),
    newer=text(f"""{_HIDDEN}
       AND (greatest(r.hidden_at, r.edited_at), r.id) > (:at, :id)
     ORDER BY greatest(r.hidden_at, r.edited_at), r.id
     LIMIT :limit"""),
)


@dataclass(frozen=True, slots=True)
class ModeratedReview:
    """A review with its book and its reader. The reader is None if the account was deleted. `withdrawn_at` is when the
    reader deleted it. Others don't see it if it `is_private`, or if it `is_superseded`: the reader has a newer one of
    the same work."""

    id: int
    address: str
    title: str
    author: str
    language: str | None
    reader_id: int | None
    reader_name: str | None
    rating: int
    text: str
    created_at: datetime
    edited_at: datetime | None
    hidden_at: datetime | None
    hidden_reason: str | None
    withdrawn_at: datetime | None
    is_private: bool
    exact_rating: float | None
    written_in: str | None
    is_held: bool
    helpful_count: int
    is_superseded: bool

    @property
    def moved_at(self) -> datetime:
        """Return when it was hidden or, if later, last edited: its place in the list of hidden reviews."""
        return max(at for at in (self.hidden_at, self.edited_at) if at is not None)


@dataclass(frozen=True, slots=True)
class ReportedReview:
    """A review that readers have reported. `reasons` are the latest reasons given."""

    review: ModeratedReview
    reports: int
    reported_at: datetime
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class OwnReport:
    """A report as its reader downloads it."""

    review_id: int
    isbn: str | None
    address: str
    reason: str | None
    reported_at: datetime


def select_moderated_review(connection: Connection, review_id: int) -> ModeratedReview | None:
    """Return the review. None for a private one, unless it was reported or hidden before."""
    row = connection.execute(
        text(f"""
            SELECT {_REVIEW}
              FROM reviews AS r
              {_JOINED}
             WHERE r.id = :review_id
               AND (NOT r.is_private
                    OR r.hidden_at IS NOT NULL
                    OR EXISTS (SELECT FROM review_reports AS o WHERE o.review_id = r.id))
        """),  # noqa: S608  # constants
        {"review_id": review_id},
    ).one_or_none()
    return ModeratedReview(**row._mapping) if row else None


def insert_report(connection: Connection, review_id: int, reader_id: int, reason: str | None) -> bool:
    """Report a review. Return False if the reader has already reported it, wrote it or can't see it.

    After a moderator has settled the report, the reader can report the review again once it has been edited.
    """
    row = connection.execute(
        text("""
            INSERT INTO review_reports AS report (review_id, reader_id, reason)
            SELECT found.review_id, found.reader_id, :reason
              FROM (SELECT r.id AS review_id, a.id AS reader_id
                      FROM reviews AS r
                     CROSS JOIN readers AS a
                     WHERE r.id = :review_id
                       AND a.id = :reader_id
                       AND r.reader_id IS DISTINCT FROM a.id
                       AND r.hidden_at IS NULL
                       AND NOT r.is_private
                       AND r.counts_from IS NULL
                       AND NOT EXISTS (SELECT FROM search_reviews AS s WHERE s.review_id = r.id AND s.is_superseded)
                       FOR SHARE OF r
                       FOR KEY SHARE OF a) AS found
            ON CONFLICT (review_id, reader_id) DO UPDATE
               SET reason = excluded.reason, reported_at = now(), settled_at = NULL
             WHERE report.settled_at < (SELECT r.edited_at FROM reviews AS r WHERE r.id = report.review_id)
            RETURNING review_id
        """),
        {"review_id": review_id, "reader_id": reader_id, "reason": reason},
    ).one_or_none()
    return row is not None


def select_reported_reviews(connection: Connection, place: Key) -> Page[ReportedReview]:
    """Return the page of the moderation queue at the place, the last reported first."""
    return select_page(
        connection, _REPORTED, {}, place, REPORTED_ON_A_PAGE, _reported, lambda one: (one.reported_at, one.review.id)
    )


def _reported(reports: int, reported_at: datetime, reasons: list[str], **columns: Any) -> ReportedReview:
    return ReportedReview(ModeratedReview(**columns), reports, reported_at, reasons)


def select_hidden_reviews(connection: Connection, place: Key) -> Page[ModeratedReview]:
    """Return the page of hidden reviews at the place, the last hidden or edited first."""
    return select_page(
        connection, _ALL_HIDDEN, {}, place, REPORTED_ON_A_PAGE, ModeratedReview, lambda one: (one.moved_at, one.id)
    )


def hide_review(connection: Connection, review_id: int, reason: str) -> bool:
    """Hide a review and settle its reports. Return False if it is already hidden or no longer exists."""
    row = connection.execute(
        text("""
            UPDATE reviews
               SET hidden_at = now(), hidden_reason = :reason
             WHERE id = :review_id AND hidden_at IS NULL
            RETURNING id
        """),
        {"review_id": review_id, "reason": reason},
    ).one_or_none()
    if row is not None:
        settle_reports(connection, review_id)
    return row is not None


def unhide_review(connection: Connection, review_id: int) -> bool:
    """Restore a hidden review. Return False if it is not hidden or no longer exists."""
    row = connection.execute(
        text("""
            UPDATE reviews
               SET hidden_at = NULL, hidden_reason = NULL
             WHERE id = :review_id AND hidden_at IS NOT NULL AND withdrawn_at IS NULL
            RETURNING id
        """),
        {"review_id": review_id},
    ).one_or_none()
    return row is not None


def delete_withdrawn_review(connection: Connection, review_id: int) -> bool:
    """Delete a review that was hidden and then withdrawn, with its reports: its reader may write another one. Return
    False if that was done before."""
    row = connection.execute(
        text("DELETE FROM reviews WHERE id = :review_id AND withdrawn_at IS NOT NULL RETURNING id"),
        {"review_id": review_id},
    ).one_or_none()
    return row is not None


def queue_review(connection: Connection, review_id: int) -> None:
    """Put a review that was withdrawn into the queue again, if it has open reports."""
    connection.execute(
        text("""
            INSERT INTO moderation_queue (review_id, reports, reported_at)
            SELECT review_id, count(*), max(reported_at)
              FROM review_reports
             WHERE review_id = :review_id AND settled_at IS NULL
             GROUP BY review_id
            ON CONFLICT (review_id) DO NOTHING
        """),
        {"review_id": review_id},
    )


def unqueue_review(connection: Connection, review_id: int) -> None:
    """Take a review that is withdrawn out of the queue. Its reports stay open."""
    connection.execute(text("DELETE FROM moderation_queue WHERE review_id = :review_id"), {"review_id": review_id})


def settle_reports(connection: Connection, review_id: int) -> int:
    """Settle a review's open reports and return how many there were."""
    settled = connection.execute(
        text("""
            WITH review AS (SELECT id FROM reviews WHERE id = :review_id FOR UPDATE)
            UPDATE review_reports AS o
               SET settled_at = now()
              FROM review
             WHERE o.review_id = review.id AND o.settled_at IS NULL
        """),
        {"review_id": review_id},
    )
    return settled.rowcount


def select_own_reports(connection: Connection, reader_id: int, place: Key, size: int) -> Page[OwnReport]:
    """Return the page of a reader's reports at the place, newest first, for the reader to download."""
    rows = connection.execute(
        text("""
            SELECT o.review_id, b.isbn, coalesce(b.isbn, b.identity) AS address, o.reason, o.reported_at
              FROM review_reports AS o
              JOIN reviews AS r ON r.id = o.review_id
              JOIN books AS b ON b.id = r.book_id
             WHERE o.reader_id = :reader_id AND (o.reported_at, o.review_id) < (:at, :id)
             ORDER BY o.reported_at DESC, o.review_id DESC
             LIMIT :limit
        """),
        {"reader_id": reader_id, "at": place.at, "id": place.id, "limit": size},
    )
    items = [OwnReport(**row._mapping) for row in rows]
    return Page(items, next=Key(items[-1].reported_at, items[-1].review_id) if len(items) == size else None)
