"""Imports into the catalogue, as those see them who watch the site."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from flyleaf.queries.events import EventKind

# The advisory lock that allows one import at a time. The number only has to be unique in the database.
IMPORT_LOCK = 7_303_002
OUTCOMES = ("added", "changed", "left_alone", "refused")


@dataclass(frozen=True, slots=True)
class FinishedImport:
    """When an import ended, and how many books it added, changed, left alone and refused."""

    at: datetime
    books: dict[str, int]


def select_last_import(connection: Connection) -> FinishedImport | None:
    """Return the last import that ended, if its event is still kept."""
    found = connection.execute(
        text("SELECT at, detail FROM events WHERE kind = :kind ORDER BY at DESC LIMIT 1"),
        {"kind": EventKind.CATALOGUE_IMPORTED.value},
    ).one_or_none()
    if found is None:
        return None
    return FinishedImport(found.at, {outcome: int(found.detail.get(outcome) or 0) for outcome in OUTCOMES})


def is_importing(connection: Connection) -> bool:
    """Return whether an import is running."""
    statement = """
        SELECT EXISTS (SELECT FROM pg_locks AS locks
                         JOIN pg_database AS databases ON databases.oid = locks.database
                        WHERE locks.locktype = 'advisory' AND locks.objid = :lock AND locks.granted
                          AND databases.datname = current_database())
    """
    return bool(connection.execute(text(statement), {"lock": IMPORT_LOCK}).scalar_one())
