"""Books have covers, which another site is asked for. The pictures are files; the database knows their names.

A row without a digest is a miss that is remembered: the other site was asked, and had nothing that can be shown.
"""

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE covers (
            book_id    bigint      PRIMARY KEY REFERENCES books ON DELETE CASCADE,
            source     text        NOT NULL CHECK (source IN ('open_library')),
            digest     text        CHECK (digest ~ '^[0-9a-f]{32}$'),
            width      integer     CHECK (width > 0),
            height     integer     CHECK (height > 0),
            bytes      integer     CHECK (bytes > 0),
            fetched_at timestamptz NOT NULL DEFAULT now(),
            CHECK (num_nulls(digest, width, height, bytes) IN (0, 4))
        );
        COMMENT ON COLUMN covers.digest IS 'of what its files were made of, and their name; null: the source has none';
        CREATE INDEX covers_by_digest ON covers (digest) WHERE digest IS NOT NULL;
    """)
    op.execute("""
        CREATE TABLE cover_requests (
            book_id       bigint      PRIMARY KEY REFERENCES books ON DELETE CASCADE,
            requested_at  timestamptz NOT NULL DEFAULT now(),
            claimed_until timestamptz
        );
        COMMENT ON TABLE cover_requests IS 'books that a reader looked at, whose covers are to be asked for elsewhere';
        COMMENT ON COLUMN cover_requests.claimed_until IS
            'until then a process asks for it; no other process of the site asks for any cover meanwhile';
        CREATE INDEX cover_requests_waiting ON cover_requests (requested_at, book_id);
        CREATE INDEX cover_requests_claimed ON cover_requests (claimed_until) WHERE claimed_until IS NOT NULL;
    """)
