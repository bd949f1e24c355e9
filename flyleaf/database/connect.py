"""Open the site's database: the one at DATABASE_URL, or the embedded server's, which is started if necessary."""

from collections.abc import Callable

from sqlalchemy import NullPool, create_engine, event, text
from sqlalchemy.exc import ArgumentError

from flyleaf.config import Config
from flyleaf.database.engine import Database
from flyleaf.database.errors import DatabaseUnusableError
from flyleaf.embedded import Attachment, EmbeddedServerError, attach

# An earlier version's database doesn't have it yet. Another process may create it at the same moment.
CREATE_ROLE = """
    DO $do$
    BEGIN
        CREATE ROLE flyleaf_site LOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END $do$
"""


class EmbeddedDatabase(Database):
    """The embedded server's database. The server runs at least until `close`."""

    def __init__(self, attachment: Attachment) -> None:
        super().__init__(attachment.site_url, owner_url=attachment.url)
        self._attachment = attachment
        # If the server and its keeper were killed, the next connection starts them again.
        for engine in (self.engine, self.owner):
            event.listen(engine, "do_connect", lambda *_: attachment.ensure())

    def close(self) -> None:
        super().close()
        self._attachment.detach()

    def _create_role(self) -> None:
        with create_engine(self._attachment.superuser_url, poolclass=NullPool).begin() as connection:
            connection.execute(text(CREATE_ROLE))


def open_database(config: Config, announce: Callable[[str], None]) -> Database:
    """Return the database, to be closed or used in a `with`. `announce` is called with a line about anything slow.

    Raises DatabaseUnusableError if the embedded server can't start or DATABASE_URL is malformed. The server at
    DATABASE_URL is only contacted by the first transaction.
    """
    if config.database_url is not None:
        try:
            return Database(
                config.database_url,
                owner_url=config.database_owner_url,
                read_urls=config.database_read_urls,
                replica_lag_seconds=config.replica_lag_seconds,
            )
        except (ArgumentError, ValueError):  # their messages may contain the password
            others = {"DATABASE_OWNER_URL": config.database_owner_url, "DATABASE_READ_URL": config.database_read_urls}
            names = " or ".join(["DATABASE_URL", *(name for name, value in others.items() if value)])
            raise DatabaseUnusableError(
                f"{names} is malformed: write postgresql://user:password@host:5432/database, and percent-encode "
                "special characters in the user and password (@ is %40)."
            ) from None
    try:
        return EmbeddedDatabase(attach(config.data, config.pg_bindir, announce))
    except EmbeddedServerError as error:
        raise DatabaseUnusableError(str(error)) from error
