"""A background thread for what the database and the folders of sessions and covers need done beside requests, in steps
of bounded size.

What is to be done stands there. So any process of the site continues it, also after another was killed.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from flyleaf.background import Background
from flyleaf.config import Config
from flyleaf.covers.files import CoverFiles
from flyleaf.database import Database
from flyleaf.queries.api_tokens import delete_expired_api_tokens
from flyleaf.queries.covers import select_known_digests
from flyleaf.queries.departures import continue_next_departure
from flyleaf.queries.duplicates import propose_duplicates
from flyleaf.queries.events import delete_due_events, update_event_ages
from flyleaf.queries.failed_logins import fold_failed_logins
from flyleaf.queries.held_ratings import count_due_ratings
from flyleaf.queries.password_resets import delete_expired_password_resets
from flyleaf.queries.sessions import select_live_hashes
from flyleaf.queries.shelves import follow_shelved_books
from flyleaf.queries.unread_titles import read_next_titles
from flyleaf.queries.upload_work import continue_next_upload
from flyleaf.queries.uploads import delete_forgotten_upload
from flyleaf.search import continue_search, is_ready
from flyleaf.sessions import SessionFiles

POLL = 60.0  # seconds until an idle thread looks again, for what another process has left
AFTER_A_FAULT = 30.0
# Each does a piece of its work on a connection, and returns whether there was any.
TASKS: tuple[Callable[..., object], ...] = (
    continue_next_departure,
    count_due_ratings,
    fold_failed_logins,
    delete_expired_password_resets,
    delete_expired_api_tokens,
    read_next_titles,
    follow_shelved_books,
    delete_forgotten_upload,
    continue_search,
)

logger = logging.getLogger("flyleaf.maintenance")


class _Pruning:
    """The files of a folder that the database no longer knows, to be deleted a step at a time."""

    def __init__(self, is_due: Callable[[], bool], begin: Callable[[], Iterator[int]]) -> None:
        self._is_due = is_due
        self._begin = begin
        self._steps: Iterator[int] = iter(())

    def step(self) -> bool:
        """Take a step, or begin if that is due. Return False if neither."""
        if next(self._steps, None) is not None:
            return True
        if not self._is_due():
            return False
        self._steps = self._begin()
        return True


class Maintenance(Background):
    """Create one with the application, and call start() in the process that serves it."""

    def __init__(
        self,
        database: Database,
        config: Config,
        sessions: SessionFiles | None = None,  # None: they are in Redis, which deletes expired ones itself
        covers: CoverFiles | None = None,
        poll: float = POLL,
        after_a_fault: float = AFTER_A_FAULT,
    ) -> None:
        super().__init__("maintenance", logger, after_a_fault)
        self._database = database
        self._config = config
        self._prunings = []
        if sessions is not None:
            self._prunings.append(_Pruning(sessions.is_pruning_due, partial(sessions.prune, self._select_live)))
        if covers is not None:
            self._prunings.append(_Pruning(covers.is_pruning_due, partial(covers.prune, self._select_known)))
        self._poll = poll

    def idle_seconds(self) -> float:
        return self._poll

    def work(self) -> bool:
        """Do a piece of each task, in a transaction of its own. Return False if nothing was to be done.

        The others are done also if one fails. Raises ExceptionGroup then.
        """
        worked, faults = False, []
        for task in self._tasks():
            try:
                worked = bool(task()) or worked
            except Exception as fault:
                faults.append(fault)
        if faults:
            raise ExceptionGroup("tasks that failed", faults)
        return worked

    def _tasks(self) -> Iterator[Callable[[], object]]:
        for task in TASKS:
            yield partial(self._do, task)
        yield self._continue_upload
        yield self._prune_events
        for pruning in self._prunings:
            yield pruning.step
        if self._config.proposals:
            yield self._propose_duplicates
        yield self._database.keep_search

    def _do(self, task: Callable[..., object]) -> bool:
        with self._database.transaction() as connection:
            return bool(task(connection))

    def _propose_duplicates(self) -> bool:
        with self._database.transaction() as connection:
            return is_ready(connection) and propose_duplicates(connection)

    def _continue_upload(self) -> bool:
        with self._database.transaction() as connection:
            if not is_ready(connection):  # without it no row would match a work
                return False
        return continue_next_upload(self._database.transaction, self._config.missing_books)

    def _prune_events(self) -> bool:
        """Delete the next events whose time has come, as the tables' owner: pages can't."""
        with self._database.command_transaction() as connection:
            update_event_ages(connection, self._config.routine_event_days, self._config.event_days)
            return delete_due_events(connection) > 0

    def _select_live(self, id_hashes: Sequence[bytes]) -> set[bytes]:
        with self._database.transaction() as connection:
            return select_live_hashes(connection, id_hashes)

    def _select_known(self, digests: Sequence[str]) -> set[str]:
        with self._database.transaction() as connection:
            return select_known_digests(connection, digests)
