"""Read ahead, so that the next batches are prepared while one is sent to the server."""

import queue
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import TypeVar

Item = TypeVar("Item")
BATCHES = 4  # maximum number of waiting batches
ENDING_SECONDS = 5.0  # far more than a batch takes


class Ahead(Iterator[Item]):
    """Iterates over `items` in a separate thread, at most BATCHES ahead. Its exceptions are raised here in order.

    `close` ends the thread; nothing else may use `items` before that. A thread that is blocked reading from a pipe
    can't be stopped and ends with the process.
    """

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
        with suppress(queue.Empty):  # free a place for a blocked thread, which then sees that it is over
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
        except BaseException as error:  # raised again in the consumer's thread
            self._made.put(error)
