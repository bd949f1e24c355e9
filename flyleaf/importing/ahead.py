"""Reading and sending at the same time: while one batch waits for the server, the next ones are made."""

import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

Item = TypeVar("Item")
BATCHES = 4  # that may wait


class Ahead(Iterator[Item]):
    """Gives what `items` gives, from a thread of its own, which is never more than BATCHES ahead. What it raises is
    raised here, in its turn. `close` ends the thread; nobody else may use `items` before."""

    def __init__(self, items: Iterator[Item]) -> None:
        self._items = items
        self._made: queue.Queue[tuple[Item] | BaseException] = queue.Queue(BATCHES)
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="reading ahead", daemon=True)
        self._thread.start()

    def __next__(self) -> Item:
        made = self._made.get()
        if isinstance(made, BaseException):
            raise made
        return made[0]

    def close(self) -> None:
        self._is_closed = True
        while self._thread.is_alive():  # it may wait for a place
            try:
                self._made.get(timeout=0.05)
            except queue.Empty:
                continue
        self._thread.join()

    def _run(self) -> None:
        try:
            for item in self._items:
                self._made.put((item,))
                if self._is_closed:
                    return
            self._made.put(StopIteration())
        except BaseException as error:  # whatever it is, it is for the other thread
            self._made.put(error)
