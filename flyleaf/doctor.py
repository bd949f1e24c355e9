"""`python -m flyleaf doctor`: check what the site needs, and say what to do if something is missing."""

import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flyleaf.config import Config, ConfigError
from flyleaf.database import DatabaseUnusableError
from flyleaf.database.connect import open_database
from flyleaf.database.diagnosis import Diagnosis, diagnose
from flyleaf.database.migrate import OLDEST_SERVER, head, revisions
from flyleaf.database.replica_diagnosis import ReplicaDiagnosis, diagnose_replicas
from flyleaf.embedded import EmbeddedServerError
from flyleaf.embedded.inspection import inspect
from flyleaf.sealing import UnreadableError, unseal
from flyleaf.sessions import SessionRedis

MEGABYTE = 2**20
LITTLE_SPACE, TOO_LITTLE_SPACE = 1024 * MEGABYTE, 100 * MEGABYTE
CLOCK_SECONDS = 5.0  # allowed difference between two clocks
CONNECTIONS = 10  # per worker, see flyleaf/database/pool.py


@dataclass(frozen=True)
class Finding:
    """The result of one check."""

    about: str
    text: str
    grade: str = "ok"  # "note": worth knowing; "wrong": must be fixed

    def __str__(self) -> str:
        return f"{self.grade:6}{self.about}: {self.text}"


def wrong(about: str, text: str) -> Finding:
    return Finding(about, text, "wrong")


def examine() -> Iterator[Finding]:
    """Run all checks in turn, except those that need something that is missing."""
    try:
        config = Config.from_environment()
    except ConfigError as error:
        yield wrong("settings", str(error))
        return
    yield Finding("settings", "all are valid")
    yield from _folders(config)
    if config.database_url is None:
        embedded = list(_embedded(config))
        yield from embedded
        if not embedded or embedded[-1].grade != "ok":
            return  # there is no database to check
    yield from _database(config)


def _folders(config: Config) -> Iterator[Finding]:
    data = config.data
    if not data.exists():
        yield Finding("data folder", f"{data} doesn't exist yet: the first start creates it", "note")
    elif stat.S_IMODE(data.stat().st_mode) & 0o066:
        yield wrong("data folder", f"other users can read {data}: chmod go-rw {data}")
    elif (problem := _write_problem(data)) is not None:
        yield wrong("data folder", f"{data} can't be written ({problem}): chown it to the account that runs the site")
    else:
        yield Finding("data folder", str(data))
    yield _secret_key(config)
    yield _sessions(config)
    if config.has_covers:
        yield _cover_files(config.cover_files)
    yield _space(data)


def _secret_key(config: Config) -> Finding:
    path = config.secret_key_file
    if config.secret_key is not None:
        return Finding("secret key", "SECRET_KEY is set")
    if not path.exists():
        return Finding("secret key", "doesn't exist yet: the first start creates it", "note")
    try:
        config.kept_secret_key()
    except (ConfigError, OSError) as error:
        return wrong("secret key", str(error))
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return wrong("secret key", f"other users can read {path}: chmod 600 {path}")
    return Finding("secret key", str(path))


def _sessions(config: Config) -> Finding:
    if config.session_type == "redis":
        from redis import RedisError  # imported only if used, because it is slow to load

        try:
            SessionRedis(str(config.redis_url)).redis.ping()
        except (RedisError, ValueError) as error:
            return wrong("sessions", f"Redis doesn't answer ({error}): start it, or check REDIS_URL")
        return Finding("sessions", "in Redis, which answers")
    folder = config.sessions
    if not folder.exists():
        return Finding("sessions", f"{folder} doesn't exist yet: the first start creates it", "note")
    if (problem := _write_problem(folder)) is not None:
        return wrong("sessions", f"{folder} can't be written ({problem}): chown it to the account that runs the site")
    return Finding("sessions", f"{sum(1 for _ in folder.iterdir()):,} files in {folder}")


def _cover_files(folder: Path) -> Finding:
    about = "files of covers"
    if not folder.exists():
        return Finding(about, f"{folder} doesn't exist yet: the first cover creates it", "note")
    for place in (folder, *filter(Path.is_dir, folder.iterdir())):
        if (problem := _write_problem(place)) is not None:
            return wrong(about, f"{place} can't be written ({problem}): chown it to the account that runs the site")
    return Finding(about, f"{sum(1 for _ in folder.rglob('*-large.webp')):,} in {folder}")


def _space(data: Path) -> Finding:
    place = next(path for path in (data, *data.parents) if path.exists())
    free = shutil.disk_usage(place).free
    text = f"{free / MEGABYTE:,.0f} MB free in {place}"
    if free < TOO_LITTLE_SPACE:
        return wrong("disk", f"{text}: free some space, or set FLYLEAF_DATA to a folder on another disk")
    return Finding("disk", text, "ok" if free >= LITTLE_SPACE else "note")


def _write_problem(folder: Path) -> str | None:
    """Return why no file can be created in the folder, or None if one can."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror


def _embedded(config: Config) -> Iterator[Finding]:
    """Check the embedded server. The last finding is "ok" if its database can be started as it is."""
    try:
        found = inspect(config.data, config.pg_bindir)
    except (EmbeddedServerError, OSError) as error:
        yield wrong("embedded PostgreSQL", str(error))
        return
    for path in found.kept:
        yield Finding(
            "old database", f"{path} was kept when PostgreSQL was upgraded: delete it once the site works", "note"
        )
    programs = f"PostgreSQL {found.runs_on} in {found.programs}"
    if found.database is None:
        yield Finding("embedded PostgreSQL", f"{programs}; no database yet: the first start creates one", "note")
    elif found.made_by != found.runs_on:
        yield Finding("embedded PostgreSQL", f"the next start upgrades {found.database} to {programs}", "note")
    else:
        yield Finding("embedded PostgreSQL", programs)


def _database(config: Config) -> Iterator[Finding]:
    try:
        with open_database(config, lambda _: None) as database:
            found = diagnose(database)
            replicas = diagnose_replicas(database)
    except DatabaseUnusableError as error:
        yield wrong("database", str(error))
        return
    yield from _server(config, found)
    yield _rights(found)
    yield _schema(found)
    if found.broken_books:
        yield wrong(
            "catalogue",
            f"the average rating or the number of ratings of {', '.join(found.broken_books)} is impossible, so that no "
            "import can change other columns of these books: python -m flyleaf export FILE, keep these books, correct "
            "both columns, and import the file",
        )
    yield from _app_secrets(config, found)
    if config.has_covers:
        yield Finding("covers", f"{found.covers:,} books have one from Open Library")
    yield _search(found)
    yield from _replicas(config, replicas)


def _app_secrets(config: Config, found: Diagnosis) -> Iterator[Finding]:
    if not found.app_secrets or not (config.secret_key or config.secret_key_file.exists()):
        return
    try:
        for reader_id, secret in found.app_secrets:
            unseal(config.kept_secret_key(), secret, reader_id)
    except UnreadableError:
        yield wrong(
            "second factors",
            "the codes of authenticator apps can't be checked, because SECRET_KEY has changed: set it to what it was, "
            "or have readers log in with a recovery code and add their apps again. For readers without these codes run "
            "python -m flyleaf users second-factor NAME --remove",
        )


def _server(config: Config, found: Diagnosis) -> Iterator[Finding]:
    if found.version_number < OLDEST_SERVER:
        yield wrong("PostgreSQL", f"{found.version} is too old: Flyleaf needs {OLDEST_SERVER // 10_000} or newer")
    else:
        yield Finding("PostgreSQL", f"{found.version}; the database takes {found.bytes / MEGABYTE:,.0f} MB")
    if found.missing_extensions:
        names = ", ".join(found.missing_extensions)
        yield wrong("extensions", f"{names} missing: install PostgreSQL's contrib modules on the server's machine")
    else:
        yield Finding("extensions", "all are available")
    if found.encoding != "UTF8":
        yield wrong("encoding", f"{found.encoding}: create the database with createdb -T template0 -E UTF8")
    else:
        yield Finding("encoding", found.encoding)
    if not found.knows_letters:
        yield wrong(
            "locale",
            f"{found.locale} supports only ASCII letters, and the search would miss all others: create the database "
            "with createdb -T template0 -E UTF8 --lc-ctype=C.UTF-8",
        )
    elif found.sort_orders is not None:
        made_by, now = found.sort_orders
        yield wrong(
            "locale",
            f"the indexes were made with version {made_by} of the operating system's sort order, and now it has {now}, "
            "so they may miss rows. While the site is stopped, run REINDEX DATABASE and ALTER DATABASE … REFRESH "
            "COLLATION VERSION as the owner of the database",
        )
    else:
        yield Finding("locale", found.locale)
    if abs(found.seconds_ahead) > CLOCK_SECONDS:
        text = f"the server's is off by {found.seconds_ahead:+,.0f} s from this machine's: synchronise both (NTP)"
        yield wrong("clock", text)
    else:
        yield Finding("clock", "the server's and this machine's clocks agree")
    workers = config.workers or 2
    needed = (workers + 1) * CONNECTIONS + (workers if config.database_read_urls else 0)
    grade = "ok" if found.connections >= needed else "note"
    yield Finding("connections", f"the server allows {found.connections}, the site uses up to {needed}", grade)


def _rights(found: Diagnosis) -> Finding:
    if found.is_read_only:
        return wrong("rights", "the server is read-only (a standby, or default_transaction_read_only is on)")
    if not (found.may_create_tables and found.may_create_schemas):
        return wrong("rights", "grant the user in DATABASE_URL CREATE ON DATABASE and ON SCHEMA public")
    if found.others_table is not None:
        name, owner = found.others_table
        return wrong("rights", f"the table {name} belongs to {owner}: ALTER TABLE … OWNER TO the user in DATABASE_URL")
    if found.pages_own_tables:
        text = "pages run as the owner of the tables and could drop them: set DATABASE_OWNER_URL (docs/security.md)"
        return Finding("rights", text, "note")
    return Finding("rights", "the owner has all necessary rights, and pages can't change tables")


def _schema(found: Diagnosis) -> Finding:
    if found.schema is None:
        return Finding("schema", "doesn't exist yet: the first start creates it", "note")
    if found.schema not in revisions():
        text = f"{found.schema} was made by a newer Flyleaf than this one, which supports {head()}: update Flyleaf"
        return wrong("schema", text)
    if found.schema != head():
        return Finding("schema", f"{found.schema}: the next start updates it to {head()}", "note")
    return Finding("schema", f"{found.schema}, up to date")


def _search(found: Diagnosis) -> Finding:
    if not found.search_is_ready:
        return Finding("search", "not built yet: the next start builds it, or run python -m flyleaf migrate", "note")
    if found.search_changes:
        text = f"{found.search_changes} changes are not yet searchable: run python -m flyleaf search rebuild"
        return Finding("search", text, "note")
    return Finding("search", "up to date")


def _replicas(config: Config, replicas: list[ReplicaDiagnosis]) -> Iterator[Finding]:
    for replica in replicas:
        if replica.is_absent and any(other.problem is None for other in replicas):
            text = f"{replica.problem} The site reads from the others. All is well if a health check closes its port"
            yield Finding(f"replica {replica.name}", f"{text} while it is the primary", "note")
        else:
            yield _replica(config, replica)


def _replica(config: Config, found: ReplicaDiagnosis) -> Finding:
    about = f"replica {found.name}"
    if found.problem is not None:
        return wrong(about, found.problem)
    if not found.is_same_site:
        return wrong(about, "it has another site's database: write the address of a standby of DATABASE_URL's server")
    if not found.is_standby:
        text = "is a primary: after a failover this is the one at DATABASE_URL; if not, rebuild it (pg_rewind)"
        return Finding(about, text, "note")
    behind = f"{found.bytes_behind / MEGABYTE:,.1f} MB behind"
    if found.is_paused:
        return wrong(about, f"{behind}, and it doesn't replay: run SELECT pg_wal_replay_resume() there")
    seconds = found.seconds_behind
    if found.bytes_behind and (seconds is None or seconds > config.replica_lag_seconds):
        since = "" if seconds is None else f"; its latest change is {seconds:,.0f} s old"
        text = "check that it receives (pg_stat_wal_receiver there, pg_stat_replication on the primary)"
        return wrong(about, f"{behind}{since}, so it isn't used: {text}")
    if (found.schema or "") < head():
        return Finding(about, f"its schema is not yet {head()}, so it isn't used", "note")
    return Finding(about, "streams and replays" if not found.bytes_behind else f"replays, {behind}")
