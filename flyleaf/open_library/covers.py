"""Fetch covers from Open Library's covers API: https://openlibrary.org/dev/docs/api/covers"""

from typing import Literal

from flyleaf import isbn
from flyleaf.open_library.breaker import Breaker
from flyleaf.open_library.site import Site

DEADLINE = 20.0  # seconds for a whole exchange: most covers lie in archives at archive.org, two redirects away


class OpenLibraryCovers(Site):
    """The server of covers. By ISBN, it allows 100 requests from one address in five minutes."""

    accept = "image/*"

    def __init__(
        self,
        contact: str,
        url: str = "https://covers.openlibrary.org",
        deadline: float = DEADLINE,
        breaker: Breaker | None = None,
    ) -> None:
        super().__init__(contact, url, deadline, breaker)

    def fetch_cover(self, scheme: Literal["isbn", "openlibrary"], value: str) -> bytes | None:
        """Fetch what Open Library has as the cover of the edition with this ISBN, or key such as OL7353617M, or None
        if it has none.

        What comes may be anything: it is at most LARGEST_BODY bytes, and nobody has looked at them.
        Raises OpenLibraryError, at the deadline at the latest.
        """
        path = f"/b/isbn/{isbn.parse(value).identity}-L.jpg" if scheme == "isbn" else f"/b/olid/{value}-L.jpg"
        # Without `default`, a missing cover is a picture of one pixel.
        with self._answer(path, {"default": "false"}) as picture:
            return picture
