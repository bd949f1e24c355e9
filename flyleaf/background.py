"""A thread for work in the background, in small pieces: the base of what a process of the site does beside requests."""

import logging
import os
import threading
from abc import ABC, abstractmethod

from flyleaf.database import DatabaseUnusableError, is_unavailable


class Background(ABC):
    """Create one with the application and call wake() when there is something to do, which starts the thread.

    A process forked later starts its own thread at its first wake().
    """

    def __init__(self, name: str, logger: logging.Logger, after_a_fault: float) -> None:
        self._name = name
        self._logger = logger
        self._after_a_fault = after_a_fault  # seconds until the next try after an error in our own database or code
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._process = os.getpid()

    @abstractmethod
    def work(self) -> bool:
        """Do a piece of work. Return whether there may be more to do at once. What it raises is logged, as several
        faults if it is an ExceptionGroup, and the thread pauses."""

    @abstractmethod
    def idle_seconds(self) -> float:
        """Return how long to wait after the last piece of work, unless woken."""

    def start(self) -> None:
        """Start the thread unless it is already running in this process or was stopped."""
        with self._lock:
            if self._process != os.getpid():  # forked: the thread is gone, and the event's lock may be held
                self._process = os.getpid()
                self._woken, self._thread = threading.Event(), None
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def wake(self) -> None:
        """Look for work now, without waiting. Called after the transaction that left some."""
        self.start()
        self._woken.set()

    def stop(self, timeout: float = 5.0) -> None:
        """Stop the thread for good, after the piece of work that it is at."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None and self._process == os.getpid():
            self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if not self.work():
                    self._woken.wait(self.idle_seconds())
                    self._woken.clear()
            except* Exception as faults:
                for fault in faults.exceptions:
                    self._report(fault)
                self._stopping.wait(self._after_a_fault)

    def _report(self, fault: Exception) -> None:
        if isinstance(fault, DatabaseUnusableError) or is_unavailable(fault):
            self._logger.warning("database unavailable: work in the background waits", extra={"of": self._name})
        else:
            self._logger.error("work in the background failed", exc_info=fault, extra={"of": self._name})
