"""Database faults. Each function causes one, waits until it has ended, and returns the time of its end."""

import contextlib
import signal
import time
from collections.abc import Callable

import psutil
import psycopg2

from faults.site import EmbeddedServer, OwnServer, Server, execute, frozen, wait_for

SECONDS = 15.0  # how long a fault lasts
RETURN_SECONDS = 60.0

Fault = Callable[[], float]


def killed_embedded(server: EmbeddedServer) -> float:
    """Kill the postmaster; it must restart by itself."""
    killed = server.postmaster()
    killed.kill()
    return _returned(server, lambda: server.postmaster() != killed)


def killed_keeper(server: EmbeddedServer) -> float:
    """Kill the embedded server's keeper, which ends PostgreSQL too; both must restart by themselves."""
    killed = server.keeper()
    killed.kill()
    return _returned(server, lambda: server.keeper() != killed)


def killed_backend(server: Server) -> float:
    """Kill a backend of one of the site's connections: PostgreSQL closes all connections and recovers."""
    with contextlib.closing(server.connect()) as connection:
        rows = execute(
            connection,
            "SELECT pid, pg_postmaster_start_time() FROM pg_stat_activity"
            " WHERE usename LIKE 'flyleaf%' AND backend_type = 'client backend' LIMIT 1",
        )
    psutil.Process(rows[0][0]).kill()
    time.sleep(0.1)
    return _returned(server, lambda: True)


def killed_and_started(server: OwnServer) -> float:
    server.stop(signal.SIGKILL)
    time.sleep(3)
    server.start()
    return time.monotonic()


def stopped(server: OwnServer) -> float:
    server.stop()
    time.sleep(SECONDS)
    server.start()
    return time.monotonic()


def restarted(server: OwnServer) -> float:
    server.stop()
    server.start()
    return time.monotonic()


def frozen_server(server: Server) -> float:
    """Suspend every process of the server: the kernel still accepts connections, but nobody answers."""
    postmaster = server.postmaster()
    with frozen([postmaster]), frozen(postmaster.children()):  # in this order, so that no new ones are forked
        time.sleep(SECONDS)
    return time.monotonic()


def reviews_locked(server: Server) -> float:
    with contextlib.closing(server.connect()) as connection:
        execute(connection, "BEGIN; LOCK TABLE reviews IN ACCESS EXCLUSIVE MODE")
        time.sleep(SECONDS)
        execute(connection, "COMMIT")
    return time.monotonic()


def connections_used_up(server: Server) -> float:
    """Take all of the server's connections, including those that the site had."""
    held: list[psycopg2.extensions.connection] = []
    try:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            try:
                held.append(server.connect("flyleaf"))
            except psycopg2.OperationalError:
                _close_others(server, [connection.info.backend_pid for connection in held])
                time.sleep(0.01)
    finally:
        for connection in held:
            connection.close()
    return time.monotonic()


def _close_others(server: Server, ours: list[int]) -> None:
    """Close the site role's other connections."""
    with contextlib.closing(server.connect()) as connection:
        execute(
            connection,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'flyleaf%' AND pid <> ALL (%s)",
            (ours,),
        )


def _returned(server: Server, is_new: Callable[[], bool]) -> float:
    def back() -> bool:
        try:
            return is_new() and server.answers()
        except (AssertionError, psutil.Error):  # not running at the moment
            return False

    wait_for(back, RETURN_SECONDS, "PostgreSQL did not restart")
    return time.monotonic()
