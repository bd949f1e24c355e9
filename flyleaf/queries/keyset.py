"""Keyset pagination: find the page before or after a given row, equally fast at any depth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, TextClause

from flyleaf.paging import NEWEST, Key, Page

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Listed:
    """A list ordered by time and id. `older` selects the rows before (:at, :id), newest first, and `newer` the rows
    after it, oldest first; both return at most :limit rows."""

    older: TextClause
    newer: TextClause


def select_page(
    connection: Connection,
    listed: Listed,
    named: Mapping[str, object],
    place: Key,
    size: int,
    make: Callable[..., Item],
    key: Callable[[Item], tuple[datetime, int]],
) -> Page[Item]:
    """Return the page at the place. `make` takes a row's columns as keyword arguments; `key` returns an item's time and
    id.

    If a page of newer rows reaches the start of the list, return the first page instead, so that it is full.
    """
    statement = listed.newer if place.newer else listed.older
    rows = connection.execute(statement, {**named, "at": place.at, "id": place.id, "limit": size + 1}).all()
    more, items = len(rows) > size, [make(**row._mapping) for row in rows[:size]]
    if place.newer:
        if not more:
            return select_page(connection, listed, named, NEWEST, size, make, key)
        items.reverse()
    has_newer, has_older = (more, True) if place.newer else (place != NEWEST, more)
    return Page(
        items,
        Key(*key(items[0]), newer=True) if items and has_newer else None,
        Key(*key(items[-1])) if items and has_older else None,
    )
