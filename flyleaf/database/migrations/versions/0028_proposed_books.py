"""Books that readers miss in the catalogue, and what they say of them."""

from alembic import op

revision = "0028"
down_revision = "0027"

PROPOSED_BOOKS = """
CREATE TABLE proposed_books (
    proposal_id bigint PRIMARY KEY REFERENCES proposals ON DELETE CASCADE,
    isbn        text   CHECK (isbn ~ '^([0-9]{9}[0-9X]|[0-9]{13})$'),
    isbn13      text   CHECK (isbn13 ~ '^97[89][0-9]{10}$'),
    title       text   NOT NULL CHECK (fits_field('title', title)),
    author      text   CHECK (fits_field('author', author)),
    year        text   CHECK (fits_field('year', year)),
    publisher   text   CHECK (fits_field('publisher', publisher)),
    language    text   CHECK (fits_field('language', language)),
    pages       text   CHECK (fits_field('pages', pages))
);
COMMENT ON TABLE proposed_books IS 'the books of proposals of the kind book; values are texts, as in corrections';
CREATE INDEX proposed_books_isbn ON proposed_books (isbn);
"""


def upgrade() -> None:
    op.execute(PROPOSED_BOOKS)
