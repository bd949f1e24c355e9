"""Run the site: check the address, prepare the database with its schema and first books, then start the workers."""

import argparse
import contextlib
import ctypes
import logging
import multiprocessing
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing.synchronize import Event
from typing import TYPE_CHECKING, Any

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from flyleaf import address as addresses
from flyleaf import workers
from flyleaf.address import Address, AddressError
from flyleaf.app import create_site
from flyleaf.config import Config, ConfigError
from flyleaf.database import Database, DatabaseAbsentError, DatabaseUnusableError
from flyleaf.database.connect import open_database
from flyleaf.database.replica_diagnosis import require_replicas
from flyleaf.embedded import resources
from flyleaf.embedded.parent import watch_parent
from flyleaf.gateway import Gateway
from flyleaf.importing import Report, UnusableFileError, import_if_empty
from flyleaf.importing.command import BOOKS
from flyleaf.logs import configure_logging

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS = 8  # per worker: as many as its pool has connections, so that no thread waits for one
MEGABYTE = 2**20
# With less memory than this there is one worker, with half of the threads and so of the database's connections.
LITTLE_MEMORY = 768 * MEGABYTE
# The least in which the site runs: measured with the first start, the import of books.csv and readers.
LEAST_MEMORY, LEAST_WITHOUT_SERVER = 384 * MEGABYTE, 256 * MEGABYTE
LEAST_ADDRESS_SPACE = 768 * MEGABYTE
CONNECTIONS = 2000  # per worker, including idle ones, which cost a few kilobytes each
STOP_SECONDS = 7  # for requests in progress: longer than any request may take
ABSENT_SECONDS = 1.0  # between attempts to reach a server that was not there at the start
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # of malloc.h
# granian logs where the site logs, from warnings upwards: its other messages are for its developers.
GRANIAN_LOG = {"loggers": {"_granian": {"propagate": True}, "granian.access": {"propagate": True}}}


def run(arguments: list[str] | None = None) -> int:
    """Run the site until Ctrl-C or SIGTERM and return the exit code. A fatal error is printed as one line."""
    parser = argparse.ArgumentParser(description="Run Flyleaf. Its settings are environment variables: see README.md.")
    parser.add_argument(
        "--end-with-parent", action="store_true", help="stop when the program that started this one ends"
    )
    options = parser.parse_args(arguments)
    # Until granian installs its handlers, SIGTERM acts like Ctrl-C, so that cleanup code runs.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if options.end_with_parent:
        watch_parent(signal.SIGTERM)
    try:
        config = Config.from_environment()
        _require_memory(config)
        with listening(config) as place, prepared(config) as prepare:
            # Not before it has the address: a start that is refused would empty the folder of the running site.
            serve(config.sharing_metrics(), place, prepare)
    except (AddressError, ConfigError, DatabaseUnusableError, MemoryError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def has_little_memory() -> bool:
    return resources.memory() < LITTLE_MEMORY


def _require_memory(config: Config) -> None:
    """Raise MemoryError, with what is needed, if the site would be killed for lack of memory sooner or later."""
    least = LEAST_MEMORY if config.database_url is None else LEAST_WITHOUT_SERVER
    if (found := resources.memory()) < least:
        raise MemoryError(
            f"Flyleaf needs {least // MEGABYTE} MB of memory, and only {found // MEGABYTE} MB may be used here: raise "
            "the limit of the container or service (docker run --memory, MemoryMax=)."
        )
    if (found := resources.address_space()) < LEAST_ADDRESS_SPACE:
        raise MemoryError(
            f"Flyleaf needs {LEAST_ADDRESS_SPACE // MEGABYTE} MB of address space for each process, and only "
            f"{found // MEGABYTE} MB may be used here: raise it (ulimit -v unlimited)."
        )


@dataclass(frozen=True)
class Place:
    """Where to serve. `passed` is a socket that the parent process passed; without one each worker opens its own."""

    address: Address
    passed: socket.socket | None = None


@contextlib.contextmanager
def listening(config: Config) -> Iterator[Place]:
    """Return the place to serve at, reserved for this program."""
    if config.passed_socket is not None:
        address, passed = addresses.passed(config.passed_socket)
        with passed:
            yield Place(address, passed)
    else:
        address = addresses.find(config.host, config.port)
        with addresses.reserved(address):
            yield Place(address)


@contextlib.contextmanager
def prepared(config: Config) -> Iterator[Callable[[], bool]]:
    """Open the database, migrate it and import the first books; an embedded server runs until the block ends.

    The value is a function to call once the workers run: it does nothing, or retries if the server can't be reached
    yet. It returns whether the database is prepared.
    """
    with contextlib.closing(open_database(config, _announce)) as database:
        config.make_data_folder()  # each worker does this too; here an error is reported once
        try:
            _interruptibly(partial(_prepare, database))
        except DatabaseAbsentError as error:
            _announce(f"{error} Until it can be reached, the site answers with 503.")
            yield partial(_prepare_eventually, database)
        else:
            yield lambda: True


def _prepare(database: Database) -> None:
    try:
        database.migrate()
        for replica in require_replicas(database):
            _announce(f"{replica.problem} Until that works, nothing is read from {replica.name}.")
        import_if_empty(database, BOOKS, Report())
    except UnusableFileError as error:
        _announce(f"{error} The site starts without books: python import.py FILE brings some.")
    finally:
        database.disconnect()  # connections must not be shared with the workers, which are forks


def _interruptibly(work: Callable[[], None]) -> None:
    """Do the work in a thread: a signal doesn't interrupt a statement that runs in the database, but it does interrupt
    the wait for a thread. An interrupted thread ends with its connection or with the process."""
    errors: list[Exception] = []

    def run() -> None:
        try:
            work()
        except Exception as error:  # raised again below
            errors.append(error)

    thread = threading.Thread(target=run, name="preparation", daemon=True)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]


def _prepare_eventually(database: Database) -> bool:
    while True:
        try:
            _prepare(database)
        except DatabaseAbsentError:
            time.sleep(ABSENT_SECONDS)
        except DatabaseUnusableError as error:  # the site answers with 503 and logs the same message
            _announce(str(error))
            return False
        else:
            return True


def serve(
    config: Config,
    place: Place,
    prepare: Callable[[], bool],
    make_app: Callable[[Config, Database], "WSGIApplication"] = create_site,
) -> None:
    """Serve until a signal arrives, and call `prepare` meanwhile. Raises SystemExit(1) if the workers keep crashing."""
    configure_logging(config.log_format)
    _allow_connections()
    _return_memory()
    # granian reloads on SIGHUP, but a closed terminal should stop the site, unless it was started with nohup.
    hang_up = signal.getsignal(signal.SIGHUP)
    server = workers.Server(
        place.address,
        place.passed,
        interface=Interfaces.RSGI,
        workers=config.workers or (1 if has_little_memory() else 2),
        loop=Loops.asyncio,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=workers.HEADER_SECONDS * 1000),
        websockets=False,
        backpressure=CONNECTIONS,
        log_level=LogLevels.warning,
        log_dictconfig=GRANIAN_LOG,
        respawn_failed_workers=True,
        respawn_interval=0,
        workers_kill_timeout=STOP_SECONDS,
    )

    is_prepared = multiprocessing.Event()

    @server.on_startup
    def started() -> None:
        signal.signal(signal.SIGHUP, hang_up if hang_up == signal.SIG_IGN else server.signal_handler_interrupt)
        threading.Thread(
            target=_announce_then_prepare, args=(place.address, config.script_name, prepare, is_prepared), daemon=True
        ).start()

    server.serve(target_loader=partial(worker, config, make_app, is_prepared), wrap_loader=False)


def worker(config: Config, make_app: Callable[[Config, Database], "WSGIApplication"], is_prepared: Event) -> Any:
    """Return the Gateway that a worker serves; called in the worker's process.

    A worker that replaces another doesn't prepare the database again, which a newer program may have migrated since.
    """
    watch_parent(signal.SIGKILL)
    workers.stop_at_first_signal()
    database = open_database(config, logging.getLogger(__name__).debug)  # the parent has announced it
    if is_prepared.is_set():
        database.trust_schema()
    threads = THREADS // 2 if has_little_memory() else THREADS
    return Gateway(
        make_app(config, database),
        threads,
        https=config.https,
        script_name=config.script_name,
        trusted_proxies=config.trusted_proxies,
    )


def _announce_then_prepare(address: Address, script_name: str, prepare: Callable[[], bool], is_prepared: Event) -> None:
    """Print the site's address once it answers, then call `prepare` and set `is_prepared`."""
    while not addresses.is_served(address):
        time.sleep(0.05)
    others = " and every other address of this machine" if address.is_wildcard else ""
    around = "\n" if sys.stdout.isatty() else ""  # lines of the log come before and after it
    print(f"{around}Flyleaf is at {address}{script_name}{others} (Ctrl-C stops it){around}", flush=True)
    if prepare():
        is_prepared.set()


def _allow_connections() -> None:
    """Raise this process's limit of open files, often 1024, to what the connections need, if permitted."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + 200
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _return_memory() -> None:
    """Have the C library return freed memory to the system. glibc otherwise keeps large blocks, such as the 19 MB of a
    password's hash, in a heap for each thread: hundreds of megabytes in all."""
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(M_MMAP_THRESHOLD, 1024 * 1024)
        libc.mallopt(M_ARENA_MAX, 2)


def _announce(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
