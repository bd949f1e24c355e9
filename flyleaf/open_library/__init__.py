"""The clients for Open Library: external ratings, books by ISBN, and covers. It depends on requests and on flyleaf.isbn
only."""

from flyleaf.open_library.books import OpenLibraryBook, OpenLibraryBooks
from flyleaf.open_library.breaker import Breaker
from flyleaf.open_library.client import BATCH, OpenLibrary, OpenLibraryRating
from flyleaf.open_library.covers import OpenLibraryCovers
from flyleaf.open_library.exchange import OpenLibraryError

__all__ = [
    "BATCH",
    "Breaker",
    "OpenLibrary",
    "OpenLibraryBook",
    "OpenLibraryBooks",
    "OpenLibraryCovers",
    "OpenLibraryError",
    "OpenLibraryRating",
]
