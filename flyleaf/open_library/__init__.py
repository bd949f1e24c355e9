"""The room of Open Library, where other readers' ratings come from. It knows requests, and no other room."""

from flyleaf.open_library.breaker import Breaker
from flyleaf.open_library.client import BATCH, OpenLibrary, OpenLibraryRating
from flyleaf.open_library.exchange import OpenLibraryError

__all__ = ["BATCH", "Breaker", "OpenLibrary", "OpenLibraryError", "OpenLibraryRating"]
