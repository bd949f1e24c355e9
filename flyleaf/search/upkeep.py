"""Upkeep of what the search derives from the books, where the triggers leave it to the caller."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text


def settle_search(connection: Connection) -> None:
    """Bring what the search derives from books up to date where another writer had to leave something behind."""
    connection.execute(text("SELECT search_settle()"))


def continue_search(connection: Connection) -> bool:
    """Let some of the reviews follow their editions to another work, if those were too many for one transaction. Return
    whether there were any."""
    return bool(connection.execute(text("SELECT search_continue()")).scalar())


def needs_rebuild(connection: Connection) -> bool:
    """Whether so much changed, in this transaction too, that the search is to be derived anew: the COMMIT would do it,
    in silence."""
    return bool(connection.execute(text("SELECT search_needs_rebuild()")).scalar())


def rebuild_search(connection: Connection) -> Iterator[float]:
    """Derive everything anew, beside the live tables: readers go on searching. Half a minute for a million books.

    Each step yields the share that is done, the last one 1. Nothing happens unless it is iterated to the end.
    """
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    done = 0.0
    for step, share in connection.execute(text("SELECT step, share FROM search_rebuild_steps()")).all():
        connection.execute(text(f"SELECT {step}()"))
        done += share
        yield min(done, 1.0)
