"""A background thread that fetches the covers of the books that readers looked at from Open Library.

As with ratings, a book is claimed in one transaction, its cover fetched outside of any and written to the data folder,
and its name stored in another transaction. While a claim is active no other process fetches, so many processes and
machines make no more requests than one. Claims expire, so a crash loses no book.
"""

import logging
import threading
import time
from datetime import timedelta

from flyleaf.background import Background
from flyleaf.covers.files import CoverFiles
from flyleaf.covers.shrinking import ShrunkCover, UnusablePictureError, shrink
from flyleaf.database import Database
from flyleaf.open_library import OpenLibraryCovers, OpenLibraryError
from flyleaf.queries.covers import (
    Cover,
    CoverRequest,
    delete_cover_request,
    release_cover_request,
    take_cover_request,
    upsert_cover,
)

# Seconds between a claim and its request, and so the minimum between two requests of the whole site. Open Library
# would allow three times as many.
INTERVAL = 10.0
# Seconds until an idle fetcher looks again, in case a claim of another process has expired.
POLL = 30.0
AFTER_A_FAULT = 30.0  # seconds until the next try after an error in our own database, folder or code
MOST_MISSING = 100  # covers that this machine is to fetch again; older ones are noticed when they are next shown

logger = logging.getLogger("flyleaf.open_library")


class CoverFetcher(Background):
    """Create one with the application and call wake() after queueing a book, which starts the thread."""

    def __init__(
        self,
        database: Database,
        open_library: OpenLibraryCovers,
        files: CoverFiles,
        interval: float = INTERVAL,
        poll: float = POLL,
        after_a_fault: float = AFTER_A_FAULT,
    ) -> None:
        super().__init__("cover-fetcher", logger, after_a_fault)
        self._database = database
        self._open_library = open_library
        self._files = files
        self._interval = interval
        self._poll = poll
        self._missing: dict[int, str] = {}  # digests of covers that this machine lacks, by their books
        self._missing_lock = threading.Lock()

    def stop(self, timeout: float = 5.0) -> None:
        """Stop the thread for good, even during a request. A claimed book returns to the queue."""
        self._open_library.close()
        super().stop(timeout)

    def idle_seconds(self) -> float:
        return self._open_library.pause or self._poll

    def fetch_again(self, book_id: int, digest: str) -> None:
        """Fetch a cover that another machine has, or that this one has lost."""
        with self._missing_lock:
            self._missing[book_id] = digest
            if len(self._missing) > MOST_MISSING:
                del self._missing[next(iter(self._missing))]
        self.wake()

    def work(self) -> bool:
        """Fetch the next cover. Return False if none is wanted or no request is allowed now."""
        if self._open_library.pause:
            return False
        with self._database.transaction() as connection:
            request = take_cover_request(connection, self._still_missing())
        if request is None:
            return False
        with self._missing_lock:
            self._missing.pop(request.book_id, None)
        started = time.monotonic() + self._interval
        try:
            self._stopping.wait(self._interval)  # after stop(), fetch_cover() raises an error
            self._answer(request, self._fetch(request), started)
        except (OpenLibraryError, OSError) as error:
            self._give_back(request, error, started)
        return True

    def _still_missing(self) -> list[int]:
        """Return the books whose covers this machine lacks. Another process of it may have fetched some."""
        with self._missing_lock:
            self._missing = {book: digest for book, digest in self._missing.items() if not self._files.has(digest)}
            return list(self._missing)

    def _fetch(self, request: CoverRequest) -> bytes | None:
        if request.value is None:
            return None
        return self._open_library.fetch_cover(request.scheme, request.value)

    def _answer(self, request: CoverRequest, picture: bytes | None, started: float) -> None:
        refused, shrunk = None, None
        if picture is not None:
            try:
                shrunk = shrink(picture)
            except UnusablePictureError as error:
                refused = str(error)
        if shrunk is not None:
            self._files.write(shrunk)  # before the database, which pages believe
        with self._database.transaction() as connection:
            upsert_cover(connection, "open_library", request.book_id, *_stored(shrunk))
            delete_cover_request(connection, request.book_id)
        outcome = "found" if shrunk else "none there" if refused is None else refused
        self._log(logging.INFO, "cover fetched", request, started, outcome=outcome)

    def _give_back(self, request: CoverRequest, error: OpenLibraryError | OSError, started: float) -> None:
        """Queue a book again. What keeps the files from being written, such as a full disk, makes a pause, too."""
        pause = self._open_library.pause if isinstance(error, OpenLibraryError) else self._after_a_fault
        self._log(logging.WARNING, "cover not fetched", request, started, error=str(error), pause=round(pause))
        with self._database.transaction() as connection:
            release_cover_request(connection, request.book_id, timedelta(seconds=pause))

    def _log(self, level: int, event: str, request: CoverRequest, started: float, **facts: object) -> None:
        seconds = round(max(0.0, time.monotonic() - started), 3)
        logger.log(level, event, extra={"book": f"{request.scheme}:{request.value}", **facts, "seconds": seconds})


def _stored(shrunk: ShrunkCover | None) -> tuple[Cover | None, int]:
    """Return what the database keeps of a cover: its name, and how many bytes its files have."""
    if shrunk is None:
        return None, 0
    return Cover(shrunk.digest, shrunk.width, shrunk.height), len(shrunk.large) + len(shrunk.small)
