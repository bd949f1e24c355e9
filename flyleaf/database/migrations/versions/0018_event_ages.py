"""Events have an age at which they may be deleted, for each kind. Until then they are never changed or deleted.

Logins to names that nobody has are counted by the hour, and become one event when the hour is over.
"""

from alembic import op

revision = "0018"
down_revision = "0017"

AGES = """
CREATE TABLE event_ages (
    kind text    PRIMARY KEY CHECK (kind ~ '^[a-z]+(-[a-z]+)*$' AND char_length(kind) <= 40),
    days integer NOT NULL CHECK (days > 0)
);
COMMENT ON TABLE event_ages IS 'how long events are kept, as the settings say; other kinds are kept for good';
"""

DELETION = """
CREATE FUNCTION refuse_to_delete_events_early() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM gone
                 LEFT JOIN event_ages USING (kind)
                WHERE days IS NULL OR at >= now() - make_interval(days => days)) THEN
        RAISE EXCEPTION 'events are never changed, nor deleted before their time'
              USING ERRCODE = 'restrict_violation', HINT = 'event_ages has the days that each kind is kept.';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION refuse_to_rewrite_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are never changed, nor deleted before their time' USING ERRCODE = 'restrict_violation';
END $$;

DROP TRIGGER events_stay ON events;
CREATE TRIGGER events_stay BEFORE UPDATE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_events();
CREATE TRIGGER events_stay_until_due AFTER DELETE ON events REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_delete_events_early();
"""

FAILED_LOGINS = """
CREATE TABLE failed_logins (
    hour          timestamptz NOT NULL,
    address_group smallint    NOT NULL CHECK (address_group BETWEEN 0 AND 255),
    attempts      integer     NOT NULL DEFAULT 1 CHECK (attempts > 0),
    PRIMARY KEY (hour, address_group)
);
COMMENT ON TABLE failed_logins IS 'logins to names that nobody has, by the hour: they become one event when it is over';
COMMENT ON COLUMN failed_logins.address_group IS
    'a byte of a keyed hash: from how many addresses they came can be estimated, but not from which';
"""


def upgrade() -> None:
    for statements in (AGES, DELETION, FAILED_LOGINS):
        op.execute(statements)
