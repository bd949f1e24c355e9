"""Series, other titles and subjects of books can be corrected, too."""

from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.execute("""
        CREATE OR REPLACE FUNCTION fits_field(field text, value text)
        RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT CASE
            WHEN value IS NULL THEN field IN ('author', 'year', 'publisher', 'language', 'pages', 'description',
                                              'series', 'other_titles', 'subjects')
            WHEN field = 'title' THEN char_length(value) BETWEEN 1 AND 1000
            WHEN field IN ('author', 'publisher', 'series') THEN char_length(value) BETWEEN 1 AND 500
            WHEN field = 'language' THEN char_length(value) BETWEEN 1 AND 35
            WHEN field = 'description' THEN char_length(value) BETWEEN 1 AND 20000
            WHEN field = 'other_titles' THEN char_length(value) BETWEEN 1 AND 10000
            WHEN field = 'subjects' THEN char_length(value) BETWEEN 1 AND 2500
            WHEN field NOT IN ('year', 'pages') OR value !~ '^-?[0-9]{1,6}$' THEN false
            WHEN field = 'year' THEN CAST(value AS integer) BETWEEN -3000 AND 2100
            ELSE CAST(value AS integer) BETWEEN 1 AND 100000
        END
        $$;
        CREATE FUNCTION subject_names(ids bigint[]) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
        SELECT string_agg(subject.name, '; ' ORDER BY listed.place)
          FROM unnest(ids) WITH ORDINALITY AS listed (id, place)
          JOIN subjects AS subject ON subject.id = listed.id
        $$;
        COMMENT ON FUNCTION subject_names IS 'the subjects of a book as a correction has them: by their names'
    """)
