"""A frozen server: its own timeouts can't fire, and whoever waits for it is let go."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from flyleaf.database import Database, pool
from flyleaf.database.watchdog import Watchdog


@contextmanager
def frozen(process: int) -> Iterator[None]:
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def backend(database: Database) -> int:
    with database.transaction() as connection:
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "TRANSACTION_SECONDS", 0.2)
    monkeypatch.setattr(pool, "PING_SECONDS", 0.2)


@pytest.mark.usefixtures("impatient")
def test_a_statement_to_a_frozen_server_is_given_up_and_the_next_connection_is_new(database: Database) -> None:
    processes: list[int] = []

    def freeze_and_ask(freezer: ExitStack) -> None:
        with database.transaction() as connection:
            processes.append(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
            freezer.enter_context(frozen(processes[0]))
            connection.execute(text("SELECT 1"))

    with ExitStack() as freezer, pytest.raises(OperationalError):
        freeze_and_ask(freezer)
    assert backend(database) != processes[0]


@pytest.mark.usefixtures("impatient")
def test_a_kept_connection_that_hangs_is_replaced(database: Database) -> None:
    process = backend(database)
    with frozen(process):
        assert backend(database) != process


def test_a_kept_connection_that_was_cut_while_its_answer_came_is_replaced(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer was there, so the connection was used, and the request failed: on a busy machine, after some 1.2 s."""
    process = backend(database)
    pings = [lambda *_: database._primary.watchdog.cut()]  # at the last moment
    ping = database._primary.ping
    monkeypatch.setattr(database._primary, "ping", lambda *call: pings.pop()(*call) if pings else ping(*call))
    assert backend(database) != process


@pytest.mark.usefixtures("impatient")
def test_a_commit_is_bounded_too(database: Database) -> None:
    transaction = database.transaction()
    connection = transaction.__enter__()
    process = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with frozen(process), pytest.raises(OperationalError):
        transaction.__exit__(None, None, None)


@pytest.mark.usefixtures("impatient")
def test_a_command_may_take_its_time(database: Database) -> None:
    with database.command_transaction() as connection:
        assert connection.execute(text("SELECT 1 FROM pg_sleep(0.5)")).scalar_one() == 1


def test_only_what_is_late_is_cut() -> None:
    watchdog = Watchdog()
    early, late, done = socket.socketpair(), socket.socketpair(), socket.socketpair()
    with watchdog.watch(done[0].fileno(), 0.1):
        pass
    with watchdog.watch(early[0].fileno(), 60), watchdog.watch(late[0].fileno(), 0.05):
        assert late[0].recv(1) == b""  # waits for it
        for pair in (early, done):
            pair[1].send(b"x")
            assert pair[0].recv(1) == b"x"
    for pair in (early, late, done):
        pair[0].close()
        pair[1].close()
