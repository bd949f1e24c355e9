"""Fetch what Open Library knows of a book by its ISBN: https://openlibrary.org/dev/docs/api/books"""

import re
from dataclasses import dataclass
from typing import Any

from flyleaf import isbn
from flyleaf.open_library.answers import read_object, typed
from flyleaf.open_library.breaker import Breaker
from flyleaf.open_library.site import Site

DEADLINE = 3.0  # seconds for a whole exchange: a reader waits for it
_AUTHORS_MAX = 10
_YEAR = re.compile(r"\b(1[4-9]|20)[0-9]{2}\b")  # in "September 21, 1937"


@dataclass(frozen=True)
class OpenLibraryBook:
    """An edition as Open Library describes it. Nobody has checked the texts, which can have any length."""

    title: str
    author: str | None  # names, with commas between them
    year: str | None
    publisher: str | None
    pages: str | None


class OpenLibraryBooks(Site):
    """The server of the catalogue, asked while a reader waits."""

    accept = "application/json"

    def __init__(
        self,
        contact: str,
        url: str = "https://openlibrary.org",
        deadline: float = DEADLINE,
        breaker: Breaker | None = None,
    ) -> None:
        super().__init__(contact, url, deadline, breaker)

    def fetch_book(self, book: isbn.Isbn) -> OpenLibraryBook | None:
        """Fetch the edition with this ISBN, or None if Open Library has none.

        Raises OpenLibraryError, at the deadline at the latest, and at once while another request is running.
        """
        key = f"ISBN:{book.identity}"
        with self._answer("/api/books", {"bibkeys": key, "format": "json", "jscmd": "data"}) as body:
            record = None if body is None else read_object(body).get(key)
            return None if record is None else _read_book(typed(record, dict))


def _read_book(record: dict[str, Any]) -> OpenLibraryBook:
    title, subtitle = typed(record.get("title"), str), typed(record.get("subtitle") or "", str)
    year = _YEAR.search(typed(record.get("publish_date") or "", str))
    pages = record.get("number_of_pages")
    return OpenLibraryBook(
        f"{title}: {subtitle}" if subtitle else title,
        ", ".join(_names(record, "authors")[:_AUTHORS_MAX]) or None,
        year and year[0],
        next(iter(_names(record, "publishers")), None),
        str(pages) if type(pages) is int else None,
    )


def _names(record: dict[str, Any], what: str) -> list[str]:
    """Return the names in a list such as [{"name": "Frank Herbert", "url": …}]."""
    return [typed(typed(one, dict).get("name"), str) for one in typed(record.get(what) or [], list)]
