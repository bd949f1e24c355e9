"""Pages of lists: what one holds, and the places where the pages before and after it are found.

Lists that are ordered by time use keyset pagination: a place is the last row that was seen, so the last page of a long
list costs what the first one does, and rows that come or go in the meantime shift nothing. Ranked lists, which are
short, count their pages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

Item = TypeVar("Item")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)
_ID_MAX = 2**63 - 1  # of a bigint
_KEY = re.compile("([0-9]{1,18})-([0-9]{1,19})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Number:
    """The place of a page in a list that counts its pages, from 1."""

    page: int

    @property
    def arguments(self) -> dict[str, str]:
        """What stands in an address: page=2."""
        return {"page": str(self.page)}


@dataclass(frozen=True, slots=True)
class Key:
    """The place next to a row of a list that is ordered by time and id, newest first.

    The page holds rows that are older than this one; with `newer`, those that are newer, which end just before it.
    """

    at: datetime = _LATEST
    id: int = _ID_MAX
    newer: bool = False

    @property
    def arguments(self) -> dict[str, str]:
        """What stands in an address: before=1764290000000000-42, in microseconds."""
        microseconds = (self.at - _EPOCH) // timedelta(microseconds=1)
        return {"after" if self.newer else "before": f"{microseconds}-{self.id}"}

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str]) -> Key:
        """Return the place that an address names, and the newest page's if it names none.

        Raises ValueError for text that is no place.
        """
        newer = "after" in arguments
        written = arguments.get("after" if newer else "before")
        if written is None:
            return NEWEST
        found = _KEY.fullmatch(written)
        if found is None or int(found[2]) > _ID_MAX:
            raise ValueError(written)
        at = min(timedelta(microseconds=int(found[1])), _LATEST - _EPOCH)
        return cls(_EPOCH + at, int(found[2]), newer)


Place = Number | Key
NEWEST = Key()


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some of a list's items, and the places of the pages before and after them, None at an end of the list."""

    items: list[Item]
    previous: Place | None = None
    next: Place | None = None
