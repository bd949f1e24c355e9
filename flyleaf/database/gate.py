"""Who may go to the server while nobody knows whether it answers: one at a time. A server that hangs would otherwise
hold every thread of the site for as long as a connection may take, and pages that need no database would wait, too."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, DisconnectionError, InvalidRequestError
from sqlalchemy.exc import TimeoutError as PoolTimeout

PATIENCE = 1.0  # seconds that the others wait for the one who looks
PAUSE = 0.2  # seconds between two looks: each costs a server that is starting up a process


class UnreachableError(PoolTimeout):
    """There was no connection to be had in time."""


class Gate:
    """Open while the server is known to answer. Shut at first: the first one through may have a schema to make."""

    def __init__(self) -> None:
        self._open = False
        self._looking = threading.Lock()
        self._next_look = 0.0

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Around what only a server that answers can do: it opens the gate, and shuts it where it fails.

        Raises UnreachableError where somebody else has been looking for longer than PATIENCE, in vain so far.
        """
        looks = not self._open
        waited = looks and not self._looking.acquire(blocking=False)
        if waited and not self._looking.acquire(timeout=PATIENCE):
            raise UnreachableError("The database does not answer; somebody is waiting for it already.")
        try:
            if looks and self._open:  # who looked before us has found it
                self._looking.release()
                looks = False
            if looks and (pause := self._next_look - time.monotonic()) > 0:
                if waited:
                    raise UnreachableError("The database did not answer just now.")
                time.sleep(pause)
            yield
            self._open = True
        except DBAPIError:
            self._fail()
            raise
        except (DisconnectionError, InvalidRequestError) as error:  # new connections break at once, time and again
            self._fail()
            raise UnreachableError("The database does not keep its connections.") from error
        finally:
            if looks:
                self._looking.release()

    def shut(self) -> None:
        """A connection broke, or was given up: the next one looks whether the server still answers."""
        self._open = False

    def _fail(self) -> None:
        self._next_look = time.monotonic() + PAUSE
        self._open = False
