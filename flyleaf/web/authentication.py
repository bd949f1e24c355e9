"""Check passwords. Failures are limited, and logged for the account's owner."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from flyleaf.limits import PASSWORD_MAX
from flyleaf.passwords import hash_password, needs_rehash, verify_password
from flyleaf.queries.attempts import Limit, delete_attempt
from flyleaf.queries.events import EventKind, insert_event
from flyleaf.queries.failed_logins import insert_failed_login
from flyleaf.queries.readers import Credentials, Reader, select_credentials, update_password_hash
from flyleaf.web.attempts import address_group, count_attempt, login_limits, password_limits, undone_if_busy
from flyleaf.web.current import transaction


def authenticate(name: str, password: str) -> Credentials | None:
    """Return the credentials of the reader with this name and password, or None.

    Unknown names take as long as wrong passwords and get the same answer. Raises TooManyRequests and BusyError.
    """
    credentials = _check(login_limits(name), name, password, EventKind.LOGIN_FAILED)
    if credentials is None or not needs_rehash(credentials.password_hash):
        return credentials
    rehashed = replace(credentials, password_hash=hash_password(password))
    with transaction() as connection:
        return rehashed if update_password_hash(connection, credentials, rehashed.password_hash) else None


def confirm_password(reader: Reader, password: str) -> Credentials | None:
    """Return the credentials of a reader who confirms the password, or None. Raises TooManyRequests and
    BusyError."""
    return _check(password_limits(reader), reader.name, password, EventKind.PASSWORD_REFUSED)


def _check(limits: Sequence[Limit], name: str, password: str, failed: EventKind) -> Credentials | None:
    attempt = count_attempt(limits)
    with transaction() as connection:
        credentials = select_credentials(connection, name) if "\0" not in name else None
    # Hold no connection while the hash is computed: it takes as long as twenty queries.
    with undone_if_busy(limits, attempt):
        matches = verify_password(credentials.password_hash if credentials else None, password[: PASSWORD_MAX + 1])
    with transaction() as connection:
        if matches:
            delete_attempt(connection, limits, attempt)
        else:
            _note_failure(connection, credentials, failed)
    return credentials if matches else None


def _note_failure(connection: Connection, credentials: Credentials | None, failed: EventKind) -> None:
    if credentials is None:
        insert_failed_login(connection, address_group())
    else:
        insert_event(connection, failed, credentials.reader.id)
