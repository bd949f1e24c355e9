"""Reading ahead in another thread gives the same, raises the same, and ends."""

import threading
from collections.abc import Iterator

import pytest

from flyleaf.importing.loading import ahead as reading_ahead
from flyleaf.importing.loading.ahead import BATCHES, Ahead


def test_it_gives_what_it_reads_in_order() -> None:
    ahead = Ahead(iter(range(100)))
    assert list(ahead) == list(range(100))
    ahead.close()


def test_what_is_raised_comes_in_its_turn() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise KeyError("broken")

    ahead = Ahead(items())
    assert next(ahead) == 1
    with pytest.raises(KeyError, match="broken"):
        next(ahead)
    ahead.close()


def test_it_is_not_far_ahead_and_ends_when_closed() -> None:
    made: list[int] = []
    reached = threading.Event()

    def items() -> Iterator[int]:
        for number in range(1_000):
            made.append(number)
            if number == BATCHES:
                reached.set()
            yield number

    ahead = Ahead(items())
    assert reached.wait(10)
    assert len(made) <= BATCHES + 1
    ahead.close()
    assert len(made) <= 2 * BATCHES + 2
    assert "reading ahead" not in {thread.name for thread in threading.enumerate()}


def test_nothing_comes_after_the_end_an_error_or_closing() -> None:
    def broken() -> Iterator[int]:
        raise KeyError("broken")
        yield

    ended, failed, closed = Ahead(iter([1])), Ahead(broken()), Ahead(iter(range(100)))
    assert list(ended) == [1]
    with pytest.raises(KeyError):
        next(failed)
    closed.close()
    assert [next(ahead, None) for ahead in (ended, failed, closed)] == [None, None, None]
    ended.close()
    failed.close()


def test_closing_waits_for_no_pipe_in_which_nothing_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_ahead, "ENDING_SECONDS", 0.01)
    more = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        more.wait()

    ahead = Ahead(items())
    assert next(ahead) == 1
    ahead.close()
    [left] = [thread for thread in threading.enumerate() if thread.name == "reading ahead"]
    assert left.daemon
    more.set()
    left.join(10)
    assert not left.is_alive()
