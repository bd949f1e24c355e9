"""Let one thread at a time connect while it is unknown whether the server answers. Otherwise a server that hangs would
block all threads until the connection timeout, and pages that need no database would wait as well."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, DisconnectionError, InvalidRequestError
from sqlalchemy.exc import TimeoutError as PoolTimeout

PATIENCE = 1.0  # seconds that other threads wait for the one that is trying
PAUSE = 0.2  # seconds between attempts: each starts a process on the server


class UnreachableError(PoolTimeout):
    """No connection was available in time."""


class Gate:
    """Open while the server is known to answer. It is shut at first, as the first transaction may have to migrate."""

    def __init__(self) -> None:
        self._open = False
        self._looking = threading.Lock()
        self._next_look = 0.0

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Wrap the opening of a connection: success opens the gate, and failure shuts it.

        Raises UnreachableError if another thread has been trying for longer than PATIENCE.
        """
        looks = not self._open
        waited = looks and not self._looking.acquire(blocking=False)
        if waited and not self._looking.acquire(timeout=PATIENCE):
            raise UnreachableError("The database is not answering, and another request is already trying to connect.")
        try:
            if looks and self._open:  # the thread before us has connected
                self._looking.release()
                looks = False
            if looks and (pause := self._next_look - time.monotonic()) > 0:
                if waited:
                    raise UnreachableError("The database did not answer a moment ago.")
                time.sleep(pause)
            yield
            self._open = True
        except DBAPIError:
            self._fail()
            raise
        except (DisconnectionError, InvalidRequestError) as error:  # new connections break at once, repeatedly
            self._fail()
            raise UnreachableError("The database closes its connections at once.") from error
        finally:
            if looks:
                self._looking.release()

    def shut(self) -> None:
        """Shut the gate after a connection broke or was cut, so that the next one checks whether the server answers."""
        self._open = False

    def _fail(self) -> None:
        self._next_look = time.monotonic() + PAUSE
        self._open = False
