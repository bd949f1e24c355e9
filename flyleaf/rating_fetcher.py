"""A background thread that fetches Open Library's ratings of the books that readers looked at.

Books are claimed in one transaction, fetched outside of any, and stored in another. While a claim is active no other
process fetches, so many processes make no more requests than one. Claims expire, so a crash loses no book.
"""

import logging
import time
from datetime import timedelta

from flyleaf.background import Background
from flyleaf.database import Database
from flyleaf.open_library import BATCH, OpenLibrary, OpenLibraryError, OpenLibraryRating
from flyleaf.queries.external_ratings import (
    ExternalRatingAnswer,
    ExternalRatingRequest,
    delete_requests,
    release_requests,
    take_requests,
    upsert_external_ratings,
)

# Seconds between a claim and its request, and so the minimum between two requests of the whole site. Open Library
# would allow three times as many.
INTERVAL = 1.0
# Seconds until an idle fetcher looks again, in case a claim of another process has expired.
POLL = 15.0
AFTER_A_FAULT = 30.0  # seconds until the next try after an error in our own database or code

logger = logging.getLogger("flyleaf.open_library")


class RatingFetcher(Background):
    """Create one with the application and call wake() after queueing a book, which starts the thread."""

    def __init__(
        self,
        database: Database,
        open_library: OpenLibrary,
        interval: float = INTERVAL,
        poll: float = POLL,
        after_a_fault: float = AFTER_A_FAULT,
    ) -> None:
        super().__init__("rating-fetcher", logger, after_a_fault)
        self._database = database
        self._open_library = open_library
        self._interval = interval
        self._poll = poll

    def stop(self, timeout: float = 5.0) -> None:
        """Stop the thread for good, even during a request. Claimed books return to the queue."""
        self._open_library.close()
        super().stop(timeout)

    def idle_seconds(self) -> float:
        return self._open_library.pause or self._poll

    def work(self) -> bool:
        """Fetch the next batch. Return False if the queue is empty or no request is allowed now."""
        if self._open_library.pause:
            return False
        with self._database.transaction() as connection:
            requests = take_requests(connection, BATCH)
        if not requests:
            return False
        started = time.monotonic() + self._interval
        try:
            self._stopping.wait(self._interval)  # after stop(), fetch_ratings() raises an error
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
