"""Parse the values of settings. Each function raises ConfigError, which says what to write instead."""

import ipaddress
import os
import re
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Literal, cast
from urllib.parse import urlsplit

POSTGRES_SCHEMES = ("postgres://", "postgresql://", "postgresql+psycopg2://")
REDIS_SCHEMES = ("redis://", "rediss://", "unix://")

TRACING = (  # packages of OpenTelemetry that flyleaf/tracing.py needs
    "opentelemetry.exporter.otlp.proto.http",
    "opentelemetry.instrumentation.flask",
)

SessionType = Literal["filesystem", "redis"]
LogFormat = Literal["auto", "text", "json"]
Registration = Literal["open", "invitation", "approval"]


class ConfigError(ValueError):
    """An invalid setting. The message is one line: the setting, what is wrong with it and what to use instead."""


def is_local(host: str) -> bool:
    """Return whether `host` can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def owner_url(environ: Mapping[str, str]) -> str | None:
    owner, url = environ.get("DATABASE_OWNER_URL") or None, environ.get("DATABASE_URL") or ""
    if owner is None:
        return None
    if "@" not in url.partition("://")[2]:
        raise ConfigError("DATABASE_OWNER_URL is set: set DATABASE_URL, too, with the user that pages run as.")
    return database_url(owner, "DATABASE_OWNER_URL")


def read_urls(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the addresses of the replicas, none of which may be that of the primary."""
    # A password may contain a comma, too.
    given = re.split(r",(?=\s*[A-Za-z0-9+]+://)", environ.get("DATABASE_READ_URL") or "")
    given = [url.strip(" ,") for url in given if url.strip(" ,")]
    if not given:
        return ()
    if not environ.get("DATABASE_URL"):
        raise ConfigError("DATABASE_READ_URL is set: set DATABASE_URL, too, to the primary of these replicas.")
    urls = [str(database_url(url, "DATABASE_READ_URL")) for url in given]
    servers = [_server(url) for url in urls]
    if _server(str(database_url(environ["DATABASE_URL"]))) in servers:
        raise ConfigError("DATABASE_READ_URL is also DATABASE_URL: write the addresses of its replicas, or unset it.")
    if len(set(servers)) < len(servers):
        raise ConfigError("DATABASE_READ_URL has the same address twice: write each replica once.")
    return tuple(urls)


def _server(url: str) -> tuple[tuple[tuple[str, str], ...], str, str]:
    """Return what all addresses of one database have in common, whoever logs in and however this machine is called."""
    parts = urlsplit(url)
    places = parts.netloc.rpartition("@")[2].lower().split(",")
    hosts = [re.sub(":[0-9]*$", "", place) for place in places]
    ports = [place.removeprefix(host).strip(":") or "5432" for place, host in zip(places, hosts, strict=True)]
    names = ["localhost" if is_local(host) else host for host in hosts]
    return tuple(zip(names, ports, strict=True)), parts.path, parts.query


def database_url(url: str | None, name: str = "DATABASE_URL") -> str | None:
    """Return the URL for SQLAlchemy's psycopg2 dialect, because SQLAlchemy 2.1 uses psycopg 3 for postgresql://."""
    if url is None:
        return None
    # A second address would be taken for the database's name, which is logged, with the password in it.
    place = url.partition("://")[2]
    if "://" in (place.partition("@")[2] or place):
        separator = "put a comma between two addresses" if name == "DATABASE_READ_URL" else "write a single one"
        raise ConfigError(f"{name} has an address within another: {separator}.")
    for scheme in POSTGRES_SCHEMES:
        if url.startswith(scheme):
            return "postgresql+psycopg2://" + url.removeprefix(scheme)
    found = re.match("[A-Za-z0-9+.-]+://", url)  # and not a password
    raise ConfigError(
        f"{name} starts with {found.group() if found else 'no scheme'}: "
        "write postgresql://user:password@host:5432/database."
    )


def redis_url(url: str | None) -> str | None:
    """Return the address. It is not shown if it is wrong, because it may contain a password."""
    if url is None:
        return None
    if not url.startswith(REDIS_SCHEMES):
        raise ConfigError(f"REDIS_URL starts with none of {', '.join(REDIS_SCHEMES)}: write redis://host:6379/0.")
    try:
        parts = urlsplit(url)
        # A / or # in a password ends the host, and the password's beginning is taken for the port.
        is_whole = parts.port != 0 and (bool(parts.hostname) or not parts.netloc)
    except ValueError:
        is_whole = False
    if not is_whole or re.search(r"\s", url):
        raise ConfigError(
            "REDIS_URL is malformed: write redis://:password@host:6379/0, and percent-encode special characters in the "
            "password (/ is %2F)."
        )
    if parts.scheme != "unix" and not re.fullmatch(r"(/[0-9]{0,5})?", parts.path):
        raise ConfigError("REDIS_URL names a database that isn't a number: write redis://host:6379/0.")
    if parts.query and not _redis_takes(url):
        raise ConfigError("REDIS_URL has an option that Redis doesn't know, or with a wrong value: remove it.")
    return url


def _redis_takes(url: str) -> bool:
    """Return whether the client takes the options in the address. It looks at their names only when it connects."""
    from redis import Redis  # imported only if used, because it is slow to load

    try:
        Redis.from_url(url).connection_pool.make_connection()
    except (TypeError, ValueError):
        return False
    return True


def passed_socket(environ: Mapping[str, str]) -> int | None:
    """Return the file descriptor that systemd passed to this process (see sd_listen_fds(3)), or None."""
    process, count = environ.get("LISTEN_PID"), environ.get("LISTEN_FDS")
    if process != str(os.getpid()):
        return None
    if count != "1":
        raise ConfigError(f"LISTEN_FDS is {count!r}: pass one socket.")
    return 3


def secret_key(key: str | None) -> str | None:
    if key is not None and len(key) < 16:
        raise ConfigError(
            "SECRET_KEY is shorter than 16 characters: use a longer one, or unset it to have one generated."
        )
    return key


def metrics_token(token: str | None) -> str | None:
    if token is not None and not re.fullmatch("[!-~]{16,200}", token):
        raise ConfigError(
            "METRICS_TOKEN must have 16 to 200 characters, without spaces: openssl rand -hex 16 makes one."
        )
    return token


def traces(environ: Mapping[str, str]) -> bool:
    """Return whether OpenTelemetry is told where to send traces. Raises ConfigError if it is not installed."""
    if not environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return False
    try:
        missing = any(find_spec(package) is None for package in TRACING)
    except ModuleNotFoundError:  # not even a package above it
        missing = True
    if missing:
        raise ConfigError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed: "
            "pip install opentelemetry-exporter-otlp-proto-http opentelemetry-instrumentation-flask"
        )
    return True


def log_format(text: str) -> LogFormat:
    if text not in ("auto", "text", "json"):
        raise ConfigError(f"LOG_FORMAT is {text!r}: write auto, text or json.")
    return cast(LogFormat, text)


def registration(text: str) -> Registration:
    if text not in ("open", "invitation", "approval"):
        raise ConfigError(f"REGISTRATION is {text!r}: write open, invitation or approval.")
    return cast(Registration, text)


def issuer(environ: Mapping[str, str]) -> str | None:
    """Return the OpenID Connect provider, or None. Raises ConfigError unless all three of its settings are there."""
    names = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
    missing = [name for name in names if not environ.get(name)]
    if len(missing) == len(names):
        return None
    if missing:
        raise ConfigError(f"{' and '.join(missing)} must be set, too, for logging in with OpenID Connect.")
    issuer = environ["OIDC_ISSUER"]
    parts = urlsplit(issuer if _has_server(issuer) else "")
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_local(parts.hostname or ""))
    if len(issuer) > 300 or not re.fullmatch("[!-~]+", issuer) or not is_safe or not parts.hostname or parts.query:
        raise ConfigError(
            f"OIDC_ISSUER is {issuer!r}: write the provider's address, such as https://login.example.org."
        )
    return issuer


def oidc_name(environ: Mapping[str, str], issuer: str | None) -> str | None:
    name = environ.get("OIDC_NAME") or urlsplit(issuer or "").hostname or ""
    if len(name) > 60 or not name.isprintable():
        raise ConfigError(f"OIDC_NAME is {name!r}: write at most 60 characters, such as City Library.")
    return name if issuer is not None else None


def password_login(environ: Mapping[str, str], issuer: str | None) -> bool:
    is_on = switch(environ, "PASSWORD_LOGIN", True)
    if not is_on and issuer is None:
        raise ConfigError("PASSWORD_LOGIN is 0, but nobody could log in then: set OIDC_ISSUER, too.")
    return is_on


def operator(text: str | None) -> str | None:
    """The e-mail address, or the web address, that readers see."""
    if text is None:
        return None
    contact = text.removeprefix("mailto:")
    is_mail = re.fullmatch(r"""[^\s@<>"'(),:;\\]{1,64}@[^\s@<>"'(),:;\\/]{1,190}""", contact)
    is_page = re.fullmatch(r"""https?://[^\s/<>"'\\@]+(/[^\s<>"'\\]*)?""", contact)
    if len(contact) > 300 or not contact.isprintable() or not (is_mail or (is_page and _has_server(contact))):
        raise ConfigError(f"CONTACT is {text!r}: write an e-mail address, or a web address that starts with https://.")
    return contact


def contact_of(contact: str | None) -> str | None:
    if contact is not None and not re.fullmatch(r"[!-~]{3,200}", contact):
        raise ConfigError("OPEN_LIBRARY_CONTACT must be an e-mail address or a web address, without spaces.")
    return contact


def _has_server(url: str) -> bool:
    """Return whether a web address names a host, and a port that there can be."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def web_address(environ: Mapping[str, str], name: str, default: str) -> str:
    address = environ.get(name) or default
    if not re.fullmatch(r"https?://[!-~]{1,200}", address) or not _has_server(address):
        raise ConfigError(f"{name} is {address!r}: write an address such as {default}.")
    return address.rstrip("/")


def static_url(environ: Mapping[str, str], https: bool) -> str:
    """Return the address without a slash at its end. It becomes a part of the Content-Security-Policy."""
    url = (environ.get("STATIC_URL") or "").rstrip("/")
    is_plain = re.fullmatch(
        r"https?://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?(/(?!\.\.?(/|$))[A-Za-z0-9._~-]{1,64}){0,8}", url
    )
    if url and not (is_plain and _has_server(url)):
        raise ConfigError(f"STATIC_URL is {url!r}: write an address such as https://cdn.example.org/flyleaf.")
    if https and url.startswith("http:"):
        raise ConfigError(
            "STATIC_URL starts with http://, which browsers refuse on a site with HTTPS=1: write https://."
        )
    return url


def url_path(environ: Mapping[str, str], name: str) -> str:
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


def whole_number(environ: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environ.get(name) or str(default)
    if not re.fullmatch(r"[0-9]{1,6}", text) or not low <= int(text) <= high:
        raise ConfigError(f"{name} is {text!r}: write a whole number from {low} to {high}.")
    return int(text)


def switch(environ: Mapping[str, str], name: str, default: bool) -> bool:
    text = environ.get(name) or ("1" if default else "0")
    if text not in ("0", "1"):
        raise ConfigError(f"{name} is {text!r}: write 1 (on) or 0 (off).")
    return text == "1"


def on_or_off(environ: Mapping[str, str], name: str, default: bool) -> bool:
    text = environ.get(name) or ("on" if default else "off")
    if text not in ("on", "off"):
        raise ConfigError(f"{name} is {text!r}: write 'on' or 'off'.")
    return text == "on"
