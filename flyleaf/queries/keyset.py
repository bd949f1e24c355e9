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
    after it, oldest first; both return at most :limit rows. One ordered by a value first has (:value, :at, :id)."""

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
    value: Callable[[Item], int] | None = None,
) -> Page[Item]:
    """Return the page at the place. `make` takes a row's columns as keyword arguments; `key` returns an item's time and
    id, and `value` what the list is ordered by before these.

    If a page of newer rows reaches the start of the list, return the first page instead, so that it is full.
    """
    statement = listed.newer if place.newer else listed.older
    named = {**named, "at": place.at, "id": place.id, "value": place.value, "limit": size + 1}
    rows = connection.execute(statement, named).all()
    more, items = len(rows) > size, [make(**row._mapping) for row in rows[:size]]
    if place.newer:
        if not more:
            return select_page(connection, listed, named, NEWEST, size, make, key, value)
        items.reverse()
    has_newer, has_older = (more, True) if place.newer else (place != NEWEST, more)

    def place_at(item: Item, *, newer: bool) -> Key:
        return Key(*key(item), newer) if value is None else Key(*key(item), newer, value(item))

    return Page(
        items,
        place_at(items[0], newer=True) if items and has_newer else None,
        place_at(items[-1], newer=False) if items and has_older else None,
    )
