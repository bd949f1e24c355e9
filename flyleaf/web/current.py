"""Access to the running application's settings and database."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from cachelib.base import BaseCache
from flask import current_app
from sqlalchemy import Connection

from flyleaf.config import Config
from flyleaf.cover_fetcher import CoverFetcher
from flyleaf.covers.files import CoverFiles
from flyleaf.database import Database
from flyleaf.maintenance import Maintenance
from flyleaf.open_library import OpenLibraryBooks
from flyleaf.rating_fetcher import RatingFetcher
from flyleaf.request_counters import RequestCounter

if TYPE_CHECKING:
    from flyleaf.metrics import Metrics

EXTENSION = "flyleaf"


@dataclass(frozen=True)
class Flyleaf:
    """What an application holds for its lifetime."""

    config: Config
    database: Database
    rating_fetcher: RatingFetcher | None  # None without OPEN_LIBRARY_CONTACT
    covers: CoverFiles
    cover_fetcher: CoverFetcher | None  # None without OPEN_LIBRARY_CONTACT, or with COVERS=off
    open_library_books: OpenLibraryBooks | None  # None without OPEN_LIBRARY_CONTACT
    request_counter: RequestCounter
    maintenance: Maintenance
    metrics: "Metrics | None" = None  # None without METRICS_TOKEN


def session_store() -> BaseCache:
    """Return the store of sessions and drafts: files, or Redis."""
    return cast(BaseCache, current_app.config["SESSION_CACHELIB"])


def flyleaf() -> Flyleaf:
    return cast(Flyleaf, current_app.extensions[EXTENSION])


def transaction() -> AbstractContextManager[Connection]:
    """Return a database transaction that commits at the end of the block, or rolls back if it raises."""
    return flyleaf().database.transaction()
