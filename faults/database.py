"""Faults of PostgreSQL. Each function inflicts one, returns when its cause is gone, and says when that was."""

import contextlib
import signal
import time
from collections.abc import Callable

import psutil
import psycopg2

from faults.site import EmbeddedServer, OwnServer, Server, execute, frozen, wait_for

SECONDS = 15.0  # that a fault lasts
RETURN_SECONDS = 60.0

Fault = Callable[[], float]


def killed_embedded(server: EmbeddedServer) -> float:
    """kill -9 to the postmaster; it has to come back by itself."""
    killed = server.postmaster()
    killed.kill()
    return _returned(server, lambda: server.postmaster() != killed)


def killed_keeper(server: EmbeddedServer) -> float:
    """kill -9 to the embedded server's keeper, which takes PostgreSQL along; both come back by themselves."""
    killed = server.keeper()
    killed.kill()
    return _returned(server, lambda: server.keeper() != killed)


def killed_backend(server: Server) -> float:
    """kill -9 to a process that serves a connection of the site's: PostgreSQL throws out all and recovers."""
    with contextlib.closing(server.connect()) as connection:
        rows = execute(
            connection,
            "SELECT pid, pg_postmaster_start_time() FROM pg_stat_activity"
            " WHERE usename = 'flyleaf' AND backend_type = 'client backend' LIMIT 1",
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
    """SIGSTOP to every process of the server: connections are still taken, by the kernel, and nobody answers."""
    postmaster = server.postmaster()
    with frozen([postmaster]), frozen(postmaster.children()):  # in this order: it forks no more
        time.sleep(SECONDS)
    return time.monotonic()


def reviews_locked(server: Server) -> float:
    with contextlib.closing(server.connect()) as connection:
        execute(connection, "BEGIN; LOCK TABLE reviews IN ACCESS EXCLUSIVE MODE")
        time.sleep(SECONDS)
        execute(connection, "COMMIT")
    return time.monotonic()


def connections_used_up(server: Server) -> float:
    """Every connection that there is for the site's role is somebody else's, those that the site had, too."""
    held: list[psycopg2.extensions.connection] = []
    try:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            try:
                held.append(server.connect("flyleaf"))
            except psycopg2.OperationalError:
                _throw_out(server, [connection.info.backend_pid for connection in held])
                time.sleep(0.01)
    finally:
        for connection in held:
            connection.close()
    return time.monotonic()


def _throw_out(server: Server, ours: list[int]) -> None:
    """End the other connections of the site's role."""
    with contextlib.closing(server.connect()) as connection:
        execute(
            connection,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'flyleaf' AND pid <> ALL (%s)",
            (ours,),
        )


def _returned(server: Server, is_new: Callable[[], bool]) -> float:
    def back() -> bool:
        try:
            return is_new() and server.answers()
        except (AssertionError, psutil.Error):  # none is running just now
            return False

    wait_for(back, RETURN_SECONDS, "PostgreSQL does not come back")
    return time.monotonic()
