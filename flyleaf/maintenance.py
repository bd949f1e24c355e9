"""A background thread for what the database needs done beside requests, in transactions of bounded size.

What is to be done stands in the database. So any process of the site continues it, also after another was killed.
"""

import logging

from flyleaf.background import Background
from flyleaf.database import Database
from flyleaf.queries.departures import continue_departure, take_departure

POLL = 60.0  # seconds until an idle thread looks again, for what another process has left
AFTER_A_FAULT = 30.0

logger = logging.getLogger("flyleaf.maintenance")


class Maintenance(Background):
    """Create one with the application, and call start() in the process that serves it."""

    def __init__(self, database: Database, poll: float = POLL, after_a_fault: float = AFTER_A_FAULT) -> None:
        super().__init__("maintenance", logger, after_a_fault)
        self._database = database
        self._poll = poll

    def idle_seconds(self) -> float:
        return self._poll

    def work(self) -> bool:
        """Take one step. Return False if nothing was to be done."""
        with self._database.transaction() as connection:
            departure = take_departure(connection)
            if departure is not None:
                continue_departure(connection, departure)
        return departure is not None
