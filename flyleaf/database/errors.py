"""Interpret database errors: as one line for the operator, and whether a later retry may succeed."""

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# SQLSTATE classes and codes, https://www.postgresql.org/docs/current/errcodes-appendix.html
_PASSING_CLASSES = ("08", "53", "57", "58")  # connection, resources, operator's intervention, system
_PASSING_CODES = ("55P03", "40001", "40P01", "25006")  # lock not available, serialization, deadlock, read only

# Part of the message (libpq gives no code while connecting) or an SQLSTATE, and what to do about it.
_ABSENCES = (
    ("could not translate host name", "There is no host {host}: check the host in DATABASE_URL"),
    ("Connection refused", "Nothing answers at {host}:{port}: start the server there, or check DATABASE_URL"),
    ("timeout expired", "No answer from {host}:{port}: check the host, its firewall and DATABASE_URL"),
    ("No such file or directory", "There is no server socket in {host}: start the server, or check DATABASE_URL"),
    ("the database system is", "The server at {host}:{port} isn't accepting connections yet ({message})"),
    ("server_login_retry", "The pooler at {host}:{port} can't reach its server: start the server, or check the pooler"),
    ("too many clients", "The server at {host}:{port} has no free connections: raise its max_connections"),
    (
        "55P03",
        "Another program, such as an import or a long query, uses a table that has to change: wait until it has ended",
    ),
    ("connection slots are reserved", "The server at {host}:{port} has no free connections: raise its max_connections"),
)
_REMEDIES = (
    *_ABSENCES,
    (
        "conversion between",
        "The database {database} is not in UTF-8: create another one (createdb -T template0 -E UTF8 --locale=C.UTF-8)",
    ),
    ("password authentication failed", "The database refused the login: check user and password in DATABASE_URL"),
    # PgBouncer's words.
    ("SASL authentication failed", "The pooler refused the login: check user and password in DATABASE_URL"),
    ("no such user", "The pooler knows no such user: add it to its auth_file, or check the user in DATABASE_URL"),
    ("no such database", "The pooler at {host}:{port} has no database {database}: add it there, or check DATABASE_URL"),
    ("no password supplied", "The database refused the login: put the password into DATABASE_URL"),
    ("no pg_hba.conf entry", "The database refused the login: allow this host and user in its pg_hba.conf"),
    (
        "Peer authentication failed",
        "The database refused the login: run as that user, or set host and password in DATABASE_URL",
    ),
    (
        "is not permitted to log in",
        "The database user may not log in: run ALTER ROLE … LOGIN, or check DATABASE_URL",
    ),
    ("role ", "The database has no such user: check the user in DATABASE_URL, or create the role"),
    ("database ", "There is no database {database}: create it (createdb {database}), or check DATABASE_URL"),
    ("0A000", "The database lacks an extension: install PostgreSQL's contrib modules on its machine ({message})"),
    ("58P01", "The database lacks an extension: install PostgreSQL's contrib modules on its machine ({message})"),
    ("42501", "The database user lacks permission: GRANT CREATE ON DATABASE {database}, SCHEMA public ({message})"),
)


class DatabaseUnusableError(RuntimeError):
    """The database can't be used as it is. The message is one line: what is wrong and what to do."""


class DatabaseAbsentError(DatabaseUnusableError):
    """No server accepts connections there now. It may work later without any change."""


def is_unavailable(error: BaseException) -> bool:
    """Return whether the database may answer later, so that the response is 503 instead of 500."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    code = sqlstate(error)
    if code is None:  # not from the server: the connection failed or broke
        return isinstance(error, OperationalError | InternalError)
    return code.startswith(_PASSING_CLASSES) or code in _PASSING_CODES


def sqlstate(error: DBAPIError) -> str | None:
    """Return PostgreSQL's five-character error code, or None if the error came from the driver itself."""
    code = getattr(error.orig, "pgcode", None)
    return code if isinstance(code, str) else None


def unusable(error: DBAPIError, url: URL) -> DatabaseUnusableError:
    """Return the error as one line for the operator, which never contains the password."""
    message = " ".join(str(error.orig).split())
    code = sqlstate(error)
    found = "", "The database failed: {message}"
    for sign, text in _REMEDIES:
        if code == sign or (code is None and sign in message and (sign[-1] != " " or "does not exist" in message)):
            found = sign, text
            break
    place = {
        "host": url.host or url.query.get("host") or "localhost",
        "port": url.port or 5432,
        "database": url.database or url.username,
        "message": message,
    }
    kind = DatabaseAbsentError if found in _ABSENCES else DatabaseUnusableError
    return kind(found[1].format(**place) + ".")
