"""Running the site by one command: the address, the database, its schema and its first books, then the workers."""

import argparse
import contextlib
import logging
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from flyleaf import address as addresses
from flyleaf.address import Address, AddressError
from flyleaf.app import create_app
from flyleaf.config import Config, ConfigError
from flyleaf.database import Database, DatabaseUnusableError
from flyleaf.database.connect import open_database
from flyleaf.embedded.parent import watch_parent
from flyleaf.gateway import Gateway
from flyleaf.importing import Report, UnusableFileError, import_if_empty
from flyleaf.importing.command import BOOKS
from flyleaf.logs import configure_logging

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS = 8  # a worker: as many as its pool has connections, so that none waits for one
HEADER_SECONDS = 10  # for a request's headers, and for the next request on a connection that is kept
CONNECTIONS = 2000  # a worker; idle and half-open ones count, and cost a few kilobytes each
STOP_SECONDS = 5  # for requests that are under way
# granian's own lines go where the site's go; from the level of warnings on, because its others are for its authors.
GRANIAN_LOG = {"loggers": {"_granian": {"propagate": True}, "granian.access": {"propagate": True}}}


def run(arguments: list[str] | None = None) -> int:
    """Run the site until Ctrl-C or SIGTERM; the exit code. What hinders it is said in one line."""
    parser = argparse.ArgumentParser(description="Run Flyleaf. Its settings are environment variables: see README.md.")
    parser.add_argument("--end-with-parent", action="store_true", help="stop when the program that started this ends")
    options = parser.parse_args(arguments)
    # Until granian has its own handlers, SIGTERM does what Ctrl-C does: what was begun is undone, nothing is left.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if options.end_with_parent:
        watch_parent(signal.SIGTERM)
    try:
        config = Config.from_environment()
        address = addresses.find(config.host, config.port)
        with addresses.reserved(address), prepared(config):
            serve(config, address)
    except (AddressError, ConfigError, DatabaseUnusableError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


@contextlib.contextmanager
def prepared(config: Config) -> Iterator[None]:
    """The database, up to date and with books in it; the embedded one runs until the end of the block."""
    with contextlib.closing(open_database(config, _announce)) as database:
        database.migrate()
        config.make_data_folder()  # each worker does it again; here it can be said once what hinders it
        _import_first_books(database)
        database.engine.dispose()  # connections must not be shared with the workers, which are forks
        yield


def serve(
    config: Config, address: Address, make_app: Callable[[Config, Database], "WSGIApplication"] = create_app
) -> None:
    """Serve until a signal ends it; SystemExit with 1 where the workers don't keep running."""
    configure_logging()
    _allow_connections()
    # granian takes the closing of the terminal for a wish to reload; a program started by nohup ignores it.
    hang_up = signal.getsignal(signal.SIGHUP)
    server = Server(
        "flyleaf",
        address=address.ip,
        port=address.port,
        interface=Interfaces.RSGI,
        workers=config.workers,
        loop=Loops.asyncio,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000),
        websockets=False,
        backpressure=CONNECTIONS,
        log_level=LogLevels.warning,
        log_dictconfig=GRANIAN_LOG,
        respawn_failed_workers=True,
        respawn_interval=0,
        workers_kill_timeout=STOP_SECONDS,
    )

    @server.on_startup
    def started() -> None:
        signal.signal(signal.SIGHUP, hang_up if hang_up == signal.SIG_IGN else server.signal_handler_interrupt)
        threading.Thread(target=_print_when_served, args=(address,), daemon=True).start()

    server.serve(target_loader=partial(worker, config, make_app), wrap_loader=False)


def worker(config: Config, make_app: Callable[[Config, Database], "WSGIApplication"]) -> Any:
    """The Gateway that a worker serves; called in the worker."""
    watch_parent(signal.SIGKILL)
    database = open_database(config, logging.getLogger(__name__).debug)  # the parent has announced it
    return Gateway(make_app(config, database), THREADS)


def _import_first_books(database: Database) -> None:
    try:
        import_if_empty(database, BOOKS, Report())
    except UnusableFileError as error:
        _announce(f"{BOOKS}: {error} The site starts without books: python import.py FILE brings some.")


def _print_when_served(address: Address) -> None:
    while not addresses.is_served(address):
        time.sleep(0.05)
    beside = " and every other address of this machine" if address.everywhere else ""
    print(f"Flyleaf is at {address}{beside} (Ctrl-C stops it)", flush=True)


def _allow_connections() -> None:
    """Raise this process's limit of open files, often 1024, to what the connections need, as far as that goes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + 200
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _announce(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
