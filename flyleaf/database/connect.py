"""Open the site's database: the one at DATABASE_URL, or the embedded server's, which is started if necessary."""

from collections.abc import Callable

from sqlalchemy import event
from sqlalchemy.exc import ArgumentError

from flyleaf.config import Config
from flyleaf.database.engine import Database
from flyleaf.database.errors import DatabaseUnusableError
from flyleaf.embedded import Attachment, EmbeddedServerError, attach


class EmbeddedDatabase(Database):
    """The embedded server's database. The server runs at least until `close`."""

    def __init__(self, attachment: Attachment) -> None:
        super().__init__(attachment.url)
        self._attachment = attachment
        # If the server and its keeper were killed, the next connection starts them again.
        event.listen(self.engine, "do_connect", lambda *_: attachment.ensure())

    def close(self) -> None:
        super().close()
        self._attachment.detach()


def open_database(config: Config, announce: Callable[[str], None]) -> Database:
    """Return the database, to be closed or used in a `with`. `announce` is called with a line about anything slow.

    Raises DatabaseUnusableError if the embedded server can't start or DATABASE_URL is malformed. The server at
    DATABASE_URL is only contacted by the first transaction.
    """
    if config.database_url is not None:
        try:
            return Database(config.database_url)
        except (ArgumentError, ValueError):  # their messages may contain the password
            raise DatabaseUnusableError(
                "DATABASE_URL is malformed: write postgresql://user:password@host:5432/database, and percent-encode "
                "special characters in the user and password (@ is %40)."
            ) from None
    try:
        return EmbeddedDatabase(attach(config.data, config.pg_bindir, announce))
    except EmbeddedServerError as error:
        raise DatabaseUnusableError(str(error)) from error
