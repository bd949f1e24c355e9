"""The clients for Open Library: external ratings, and covers. It depends on requests and on flyleaf.isbn only."""

from flyleaf.open_library.breaker import Breaker
from flyleaf.open_library.client import BATCH, OpenLibrary, OpenLibraryRating
from flyleaf.open_library.covers import OpenLibraryCovers
from flyleaf.open_library.exchange import OpenLibraryError

__all__ = ["BATCH", "Breaker", "OpenLibrary", "OpenLibraryCovers", "OpenLibraryError", "OpenLibraryRating"]
