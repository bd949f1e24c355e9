"""The site's database, wherever it is: at DATABASE_URL, or in the embedded server, which is started or joined here."""

from collections.abc import Callable

from sqlalchemy import event
from sqlalchemy.exc import ArgumentError

from flyleaf.config import Config
from flyleaf.database.engine import Database
from flyleaf.database.errors import DatabaseUnusableError
from flyleaf.embedded import Attachment, EmbeddedServerError, attach


class EmbeddedDatabase(Database):
    """The database of the embedded server, which runs at least until `close`."""

    def __init__(self, attachment: Attachment) -> None:
        super().__init__(attachment.url)
        self._attachment = attachment
        # Where the server and its keeper were killed, the next connection finds them started again.
        event.listen(self.engine, "do_connect", lambda *_: attachment.ensure())

    def close(self) -> None:
        super().close()
        self._attachment.detach()


def open_database(config: Config, announce: Callable[[str], None]) -> Database:
    """Open it; use it in a `with`, or close it. `announce` is told in a line what takes a while.

    Raises DatabaseUnusableError where the embedded server can't be had, or DATABASE_URL can't be read; it is tried by
    the first transaction.
    """
    if config.database_url is not None:
        try:
            return Database(config.database_url)
        except (ArgumentError, ValueError):  # their words may hold the password
            raise DatabaseUnusableError(
                "DATABASE_URL can't be read: write postgresql://user:password@host:5432/database, and escape what is "
                "no letter or digit in user and password (@ is %40)."
            ) from None
    try:
        return EmbeddedDatabase(attach(config.data, config.pg_bindir, announce))
    except EmbeddedServerError as error:
        raise DatabaseUnusableError(str(error)) from error
