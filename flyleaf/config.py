"""The settings: one frozen Config, read once from the environment. Nothing else reads os.environ."""

import hashlib
import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast
from urllib.parse import quote, urlsplit

PROJECT = Path(__file__).resolve().parent.parent
POSTGRES_SCHEMES = ("postgres://", "postgresql://", "postgresql+psycopg2://")
REDIS_SCHEMES = ("redis://", "rediss://", "unix://")

SessionType = Literal["filesystem", "redis"]
LogFormat = Literal["auto", "text", "json"]
Registration = Literal["open", "invitation", "approval"]


class ConfigError(ValueError):
    """An invalid setting. The message is one line: the setting, what is wrong with it and what to use instead."""


@dataclass(frozen=True)
class Config:
    """Every setting of the site; README.md describes each."""

    data: Path = PROJECT / "instance"
    database_url: str | None = field(default=None, repr=False)  # for SQLAlchemy; None: the embedded server
    database_owner_url: str | None = field(default=None, repr=False)  # None: pages run as the owner of the tables, too
    pg_bindir: Path | None = None
    host: str = "127.0.0.1"
    port: int = 5000
    passed_socket: int | None = None  # a file descriptor to use instead of `host` and `port`
    script_name: str = ""  # the path under which the site is served, such as /books
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
    api_requests_per_minute: int = 600  # from one address
    moderators_need_second_factor: bool = False
    routine_event_days: int = 180  # how long events that come with every visit are kept
    event_days: int = 5 * 365  # how long all other events are kept
    contact: str | None = None  # of the operator, for readers
    log_format: LogFormat = "auto"
    open_library_contact: str | None = None
    open_library_url: str = "https://openlibrary.org"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Config":
        """Read all settings. Raises ConfigError for an invalid one."""
        host = environ.get("HOST") or cls.host
        session_type = environ.get("SESSION_TYPE") or cls.session_type
        if session_type not in ("filesystem", "redis"):
            raise ConfigError(f"SESSION_TYPE is {session_type!r}: write 'filesystem' or 'redis'.")
        redis_url = environ.get("REDIS_URL") or None
        if session_type == "redis" and redis_url is None:
            raise ConfigError("SESSION_TYPE is 'redis', but REDIS_URL is not set: write redis://host:6379/0.")
        if redis_url is not None and not redis_url.startswith(REDIS_SCHEMES):  # it may hold a password: not shown
            raise ConfigError(f"REDIS_URL starts with none of {', '.join(REDIS_SCHEMES)}: write redis://host:6379/0.")
        bindir = environ.get("PG_BINDIR")
        issuer = _issuer(environ)
        return cls(
            data=Path(environ.get("FLYLEAF_DATA") or cls.data).expanduser().absolute(),
            database_url=_database_url(environ.get("DATABASE_URL") or None),
            database_owner_url=_owner_url(environ),
            pg_bindir=Path(bindir).expanduser().absolute() if bindir else None,
            host=host,
            port=_whole_number(environ, "PORT", cls.port, 1, 65535),
            passed_socket=_passed_socket(environ),
            script_name=_path(environ, "SCRIPT_NAME"),
            workers=_whole_number(environ, "WORKERS", 2, 1, 64) if environ.get("WORKERS") else None,
            secret_key=_secret_key(environ.get("SECRET_KEY") or None),
            session_type=cast(SessionType, session_type),
            redis_url=redis_url,
            https=_switch(environ, "HTTPS", not is_local(host)),
            trusted_hosts=tuple(name.strip() for name in environ.get("TRUSTED_HOSTS", "").split(",") if name.strip()),
            trusted_proxies=_whole_number(environ, "TRUSTED_PROXIES", 0, 0, 10),
            registration=_registration(environ.get("REGISTRATION") or cls.registration),
            oidc_issuer=issuer,
            oidc_client_id=environ.get("OIDC_CLIENT_ID") or cls.oidc_client_id,
            oidc_client_secret=environ.get("OIDC_CLIENT_SECRET") or cls.oidc_client_secret,
            oidc_name=_oidc_name(environ, issuer),
            password_login=_password_login(environ, issuer),
            registrations_per_hour=_whole_number(
                environ, "REGISTRATIONS_PER_HOUR", cls.registrations_per_hour, 1, 10_000
            ),
            searches_per_minute=_whole_number(environ, "SEARCHES_PER_MINUTE", cls.searches_per_minute, 1, 999_999),
            api_requests_per_minute=_whole_number(
                environ, "API_REQUESTS_PER_MINUTE", cls.api_requests_per_minute, 1, 999_999
            ),
            moderators_need_second_factor=_switch(environ, "MODERATORS_NEED_SECOND_FACTOR", False),
            routine_event_days=_whole_number(environ, "ROUTINE_EVENT_DAYS", cls.routine_event_days, 1, 36_500),
            event_days=_whole_number(environ, "EVENT_DAYS", cls.event_days, 1, 36_500),
            contact=_operator(environ.get("CONTACT") or None),
            log_format=_log_format(environ.get("LOG_FORMAT") or cls.log_format),
            open_library_contact=_contact(environ.get("OPEN_LIBRARY_CONTACT") or None),
            open_library_url=_web_address(environ.get("OPEN_LIBRARY_URL") or cls.open_library_url),
        )

    @property
    def contact_address(self) -> str | None:
        """What a link to the operator leads to."""
        if self.contact is None or self.contact.startswith(("https://", "http://")):
            return self.contact
        return f"mailto:{quote(self.contact, safe='@+')}"

    @property
    def sessions(self) -> Path:
        return self.data / "sessions"

    def make_data_folder(self) -> None:
        """Create the data folder and the site's own files in it. Raises ConfigError if that fails."""
        try:
            self.kept_secret_key()
            if self.session_type == "filesystem":
                self.sessions.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"FLYLEAF_DATA is {self.data}, which can't be used ({error.strerror}: {error.filename}): set it to a "
                "folder that you can write to."
            ) from error

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


def is_local(host: str) -> bool:
    """Return whether `host` can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _owner_url(environ: Mapping[str, str]) -> str | None:
    owner, url = environ.get("DATABASE_OWNER_URL") or None, environ.get("DATABASE_URL") or ""
    if owner is None:
        return None
    if "@" not in url.partition("://")[2]:
        raise ConfigError("DATABASE_OWNER_URL is set: set DATABASE_URL, too, with the user that pages run as.")
    return _database_url(owner, "DATABASE_OWNER_URL")


def _database_url(url: str | None, name: str = "DATABASE_URL") -> str | None:
    """Return the URL for SQLAlchemy's psycopg2 dialect, because SQLAlchemy 2.1 uses psycopg 3 for postgresql://."""
    if url is None:
        return None
    for scheme in POSTGRES_SCHEMES:
        if url.startswith(scheme):
            return "postgresql+psycopg2://" + url.removeprefix(scheme)
    scheme = url.split("://")[0] if "://" in url else ""
    raise ConfigError(
        f"{name} starts with {scheme + '://' if scheme else 'no scheme'}: "
        "write postgresql://user:password@host:5432/database."
    )


def _passed_socket(environ: Mapping[str, str]) -> int | None:
    """Return the file descriptor that systemd passed to this process (see sd_listen_fds(3)), or None."""
    process, count = environ.get("LISTEN_PID"), environ.get("LISTEN_FDS")
    if process != str(os.getpid()):
        return None
    if count != "1":
        raise ConfigError(f"LISTEN_FDS is {count!r}: pass one socket.")
    return 3


def _secret_key(key: str | None) -> str | None:
    if key is not None and len(key) < 16:
        raise ConfigError(
            "SECRET_KEY is shorter than 16 characters: use a longer one, or unset it to have one generated."
        )
    return key


def _log_format(text: str) -> LogFormat:
    if text not in ("auto", "text", "json"):
        raise ConfigError(f"LOG_FORMAT is {text!r}: write auto, text or json.")
    return cast(LogFormat, text)


def _registration(text: str) -> Registration:
    if text not in ("open", "invitation", "approval"):
        raise ConfigError(f"REGISTRATION is {text!r}: write open, invitation or approval.")
    return cast(Registration, text)


def _issuer(environ: Mapping[str, str]) -> str | None:
    """Return the OpenID Connect provider, or None. Raises ConfigError unless all three of its settings are there."""
    names = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
    missing = [name for name in names if not environ.get(name)]
    if len(missing) == len(names):
        return None
    if missing:
        raise ConfigError(f"{' and '.join(missing)} must be set, too, for logging in with OpenID Connect.")
    issuer = environ["OIDC_ISSUER"]
    parts = urlsplit(issuer)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_local(parts.hostname or ""))
    if len(issuer) > 300 or not re.fullmatch("[!-~]+", issuer) or not is_safe or not parts.hostname or parts.query:
        raise ConfigError(
            f"OIDC_ISSUER is {issuer!r}: write the provider's address, such as https://login.example.org."
        )
    return issuer


def _oidc_name(environ: Mapping[str, str], issuer: str | None) -> str | None:
    if issuer is None:
        return None
    name = environ.get("OIDC_NAME") or urlsplit(issuer).hostname or ""
    if len(name) > 60 or not name.isprintable():
        raise ConfigError(f"OIDC_NAME is {name!r}: write at most 60 characters, such as City Library.")
    return name


def _password_login(environ: Mapping[str, str], issuer: str | None) -> bool:
    is_on = _switch(environ, "PASSWORD_LOGIN", True)
    if not is_on and issuer is None:
        raise ConfigError("PASSWORD_LOGIN is 0, but nobody could log in then: set OIDC_ISSUER, too.")
    return is_on


def _operator(text: str | None) -> str | None:
    """The e-mail address, or the web address, that readers see."""
    if text is None:
        return None
    contact = text.removeprefix("mailto:")
    is_mail = re.fullmatch(r"""[^\s@<>"'(),:;\\]{1,64}@[^\s@<>"'(),:;\\/]{1,190}""", contact)
    is_page = re.fullmatch(r"""https?://[^\s/<>"'\\@]+(/[^\s<>"'\\]*)?""", contact)
    if len(contact) > 300 or not contact.isprintable() or not (is_mail or is_page):
        raise ConfigError(f"CONTACT is {text!r}: write an e-mail address, or a web address that starts with https://.")
    return contact


def _contact(contact: str | None) -> str | None:
    if contact is not None and not re.fullmatch(r"[!-~]{3,200}", contact):
        raise ConfigError("OPEN_LIBRARY_CONTACT must be an e-mail address or a web address, without spaces.")
    return contact


def _web_address(address: str) -> str:
    if not re.fullmatch(r"https?://[!-~]{1,200}", address):
        raise ConfigError(f"OPEN_LIBRARY_URL is {address!r}: write an address such as https://openlibrary.org.")
    return address.rstrip("/")


def _path(environ: Mapping[str, str], name: str) -> str:
    """Return the path in the form of SCRIPT_NAME: /books for "books", "/books/" and "/books"; "" for "/"."""
    text = environ.get(name) or ""
    path = clean_script_name(text)
    if path is None:
        raise ConfigError(f"{name} is {text!r}: write the path under which the site is served, such as /books.")
    return path


def clean_script_name(text: str) -> str | None:
    """Return the path with a leading and no trailing slash, or None unless it consists of letters, digits and -._~"""
    parts = text.strip("/").split("/") if text.strip("/") else []
    if any(not re.fullmatch(r"[A-Za-z0-9._~-]{1,64}", part) or part in (".", "..") for part in parts) or len(parts) > 8:
        return None
    return "".join(f"/{part}" for part in parts)


def _whole_number(environ: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environ.get(name) or str(default)
    if not re.fullmatch(r"[0-9]{1,6}", text) or not low <= int(text) <= high:
        raise ConfigError(f"{name} is {text!r}: write a whole number from {low} to {high}.")
    return int(text)


def _switch(environ: Mapping[str, str], name: str, default: bool) -> bool:
    text = environ.get(name) or ("1" if default else "0")
    if text not in ("0", "1"):
        raise ConfigError(f"{name} is {text!r}: write 1 (on) or 0 (off).")
    return text == "1"
