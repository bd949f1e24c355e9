"""What the search looks at: titles and authors folded, and trigrams of them."""

from alembic import op

revision = "0002"
down_revision = "0001"

# The extensions may live in another schema than the tables (hosts keep them apart), so that schema is looked up, and
# named in full inside fold(): an immutable function must not depend on the search_path.
FOLD = r"""
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;

DO $do$
DECLARE
    place text := (SELECT nspname FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
                    WHERE extname = 'unaccent');
BEGIN
    EXECUTE format($sql$
        CREATE FUNCTION fold(original text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
        BEGIN
            RETURN btrim(regexp_replace(
                translate(lower(%1$I.unaccent('%1$I.unaccent', original)), '''’ʼ`', ''), '[^[:alnum:]]+', ' ', 'g'));
        END $$
    $sql$, place);
END $do$;
COMMENT ON FUNCTION fold IS 'without accents, case and punctuation; apostrophes close up, the rest are single spaces';
"""

COLUMNS = """
ALTER TABLE books
    ADD COLUMN folded_title  text NOT NULL GENERATED ALWAYS AS (fold(title)) STORED,
    ADD COLUMN folded_author text NOT NULL GENERATED ALWAYS AS (fold(author)) STORED;
CREATE INDEX books_folded ON books USING gin ((folded_title || ' ' || folded_author) gin_trgm_ops);
CREATE INDEX books_isbns  ON books USING gin ((isbn || ' ' || coalesce(isbn13, '')) gin_trgm_ops);
"""


def upgrade() -> None:
    op.execute(FOLD)
    op.execute(COLUMNS)
