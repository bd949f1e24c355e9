"""Proposals: changes of the catalogue that readers suggest, or the site itself, until a moderator decides.

A decision locks the proposal before its book, and changes it only while it is open: of two moderators one decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from flyleaf.limits import PROPOSALS_ON_A_PAGE
from flyleaf.paging import Key, Page
from flyleaf.queries.keyset import Listed, select_page
from flyleaf.queries.work_corrections import Kind

_PROPOSAL = """
    SELECT p.id, p.kind, coalesce(p.book_id, 0) AS book_id, coalesce(b.isbn, b.identity, '') AS address,
           coalesce(b.title, m.title) AS title, coalesce(b.author, m.author, '') AS author,
           coalesce(b.language, m.language) AS language, to_jsonb(m) AS proposed,
           p.other_book_id, coalesce(o.isbn, o.identity) AS other_address, o.title AS other_title,
           o.author AS other_author, p.field, p.before, p.after,
           CASE p.field WHEN 'subjects' THEN subject_names(b.subjects)
                        ELSE nullif(to_jsonb(b) ->> p.field, '') END AS now, p.reason,
           p.proposed_at, p.proposed_by, r.name AS proposer_name, p.decided_at, p.is_accepted, p.answer
      FROM proposals AS p
      LEFT JOIN books AS b ON b.id = p.book_id
      LEFT JOIN proposed_books AS m ON m.proposal_id = p.id
      LEFT JOIN books AS o ON o.id = p.other_book_id
      LEFT JOIN readers AS r ON r.id = p.proposed_by
"""
_ONE_OPEN = text(f"{_PROPOSAL} WHERE p.id = :id AND p.decided_at IS NULL")
_OPEN = Listed(
    older=text(f"""{_PROPOSAL}
     WHERE p.decided_at IS NULL
       AND (p.proposed_at, p.id) < (:at, :id)
     ORDER BY p.proposed_at DESC, p.id DESC
     LIMIT :limit"""),
    newer=text(f"""{_PROPOSAL}
     WHERE p.decided_at IS NULL
       AND (p.proposed_at, p.id) > (:at, :id)
     ORDER BY p.proposed_at, p.id
     LIMIT :limit"""),
)
_BY_READER = Listed(
    older=text(f"""{_PROPOSAL}
     WHERE p.proposed_by = :reader_id
       AND (p.proposed_at, p.id) < (:at, :id)
     ORDER BY p.proposed_at DESC, p.id DESC
     LIMIT :limit"""),
    newer=text(f"""{_PROPOSAL}
     WHERE p.proposed_by = :reader_id
       AND (p.proposed_at, p.id) > (:at, :id)
     ORDER BY p.proposed_at, p.id
     LIMIT :limit"""),
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A suggested change, with its book; the kinds are the table's. A missing book has the id 0 and no address until
    it is added; `proposed` has what was said of it. `now` is what the field says at present, `before`
    what it said when the change was suggested. Without a `proposer_name` the account was deleted, or the site itself
    suggested it."""

    id: int
    kind: str
    book_id: int
    address: str
    title: str
    author: str
    language: str | None
    proposed: Mapping[str, str | None] | None
    other_book_id: int | None
    other_address: str | None
    other_title: str | None
    other_author: str | None
    field: str | None
    before: str | None
    after: str | None
    now: str | None
    reason: str | None
    proposed_at: datetime
    proposed_by: int | None
    proposer_name: str | None
    decided_at: datetime | None
    is_accepted: bool | None
    answer: str | None

    @property
    def is_by_site(self) -> bool:
        """Return whether no reader suggested it: flyleaf/queries/duplicates.py."""
        return self.proposed_by is None

    @property
    def is_outdated(self) -> bool:
        """Return whether the book has changed since."""
        return self.now != self.before


@dataclass(frozen=True, slots=True)
class OwnProposal:
    """A proposal as its reader downloads it."""

    kind: str
    address: str | None
    other_address: str | None
    field: str | None
    before: str | None
    after: str | None
    proposed: Mapping[str, str | None] | None
    reason: str | None
    proposed_at: datetime
    is_accepted: bool | None
    answer: str | None


def insert_field_proposal(
    connection: Connection,
    book_id: int,
    field: str,
    before: str | None,
    after: str | None,
    reason: str | None,
    reader_id: int,
) -> bool:
    """Suggest a change of a book's field. Return False if this reader's last one for it is still open."""
    row = connection.execute(
        text("""
            INSERT INTO proposals (kind, book_id, field, before, after, reason, proposed_by)
            VALUES ('field', :book_id, :field, :before, :after, :reason, :reader_id)
            ON CONFLICT DO NOTHING
            RETURNING id
        """),
        {
            "book_id": book_id,
            "field": field,
            "before": before,
            "after": after,
            "reason": reason,
            "reader_id": reader_id,
        },
    ).one_or_none()
    return row is not None


def insert_work_proposal(
    connection: Connection, kind: Kind, book_id: int, other_book_id: int | None, reason: str | None, reader_id: int
) -> bool:
    """Suggest a correction of works. Return False if this reader has suggested the same, and it is still open."""
    row = connection.execute(
        text("""
            INSERT INTO proposals (kind, book_id, other_book_id, reason, proposed_by)
            VALUES (:kind, :book_id, :other_book_id, :reason, :reader_id)
            ON CONFLICT DO NOTHING
            RETURNING id
        """),
        {
            "kind": kind,
            "book_id": book_id,
            "other_book_id": other_book_id,
            "reason": reason,
            "reader_id": reader_id,
        },
    ).one_or_none()
    return row is not None


def select_proposed_fields(connection: Connection, book_id: int, reader_id: int) -> set[str]:
    """Return the fields of a book for which this reader has an open proposal."""
    rows = connection.scalars(
        text("""
            SELECT field
              FROM proposals
             WHERE book_id = :book_id AND proposed_by = :reader_id AND kind = 'field' AND decided_at IS NULL
        """),
        {"book_id": book_id, "reader_id": reader_id},
    )
    return set(rows)


def select_open_proposals(connection: Connection, place: Key) -> Page[Proposal]:
    """Return the page of the moderators' queue at the place, newest first."""
    return select_page(
        connection, _OPEN, {}, place, PROPOSALS_ON_A_PAGE, Proposal, lambda one: (one.proposed_at, one.id)
    )


def select_readers_proposals(connection: Connection, reader_id: int, place: Key) -> Page[Proposal]:
    """Return the page of a reader's proposals at the place, newest first, decided ones too."""
    named = {"reader_id": reader_id}
    return select_page(
        connection, _BY_READER, named, place, PROPOSALS_ON_A_PAGE, Proposal, lambda one: (one.proposed_at, one.id)
    )


def take_proposal(connection: Connection, proposal_id: int) -> Proposal | None:
    """Lock an open proposal and return it, or None if it was decided or withdrawn."""
    connection.execute(text("SELECT FROM proposals WHERE id = :id FOR UPDATE"), {"id": proposal_id})
    return select_proposal(connection, proposal_id)


def select_proposal(connection: Connection, proposal_id: int) -> Proposal | None:
    """Return an open proposal, or None if it was decided or withdrawn."""
    row = connection.execute(_ONE_OPEN, {"id": proposal_id}).one_or_none()
    return Proposal(**row._mapping) if row else None


def decide_proposal(
    connection: Connection, proposal_id: int, moderator_id: int, *, is_accepted: bool, answer: str | None = None
) -> None:
    """Close a proposal that `take_proposal` has locked."""
    connection.execute(
        text("""
            UPDATE proposals
               SET decided_at = now(), decided_by = :moderator_id, is_accepted = :is_accepted, answer = :answer
             WHERE id = :id AND decided_at IS NULL
        """),
        {"id": proposal_id, "moderator_id": moderator_id, "is_accepted": is_accepted, "answer": answer},
    )


def delete_proposal(connection: Connection, proposal_id: int, reader_id: int) -> bool:
    """Withdraw a reader's own proposal. Return False if it was decided or withdrawn."""
    row = connection.execute(
        text("""
            DELETE FROM proposals
             WHERE id = :id AND proposed_by = :reader_id AND decided_at IS NULL
            RETURNING id
        """),
        {"id": proposal_id, "reader_id": reader_id},
    ).one_or_none()
    return row is not None


def select_own_proposals(connection: Connection, reader_id: int, place: Key, size: int) -> Page[OwnProposal]:
    """Return the page of a reader's proposals at the place, newest first, for the reader to download."""
    rows = connection.execute(
        text("""
            SELECT p.id, p.kind, coalesce(b.isbn, b.identity) AS address,
                   coalesce(o.isbn, o.identity) AS other_address, p.field, p.before, p.after,
                   to_jsonb(m) - 'proposal_id' AS proposed, p.reason, p.proposed_at, p.is_accepted, p.answer
              FROM proposals AS p
              LEFT JOIN books AS b ON b.id = p.book_id
              LEFT JOIN books AS o ON o.id = p.other_book_id
              LEFT JOIN proposed_books AS m ON m.proposal_id = p.id
             WHERE p.proposed_by = :reader_id AND (p.proposed_at, p.id) < (:at, :id)
             ORDER BY p.proposed_at DESC, p.id DESC
             LIMIT :limit
        """),
        {"reader_id": reader_id, "at": place.at, "id": place.id, "limit": size},
    ).all()
    items = [OwnProposal(*row[1:]) for row in rows]
    return Page(items, next=Key(rows[-1].proposed_at, rows[-1].id) if len(rows) == size else None)
