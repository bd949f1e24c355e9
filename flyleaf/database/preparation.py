"""What a database needs before the site uses it: the schema up to date, and the search built for this version of it."""

import logging
import threading
import time

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from flyleaf.database.migrate import migrate
from flyleaf.search import schema
from flyleaf.search.superseded import drop_superseded

AT_ONCE = 20_000  # books; a larger catalogue's search is built beside the site, which answers meanwhile
PAUSE_SECONDS = 5.0  # after a build that has failed, until it is tried again

logger = logging.getLogger(__name__)


class Preparation:
    """Of one database, once a process. What is missing is looked for again after `forget_search`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._migrated = False
        self._search_is_built = False
        self._migrating = threading.Lock()
        self._building = threading.Lock()
        self._next_build = 0.0

    def ensure_migrated(self) -> None:
        """Bring the schema up to date, and build the search of a small catalogue."""
        if self._migrated:
            return
        with self._migrating:
            if not self._migrated:
                migrate(self._engine)
                schema.create(self._engine)
                if schema.is_quick_to_build(self._engine, AT_ONCE):
                    self.build_search()
                self._migrated = True

    def build_search(self) -> None:
        """Build the search, and drop what other versions have left that are gone. This may take a minute."""
        schema.create(self._engine)
        schema.build(self._engine)
        drop_superseded(self._engine)
        self._search_is_built = True

    def build_search_beside(self) -> None:
        """The same in a thread of its own, where it is not built and nobody is at it."""
        if self._search_is_built or time.monotonic() < self._next_build or not self._building.acquire(blocking=False):
            return
        threading.Thread(target=self._build_quietly, name="search builder", daemon=True).start()

    def forget_search(self) -> None:
        """Look again whether the search is built: somebody has dropped it."""
        self._search_is_built = False

    def _build_quietly(self) -> None:
        try:
            self.build_search()
        except SQLAlchemyError as error:  # what the database can't do now is tried again
            logger.exception("the search could not be built", exc_info=error)
            self._next_build = time.monotonic() + PAUSE_SECONDS
        finally:
            self._building.release()
