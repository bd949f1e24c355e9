"""Prepare a database for the site: migrate the schema, and build this version's search tables."""

import logging
import threading
import time
from collections.abc import Callable

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from flyleaf.database import rights
from flyleaf.database.migrate import migrate
from flyleaf.search import schema
from flyleaf.search.superseded import drop_superseded

AT_ONCE = 20_000  # books; for a larger catalogue the search is built in the background
PAUSE_SECONDS = 5.0  # after a failed build, until the next attempt

logger = logging.getLogger(__name__)


class Preparation:
    """Prepares one database, once per process. `forget_search` makes it check the search again."""

    def __init__(self, engine: Engine, role: str | None = None, create_role: Callable[[], None] | None = None) -> None:
        """`engine` connects as the owner. `role` is what pages run as, None if that is the owner; if the server doesn't
        know it, `create_role` is called."""
        self._engine = engine
        self._role = role
        self._create_role = create_role
        self._migrated = False
        self._search_is_built = False
        self._migrating = threading.Lock()
        self._building = threading.Lock()
        self._next_build = 0.0

    def ensure_migrated(self) -> None:
        """Bring the schema up to date and, for a small catalogue, build the search."""
        if self._migrated:
            return
        with self._migrating:
            if not self._migrated:
                migrate(self._engine)
                self._create_search()
                if schema.is_quick_to_build(self._engine, AT_ONCE):
                    self.build_search()
                self._migrated = True

    def trust_schema(self) -> None:
        """Take the schema for one that has been brought up to date."""
        self._migrated = True

    def build_search(self) -> None:
        """Build the search, which may take a minute, and drop tables of versions that no longer run."""
        self._create_search()
        schema.build(self._engine)
        drop_superseded(self._engine)
        self._search_is_built = True

    def _create_search(self) -> None:
        """Create the search's tables, empty, and let pages use them and all others."""
        if self._role and self._create_role and not rights.exists(self._engine, self._role):
            self._create_role()
        schema.create(self._engine, self._grant)
        with self._engine.begin() as connection:
            self._grant(connection)

    def _grant(self, connection: Connection) -> None:
        if self._role is not None:
            rights.grant(connection, self._role)

    def build_search_in_background(self) -> None:
        """Build the search in a background thread, unless it is built or being built already."""
        if self._search_is_built or time.monotonic() < self._next_build or not self._building.acquire(blocking=False):
            return
        threading.Thread(target=self._build_quietly, name="search builder", daemon=True).start()

    def forget_search(self) -> None:
        """Make the next transaction check whether the search is built, after its tables were dropped."""
        self._search_is_built = False

    def _build_quietly(self) -> None:
        try:
            self.build_search()
        except SQLAlchemyError as error:  # it is tried again after a pause
            logger.exception("the search couldn't be built", exc_info=error)
            self._next_build = time.monotonic() + PAUSE_SECONDS
        finally:
            self._building.release()
