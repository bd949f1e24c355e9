"""Reading ahead in another thread gives the same, raises the same, and ends."""

import threading
from collections.abc import Iterator

import pytest

from flyleaf.importing.ahead import BATCHES, Ahead


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
