"""Reading and sending at the same time: while one batch waits for the server, the next ones are made."""

import queue
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import TypeVar

Item = TypeVar("Item")
BATCHES = 4  # that may wait
ENDING_SECONDS = 5.0  # far more than a batch takes


class Ahead(Iterator[Item]):
    """Gives what `items` gives, from a thread of its own, which is never more than BATCHES ahead. What it raises is
    raised here, in its turn. `close` ends the thread; nobody else may use `items` before. A thread that waits for a
    pipe in which nothing comes can't be ended: it is left behind, and ends with the process."""

    def __init__(self, items: Iterator[Item]) -> None:
        self._items = items
        self._made: queue.Queue[tuple[Item] | BaseException] = queue.Queue(BATCHES)
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="reading ahead", daemon=True)
        self._thread.start()

    def __next__(self) -> Item:
        if self._is_over:
            raise StopIteration
        made = self._made.get()
        if isinstance(made, BaseException):
            self._is_over = True
            raise made
        return made[0]

    def close(self) -> None:
        self._is_over = True
        with suppress(queue.Empty):  # it may wait for a place; one is enough, then it sees that it is over
            while True:
                self._made.get_nowait()
        self._thread.join(ENDING_SECONDS)

    def _run(self) -> None:
        try:
            for item in self._items:
                self._made.put((item,))
                if self._is_over:
                    return
            self._made.put(StopIteration())
        except BaseException as error:  # whatever it is, it is for the other thread
            self._made.put(error)
