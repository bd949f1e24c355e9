"""Fetch ratings from Open Library's search API: https://openlibrary.org/dev/docs/api/search"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flyleaf import isbn
from flyleaf.open_library.answers import read_object, typed
from flyleaf.open_library.breaker import Breaker
from flyleaf.open_library.exchange import OpenLibraryError
from flyleaf.open_library.site import Site

BATCH = 25  # books in one request, as Open Library asks
DEADLINE = 10.0  # seconds for a whole exchange, redirects included
FIELDS = "key,isbn,ratings_average,ratings_count"
# More works than books: Open Library has duplicates, and an ISBN may have been used for two books.
WORKS = 100
AVERAGE_MAX = 5
COUNT_MAX = 2**31 - 1  # of the column external_ratings.ratings_count


@dataclass(frozen=True)
class OpenLibraryRating:
    """The ratings of a work on Open Library, for all its editions together."""

    average: float  # 0 to 5
    ratings_count: int  # at least 1
    key: str  # the path on its site, such as /works/OL27448W


class OpenLibrary(Site):
    """The server of the catalogue. With a contact, it allows 3 requests a second."""

    accept = "application/json"

    def __init__(
        self,
        contact: str,
        url: str = "https://openlibrary.org",
        deadline: float = DEADLINE,
        breaker: Breaker | None = None,
    ) -> None:
        super().__init__(contact, url, deadline, breaker)

    def fetch_ratings(self, isbns: Sequence[str]) -> dict[str, OpenLibraryRating | None]:
        """Fetch the ratings of up to BATCH ISBNs in one request. The result has every ISBN, with None for no ratings.

        Raises OpenLibraryError, at the deadline at the latest.
        """
        if not 1 <= len(isbns) <= BATCH:
            raise ValueError(f"{len(isbns)} ISBNs: 1 to {BATCH} fit one request")
        books = [isbn.parse(text) for text in isbns]
        codes = dict.fromkeys(book.identity for book in books)
        params = {"q": f"isbn:({' OR '.join(codes)})", "fields": FIELDS, "limit": str(WORKS)}
        with self._answer("/search.json", params) as body:
            if body is None:
                raise OpenLibraryError("answered 404")
            works = _read_works(body, next(iter(codes)) if len(codes) == 1 else None)
        return {text: _best(works, book) for text, book in zip(isbns, books, strict=True)}


def _best(works: dict[str, list[OpenLibraryRating]], book: isbn.Isbn) -> OpenLibraryRating | None:
    """Return the work with the book's ISBN, in either form, that has the most ratings."""
    found = [work for code in {book.isbn, book.isbn10, book.isbn13} if code for work in works.get(code, ())]
    return max(found, key=lambda work: (work.ratings_count, work.key), default=None)


def _read_works(body: bytes, asked: str | None) -> dict[str, list[OpenLibraryRating]]:
    """Return the works that have ratings, by each ISBN of their editions.

    `asked` is the ISBN if only one was asked for: it stands in for the ISBNs of a work that lists none.
    """
    works: dict[str, list[OpenLibraryRating]] = defaultdict(list)
    for doc in typed(read_object(body).get("docs"), list):
        work = _read_work(typed(doc, dict))
        for code in typed(doc.get("isbn", [asked] if asked else []), list):
            if work is not None:
                works[typed(code, str)].append(work)
    return works


def _read_work(doc: dict[str, Any]) -> OpenLibraryRating | None:
    """Return the work's ratings, or None if it has none: the fields are absent then."""
    key, average, count = doc.get("key"), doc.get("ratings_average"), doc.get("ratings_count")
    if not isinstance(key, str) or not re.fullmatch(r"/works/OL[0-9]{1,12}W", key, re.ASCII):
        raise OpenLibraryError("answered a work without a key")
    if average is None or count is None:
        return None
    # type(), because isinstance() accepts True as an int. The comparisons reject NaN and infinity.
    if type(average) not in (int, float) or not 0 <= average <= AVERAGE_MAX:
        raise OpenLibraryError(f"answered an average that is none, for {key}")
    if type(count) is not int or not 0 <= count <= COUNT_MAX:
        raise OpenLibraryError(f"answered a number of ratings that is none, for {key}")
    if count == 0:
        return None
    return OpenLibraryRating(float(average), count, key)
