"""What of the running application the views reach for."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import cast

from flask import current_app
from sqlalchemy import Connection

from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.rating_fetcher import RatingFetcher

EXTENSION = "flyleaf"


@dataclass(frozen=True)
class Flyleaf:
    """What one application holds for as long as it lives."""

    config: Config
    database: Database
    rating_fetcher: RatingFetcher | None  # None: no contact was given, and no other site is asked


def flyleaf() -> Flyleaf:
    return cast(Flyleaf, current_app.extensions[EXTENSION])


def transaction() -> AbstractContextManager[Connection]:
    """A connection to the database; committed at the end of the block, rolled back where it raises."""
    return flyleaf().database.transaction()
