"""The settings: one frozen Config, read once from the environment. Nothing else reads os.environ."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, cast
from urllib.parse import quote

from flyleaf import setting_values as values
from flyleaf.setting_values import ConfigError, LogFormat, Registration, SessionType

__all__ = ["PROJECT", "Config", "ConfigError"]

ReadersAddBooks = Literal["yes", "moderated", "no"]
PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Config:
    """Every setting of the site; README.md describes each."""

    data: Path = PROJECT / "instance"
    database_url: str | None = field(default=None, repr=False)  # for SQLAlchemy; None: the embedded server
    database_owner_url: str | None = field(default=None, repr=False)  # None: pages run as the owner of the tables, too
    database_read_urls: tuple[str, ...] = field(default=(), repr=False)  # replicas, which pages read from
    replica_lag_seconds: int = 10  # how far behind a replica may be
    pg_bindir: Path | None = None
    host: str = "127.0.0.1"
    port: int = 5000
    passed_socket: int | None = None  # a file descriptor to use instead of `host` and `port`
    script_name: str = ""  # the path under which the site is served, such as /books
    static_url: str = ""  # where browsers get style sheets and scripts instead of from the site
    workers: int | None = None  # None: as many as the memory allows, at most 2
    secret_key: str | None = field(default=None, repr=False)  # None: generated at the first start and stored in `data`
    session_type: SessionType = "filesystem"
    redis_url: str | None = field(default=None, repr=False)
    https: bool = False
    trusted_hosts: tuple[str, ...] = ()
    trusted_proxies: int = 0
    registration: Registration = "open"
    oidc_issuer: str | None = None  # of the OpenID Connect provider at which readers can log in
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    oidc_name: str | None = None  # what readers call the provider
    password_login: bool = True
    registrations_per_hour: int = 120  # from one address, which a whole school may share
    searches_per_minute: int = 300  # by one reader, suggestions included
    api_requests_per_minute: int = 600  # of one reader's tokens, or from one address
    moderators_need_second_factor: bool = False
    half_stars: bool = False  # readers can give them
    proposals: bool = True  # readers can suggest corrections of the catalogue
    readers_add_books: ReadersAddBooks = "moderated"  # those that the catalogue lacks, from their reading histories
    routine_event_days: int = 180  # how long events that come with every visit are kept
    event_days: int = 5 * 365  # how long all other events are kept
    contact: str | None = None  # of the operator, for readers
    log_format: LogFormat = "auto"
    metrics_token: str | None = field(default=None, repr=False)  # None: there is no /metrics
    metrics_folder: Path | None = None  # where the processes of the site count together
    traces: bool = False  # sent by OpenTelemetry, which reads where to from the environment itself
    open_library_contact: str | None = None
    open_library_url: str = "https://openlibrary.org"
    open_library_covers_url: str = "https://covers.openlibrary.org"
    covers: bool = True  # whether covers are fetched from there and shown, if there is a contact

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Config":
        """Read all settings. Raises ConfigError for an invalid one."""
        host = environ.get("HOST") or cls.host
        session_type = environ.get("SESSION_TYPE") or cls.session_type
        if session_type not in ("filesystem", "redis"):
            raise ConfigError(f"SESSION_TYPE is {session_type!r}: write 'filesystem' or 'redis'.")
        redis_url = values.redis_url(environ.get("REDIS_URL") or None)
        if session_type == "redis" and redis_url is None:
            raise ConfigError("SESSION_TYPE is 'redis', but REDIS_URL is not set: write redis://host:6379/0.")
        adds = environ.get("READERS_ADD_BOOKS") or cls.readers_add_books
        if adds not in ("yes", "moderated", "no"):
            raise ConfigError(f"READERS_ADD_BOOKS is {adds!r}: write yes, moderated or no.")
        bindir = environ.get("PG_BINDIR")
        issuer = values.issuer(environ)
        https = values.switch(environ, "HTTPS", not values.is_local(host))
        return cls(
            data=Path(environ.get("FLYLEAF_DATA") or cls.data).expanduser().absolute(),
            database_url=values.database_url(environ.get("DATABASE_URL") or None),
            database_owner_url=values.owner_url(environ),
            database_read_urls=values.read_urls(environ),
            replica_lag_seconds=values.whole_number(environ, "REPLICA_LAG_SECONDS", cls.replica_lag_seconds, 1, 3_600),
            pg_bindir=Path(bindir).expanduser().absolute() if bindir else None,
            host=host,
            port=values.whole_number(environ, "PORT", cls.port, 1, 65535),
            passed_socket=values.passed_socket(environ),
            script_name=values.url_path(environ, "SCRIPT_NAME"),
            static_url=values.static_url(environ, https),
            workers=values.whole_number(environ, "WORKERS", 2, 1, 64) if environ.get("WORKERS") else None,
            secret_key=values.secret_key(environ.get("SECRET_KEY") or None),
            session_type=cast(SessionType, session_type),
            redis_url=redis_url,
            https=https,
            trusted_hosts=tuple(name.strip() for name in environ.get("TRUSTED_HOSTS", "").split(",") if name.strip()),
            trusted_proxies=values.whole_number(environ, "TRUSTED_PROXIES", 0, 0, 10),
            registration=values.registration(environ.get("REGISTRATION") or cls.registration),
            oidc_issuer=issuer,
            oidc_client_id=environ.get("OIDC_CLIENT_ID") or cls.oidc_client_id,
            oidc_client_secret=environ.get("OIDC_CLIENT_SECRET") or cls.oidc_client_secret,
            oidc_name=values.oidc_name(environ, issuer),
            password_login=values.password_login(environ, issuer),
            registrations_per_hour=values.whole_number(
                environ, "REGISTRATIONS_PER_HOUR", cls.registrations_per_hour, 1, 10_000
            ),
            searches_per_minute=values.whole_number(
                environ, "SEARCHES_PER_MINUTE", cls.searches_per_minute, 1, 999_999
            ),
            api_requests_per_minute=values.whole_number(
                environ, "API_REQUESTS_PER_MINUTE", cls.api_requests_per_minute, 1, 999_999
            ),
            moderators_need_second_factor=values.switch(environ, "MODERATORS_NEED_SECOND_FACTOR", False),
            half_stars=values.on_or_off(environ, "HALF_STARS", cls.half_stars),
            proposals=values.on_or_off(environ, "PROPOSALS", cls.proposals),
            readers_add_books=cast(ReadersAddBooks, adds),
            routine_event_days=values.whole_number(environ, "ROUTINE_EVENT_DAYS", cls.routine_event_days, 1, 36_500),
            event_days=values.whole_number(environ, "EVENT_DAYS", cls.event_days, 1, 36_500),
            contact=values.operator(environ.get("CONTACT") or None),
            log_format=values.log_format(environ.get("LOG_FORMAT") or cls.log_format),
            metrics_token=values.metrics_token(environ.get("METRICS_TOKEN") or None),
            metrics_folder=Path(metrics).absolute() if (metrics := environ.get("PROMETHEUS_MULTIPROC_DIR")) else None,
            traces=values.traces(environ),
            open_library_contact=values.contact_of(environ.get("OPEN_LIBRARY_CONTACT") or None),
            open_library_url=values.web_address(environ, "OPEN_LIBRARY_URL", cls.open_library_url),
            open_library_covers_url=values.web_address(environ, "OPEN_LIBRARY_COVERS_URL", cls.open_library_covers_url),
            covers=values.on_or_off(environ, "COVERS", cls.covers),
        )

    @property
    def missing_books(self) -> ReadersAddBooks:
        """What happens to books that the catalogue lacks. Nobody suggests any if readers suggest nothing at all."""
        if self.readers_add_books == "moderated" and not self.proposals:
            return "no"
        return self.readers_add_books

    @property
    def contact_address(self) -> str | None:
        """What a link to the operator leads to."""
        if self.contact is None or self.contact.startswith(("https://", "http://")):
            return self.contact
        return f"mailto:{quote(self.contact, safe='@+')}"

    @property
    def sessions(self) -> Path:
        return self.data / "sessions"

    @property
    def cover_files(self) -> Path:
        return self.data / "covers"

    @property
    def has_covers(self) -> bool:
        """Whether pages show covers from elsewhere where there are any."""
        return self.covers and self.open_library_contact is not None

    def sharing_metrics(self) -> "Config":
        """Return the settings for workers that count together, in an empty folder, if METRICS_TOKEN is set.

        prometheus_client, which the workers import, reads the folder's name from the environment.
        """
        if self.metrics_token is None:
            return self
        folder = self.data / "metrics"
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700, parents=True)
        except OSError as error:
            raise self._unusable_data(error) from error
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
        return replace(self, metrics_folder=folder)

    def make_data_folder(self) -> None:
        """Create the data folder and the site's own files in it. Raises ConfigError if that fails."""
        try:
            self.kept_secret_key()
            if self.session_type == "filesystem":
                self.sessions.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable_data(error) from error

    def _unusable_data(self, error: OSError) -> ConfigError:
        return ConfigError(
            f"FLYLEAF_DATA is {self.data}, which can't be used ({error.strerror}: {error.filename}): set it to a "
            "folder that you can write to."
        )

    def site_digest(self) -> str:
        """Return 8 hex digits that differ between two sites on one host but are the same on all machines of one site.

        The database's host is not included, as each machine may know it by another name.
        """
        place = self.database_url.partition("?")[0].rpartition("/")[2] if self.database_url else str(self.data)
        return hashlib.sha256(f"cookies {self.kept_secret_key()} {place}".encode()).hexdigest()[:8]

    @property
    def secret_key_file(self) -> Path:
        return self.data / "secret_key"

    def keep_secret_key(self, key: str) -> None:
        """Store `key` in the data folder and keep a backup of a different key that is there.

        Do nothing if SECRET_KEY is set, which takes precedence. Raises OSError.
        """
        path = self.secret_key_file
        if self.secret_key is not None or (path.exists() and path.read_text().strip() == key):
            return
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"secret_key.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(key)
        if path.exists():
            path.rename(path.with_name(f"secret_key.replaced-{secrets.token_hex(4)}"))
        draft.rename(path)

    def kept_secret_key(self) -> str:
        """Return SECRET_KEY or, if unset, the key in the data folder, which is created there (mode 0600) the first
        time."""
        if self.secret_key is not None:
            return self.secret_key
        path = self.secret_key_file
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"secret_key.{os.getpid()}.{secrets.token_hex(4)}")
        if not path.exists():
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(48))
            try:
                os.link(draft, path)  # fails if another worker was first; all workers then use its key
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        key = path.read_text().strip()
        if len(key) < 32:
            raise ConfigError(f"{path} doesn't contain a secret key: delete it, and the next start creates a new one.")
        return key
