"""The search moves into schemas of its own, which flyleaf.search.schema makes and drops; what 0002 made is left behind.

It is not dropped here: where a site is brought up to date while it runs, programs of the older version still search it.
They find what the newer ones write, too, because its triggers no longer look for their tables where the newer ones do.
flyleaf.search.superseded drops it, once no older program is connected.
"""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("""
        DO $do$
        DECLARE
            home text := (SELECT relnamespace::regnamespace FROM pg_class WHERE oid = to_regclass('search_letters'));
            name text;
        BEGIN
            FOREACH name IN ARRAY ARRAY['search_books_changed', 'search_ratings_changed', 'search_changes_committed']
            LOOP
                EXECUTE 'ALTER FUNCTION ' || home || '.' || name || '() SET search_path = ' || home || ', public';
            END LOOP;
        END $do$
    """)
