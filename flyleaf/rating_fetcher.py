"""The thread in a process of the site that asks Open Library for the books that readers looked at.

Books are claimed in one transaction, asked for without any, and stored in another. A claim keeps all other processes
from asking, so a site with many of them asks no oftener than one; and it runs out, so that a crash loses no book.
"""

import logging
import os
import threading
import time
from datetime import timedelta

from flyleaf.database import Database, is_unavailable
from flyleaf.open_library import BATCH, OpenLibrary, OpenLibraryError, OpenLibraryRating
from flyleaf.queries.external_ratings import (
    ExternalRatingAnswer,
    ExternalRatingRequest,
    delete_requests,
    release_requests,
    take_requests,
    upsert_external_ratings,
)

# Seconds between a claim and its request, and so the least between two requests of the whole site. Open Library lets
# those who give a contact ask three times as often; there is no hurry.
INTERVAL = 1.0
# Seconds until a fetcher with nothing to do looks again, for books that another process claimed and did not finish.
POLL = 15.0
AFTER_A_FAULT = 30.0  # seconds until the next try where our own database or code failed

logger = logging.getLogger("flyleaf.open_library")


class RatingFetcher:
    """Make one where the application is made, and wake() it where a book was queued: the thread starts then.

    A process that is forked after that starts a thread of its own when it is first woken.
    """

    def __init__(
        self,
        database: Database,
        open_library: OpenLibrary,
        interval: float = INTERVAL,
        poll: float = POLL,
        after_a_fault: float = AFTER_A_FAULT,
    ) -> None:
        self._database = database
        self._open_library = open_library
        self._interval = interval
        self._poll = poll
        self._after_a_fault = after_a_fault
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._process = os.getpid()

    def start(self) -> None:
        """Start the thread, unless this process has it already or the fetcher was stopped."""
        with self._lock:
            if self._process != os.getpid():  # forked: threads stay behind, and so may a lock inside an event
                self._process = os.getpid()
                self._woken, self._thread = threading.Event(), None
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(target=self._run, name="rating-fetcher", daemon=True)
                self._thread.start()

    def wake(self) -> None:
        """Look into the queue now; a page calls it after its transaction has queued a book. Never waits."""
        self.start()
        self._woken.set()

    def stop(self, timeout: float = 5.0) -> None:
        """End the thread for good, also in the middle of a request; claimed books go back into the queue."""
        self._open_library.close()
        self._stopping.set()
        self._woken.set()
        if self._thread is not None and self._process == os.getpid():
            self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if not self._fetch_batch():
                    self._woken.wait(self._open_library.pause or self._poll)
                    self._woken.clear()
            except Exception as error:
                if is_unavailable(error):
                    logger.warning("the database is unavailable, external ratings wait")
                else:
                    logger.exception("fetching external ratings failed")
                self._stopping.wait(self._after_a_fault)

    def _fetch_batch(self) -> bool:
        """Whether books were asked for; False where there are none, or this process may not ask now."""
        if self._open_library.pause:
            return False
        with self._database.transaction() as connection:
            requests = take_requests(connection, BATCH)
        if not requests:
            return False
        started = time.monotonic() + self._interval
        try:
            self._stopping.wait(self._interval)  # where stop() ends it, fetch_ratings() refuses
            ratings = self._open_library.fetch_ratings([request.isbn for request in requests])
        except OpenLibraryError as error:
            self._give_back(requests, error, time.monotonic() - started)
        else:
            self._store(requests, ratings, time.monotonic() - started)
        return True

    def _store(
        self, requests: list[ExternalRatingRequest], ratings: dict[str, OpenLibraryRating | None], seconds: float
    ) -> None:
        answers = [_answer(request.book_id, ratings[request.isbn]) for request in requests]
        with self._database.transaction() as connection:
            upsert_external_ratings(connection, "open_library", answers)
            delete_requests(connection, [request.book_id for request in requests])
        found = sum(rating is not None for rating in ratings.values())
        logger.info(
            "external ratings fetched", extra={"books": len(requests), "found": found, "seconds": round(seconds, 3)}
        )

    def _give_back(self, requests: list[ExternalRatingRequest], error: OpenLibraryError, seconds: float) -> None:
        pause = self._open_library.pause
        logger.warning(
            "external ratings not fetched",
            extra={
                "books": len(requests),
                "found": 0,
                "seconds": round(max(0.0, seconds), 3),
                "error": str(error),
                "pause": round(pause),
            },
        )
        with self._database.transaction() as connection:
            release_requests(connection, [request.book_id for request in requests], timedelta(seconds=pause))


def _answer(book_id: int, rating: OpenLibraryRating | None) -> ExternalRatingAnswer:
    if rating is None:
        return ExternalRatingAnswer(book_id)
    return ExternalRatingAnswer(book_id, rating.average, rating.ratings_count, rating.key)
