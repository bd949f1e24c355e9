"""The application factory: it wires the rooms together, in the order in which they are read."""

import sys
from typing import TYPE_CHECKING

from cachelib.base import BaseCache
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from flyleaf import cli, views, web
from flyleaf.config import PROJECT, Config
from flyleaf.cover_fetcher import CoverFetcher
from flyleaf.covers.files import CoverFiles
from flyleaf.database import Database
from flyleaf.database.connect import open_database
from flyleaf.logs import configure_logging
from flyleaf.maintenance import Maintenance
from flyleaf.open_library import OpenLibrary, OpenLibraryBooks, OpenLibraryCovers
from flyleaf.rating_fetcher import RatingFetcher
from flyleaf.request_counters import MemoryCounter, RedisCounter, RequestCounter
from flyleaf.sessions import LIFETIME, SessionFiles, SessionRedis
from flyleaf.web.current import EXTENSION, Flyleaf
from flyleaf.web.mounting import Mounted
from flyleaf.web.session_cookie import SessionCookie
from flyleaf.web.translated_templates import TranslatedEnvironment

if TYPE_CHECKING:
    from flyleaf.metrics import Metrics

BODY_MAX = 256 * 1024  # bytes: a review of 10,000 emoji, percent-encoded, and room to spare


def create_app(config: Config | None = None, database: Database | None = None) -> Flask:
    """The site as a WSGI application, by the environment's settings where none are given.

    Without `database` it opens the one that the settings name, starting the embedded server where that does not run.
    Raises ConfigError, and DatabaseUnusableError where the embedded server can't be had. A server of somebody else's
    that can't be reached is no error here: the site answers 503 until it can.
    """
    config = config or Config.from_environment()
    configure_logging(config.log_format)
    # First of all: as root it makes the data folder so that the account which PostgreSQL runs as can pass through.
    database = database or open_database(config, _announce)
    config.make_data_folder()
    app = Flask("flyleaf", root_path=str(PROJECT), static_folder=None)  # static/: web.assets
    app.config.from_mapping(
        SECRET_KEY=config.kept_secret_key(),
        MAX_CONTENT_LENGTH=BODY_MAX,
        MAX_FORM_MEMORY_SIZE=BODY_MAX,
        TRUSTED_HOSTS=list(config.trusted_hosts) or None,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of the provider that Flask comes with
    app.jinja_environment = TranslatedEnvironment
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    counter = _keep_sessions(app, config)
    app.wsgi_app = Mounted(app.wsgi_app, config.script_name)  # type: ignore[method-assign]
    if config.trusted_proxies:
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_prefix=hops
        )
    app.jinja_env.globals["contact"] = config.contact and (config.contact_address, config.contact)
    covers = CoverFiles(config.cover_files)
    rating_fetcher, cover_fetcher = _rating_fetcher(config, database), _cover_fetcher(config, database, covers)
    sessions = app.config["SESSION_CACHELIB"]
    maintenance = Maintenance(database, config, sessions if isinstance(sessions, SessionFiles) else None, covers)
    app.extensions[EXTENSION] = Flyleaf(
        config,
        database,
        rating_fetcher,
        covers,
        cover_fetcher,
        _open_library_books(config),
        counter,
        maintenance,
        _metrics(config),
    )
    web.register(app)
    views.register(app)
    cli.register(app)
    if config.traces:
        from flyleaf.tracing import trace  # not installed everywhere

        trace(app, database.watch_statements)
    return app


def create_site(config: Config | None = None, database: Database | None = None) -> Flask:
    """Return the same application with its maintenance, which starts at the first request: servers may fork before."""
    app = create_app(config, database)
    app.before_request(app.extensions[EXTENSION].maintenance.start)
    return app


def _keep_sessions(app: Flask, config: Config) -> RequestCounter:
    """Set up the store of sessions, and return the counter of requests that goes with it."""
    app.config.from_mapping(
        SESSION_PERMANENT=False,
        PERMANENT_SESSION_LIFETIME=LIFETIME,
        # On, every request would write its session again, and a slow one bring it back after a log-out.
        SESSION_REFRESH_EACH_REQUEST=False,
        SESSION_COOKIE_SECURE=config.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    if config.session_type == "redis":
        redis = SessionRedis(str(config.redis_url))
        sessions: BaseCache = redis
        counter: RequestCounter = RedisCounter(redis)
    else:
        sessions, counter = SessionFiles(config.sessions), MemoryCounter()
    app.config["SESSION_CACHELIB"] = sessions
    app.session_interface = SessionCookie(app, client=sessions, permanent=False)
    return counter


def _metrics(config: Config) -> "Metrics | None":
    if config.metrics_token is None:
        return None
    from flyleaf.metrics import Metrics

    return Metrics(config.metrics_folder)


def _rating_fetcher(config: Config, database: Database) -> RatingFetcher | None:
    if config.open_library_contact is None:
        return None
    return RatingFetcher(database, OpenLibrary(config.open_library_contact, config.open_library_url))


def _cover_fetcher(config: Config, database: Database, files: CoverFiles) -> CoverFetcher | None:
    if config.open_library_contact is None or not config.has_covers:
        return None
    return CoverFetcher(database, OpenLibraryCovers(config.open_library_contact, config.open_library_covers_url), files)


def _open_library_books(config: Config) -> OpenLibraryBooks | None:
    if config.open_library_contact is None:
        return None
    return OpenLibraryBooks(config.open_library_contact, config.open_library_url)


def _announce(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
