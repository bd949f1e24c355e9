"""Proposed books: what readers say of books that the catalogue doesn't have."""

from collections.abc import Mapping

from sqlalchemy import Connection, text

from flyleaf.isbn import Isbn

# What can be said of a book that is proposed, besides its ISBN.
FIELDS = ("title", "author", "year", "publisher", "language", "pages")


def is_proposed(connection: Connection, isbn: Isbn, reader_id: int) -> bool:
    """Return whether this reader has proposed the book, and no moderator has decided yet."""
    statement = text("""
        SELECT EXISTS (SELECT FROM proposed_books AS m
                         JOIN proposals AS p ON p.id = m.proposal_id
                        WHERE m.isbn = :isbn AND p.proposed_by = :reader_id AND p.decided_at IS NULL)
    """)
    return bool(connection.execute(statement, {"isbn": isbn.isbn, "reader_id": reader_id}).scalar_one())


def insert_proposed_book(
    connection: Connection, isbn: Isbn | None, values: Mapping[str, str | None], reason: str | None, reader_id: int
) -> int:
    """Propose a book and return the proposal's id. `values` are those of FIELDS."""
    proposal_id: int = connection.execute(
        text("""
            INSERT INTO proposals (kind, reason, proposed_by)
            VALUES ('book', :reason, :reader_id)
            RETURNING id
        """),
        {"reason": reason, "reader_id": reader_id},
    ).scalar_one()
    connection.execute(
        text("""
            INSERT INTO proposed_books (proposal_id, isbn, isbn13, title, author, year, publisher, language, pages)
            VALUES (:proposal_id, :isbn, :isbn13, :title, :author, :year, :publisher, :language, :pages)
        """),
        {
            "proposal_id": proposal_id,
            "isbn": isbn and isbn.isbn,
            "isbn13": isbn and isbn.isbn13,
            **{field: values.get(field) for field in FIELDS},
        },
    )
    return proposal_id


def add_proposed_book(connection: Connection, proposal_id: int) -> str | None:
    """Add a proposed book to the catalogue. Return its address; None if it has come meanwhile.

    A book without an ISBN is identified as by an import: flyleaf/importing/loading/identify.py.
    """
    row = connection.execute(
        text(r"""
            INSERT INTO books (isbn, isbn13, identity, title, author, year, publisher, language, pages)
            SELECT isbn, isbn13,
                   coalesce(isbn13, isbn,
                            'flyleaf:' || left(md5(concat_ws(E'\n', title, coalesce(author, ''), coalesce(year, ''),
                                                             coalesce(publisher, ''))), 16)),
                   title, coalesce(author, ''), CAST(year AS smallint), publisher, language, CAST(pages AS integer)
              FROM proposed_books
             WHERE proposal_id = :proposal_id
            ON CONFLICT (identity) DO NOTHING
            RETURNING id, isbn, identity
        """),
        {"proposal_id": proposal_id},
    ).one_or_none()
    if row is None:
        return None
    if row.isbn is None:
        connection.execute(
            text("INSERT INTO identifiers (scheme, value, book_id) VALUES ('flyleaf', :value, :book_id)"),
            {"value": row.identity.removeprefix("flyleaf:"), "book_id": row.id},
        )
    connection.execute(
        text("UPDATE proposals SET book_id = :book_id WHERE id = :proposal_id"),
        {"book_id": row.id, "proposal_id": proposal_id},
    )
    return str(row.isbn or row.identity)
