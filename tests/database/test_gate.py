"""While nobody knows whether the server answers, one goes to look, and the others are not held up for long."""

import socket
import threading
from contextlib import ExitStack

import pytest
from sqlalchemy.exc import InvalidRequestError, OperationalError, SQLAlchemyError

from flyleaf.database import Database, gate, is_unavailable, pool
from flyleaf.database.gate import Gate, UnreachableError
from tests.fixture_types import Together

BROKEN = OperationalError("SELECT 1", {}, Exception("server closed the connection unexpectedly"))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "PATIENCE", 0.01)
    monkeypatch.setattr(gate, "PAUSE", 0.0)


def passes(tried: Gate) -> bool:
    try:
        with tried.passing():
            return True
    except UnreachableError:
        return False


def fail(tried: Gate, error: Exception) -> None:
    with tried.passing():
        raise error


def test_one_looks_and_the_others_are_told_soon(together: Together) -> None:
    tried = Gate()
    with tried.passing():
        assert together(*[lambda: passes(tried)] * 3) == [False] * 3
    assert together(*[lambda: passes(tried)] * 3) == [True] * 3


def test_who_waited_goes_on_when_it_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "PATIENCE", 10)
    tried, passed = Gate(), []
    with ExitStack() as looking:
        looking.enter_context(tried.passing())
        waiting = [threading.Thread(target=lambda: passed.append(passes(tried))) for _ in range(3)]
        for thread in waiting:
            thread.start()
    for thread in waiting:
        thread.join()
    assert passed == [True] * 3


def test_an_open_gate_lets_all_through_at_once() -> None:
    tried = Gate()
    assert passes(tried)
    with tried.passing(), tried.passing():
        pass


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long somebody would have slept."""
    seconds: list[float] = []
    monkeypatch.setattr("flyleaf.database.gate.time.sleep", seconds.append)
    monkeypatch.setattr(gate, "PAUSE", 60.0)
    return seconds


def test_after_a_failure_the_next_look_is_a_little_later(sleeps: list[float]) -> None:
    tried = Gate()
    assert passes(tried)
    with pytest.raises(OperationalError):
        fail(tried, BROKEN)
    assert passes(tried)
    assert passes(tried)
    assert len(sleeps) == 1
    assert 0 < sleeps[0] <= 60


def test_a_connection_that_broke_is_looked_into_at_once(sleeps: list[float]) -> None:
    tried = Gate()
    assert passes(tried)
    tried.shut()
    assert passes(tried)
    assert sleeps == []


def test_connections_that_break_time_and_again_are_a_server_that_is_not_there() -> None:
    with pytest.raises(UnreachableError) as error:
        fail(Gate(), InvalidRequestError("This connection is closed"))
    assert is_unavailable(error.value)


def test_of_many_requests_one_waits_for_a_server_that_hangs(
    monkeypatch: pytest.MonkeyPatch, together: Together
) -> None:
    monkeypatch.setattr(pool, "CONNECT_TIMEOUT", 1)  # second

    def ask() -> bool:
        try:
            with database.transaction():
                return False
        except SQLAlchemyError as error:
            return is_unavailable(error)

    with socket.create_server(("127.0.0.1", 0)) as hangs:  # connections are made by the kernel, and nobody answers
        database = Database(f"postgresql+psycopg2://flyleaf@127.0.0.1:{hangs.getsockname()[1]}/flyleaf")
        assert together(*[ask] * 6) == [True] * 6
        hangs.setblocking(False)
        hangs.accept()[0].close()
        with pytest.raises(BlockingIOError):
            hangs.accept()
        database.close()
