"""Pages of lists, and the places of the pages before and after them.

Lists ordered by time use keyset pagination: a place is the last row that was shown, so every page costs the same and
rows added or removed in the meantime don't shift anything. Ranked lists, which are short, have numbered pages.
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
_MARK = re.compile("([0-9]{1,19})-([ -~]{0,500})", re.ASCII)
_VALUE_MAX = 2**31 - 1  # of an integer
_KEY = re.compile("(?:([0-9]{1,10})-)?([0-9]{1,18})-([0-9]{1,19})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Number:
    """The place of a page in a list with numbered pages, from 1."""

    page: int

    @property
    def arguments(self) -> dict[str, str]:
        """Return the query arguments, such as page=2."""
        return {"page": str(self.page)}


@dataclass(frozen=True, slots=True)
class Key:
    """A place in a list ordered by time and id, newest first: next to the row with these values. Lists can be ordered
    by a `value` first, the highest first.

    Its page has the rows that are just older than that row or, with `newer`, just newer.
    """

    at: datetime = _LATEST
    id: int = _ID_MAX
    newer: bool = False
    value: int = _VALUE_MAX

    @property
    def arguments(self) -> dict[str, str]:
        """Return the query arguments, such as before=1764290000000000-42, in microseconds."""
        microseconds = (self.at - _EPOCH) // timedelta(microseconds=1)
        value = "" if self.value == _VALUE_MAX else f"{self.value}-"
        return {"after" if self.newer else "before": f"{value}{microseconds}-{self.id}"}

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str], *, with_value: bool = False) -> Key:
        """Return the place in the query arguments, or the newest page if there is none. Raises ValueError if
        malformed, or if it has a value in a list that is not ordered by one."""
        newer = "after" in arguments
        written = arguments.get("after" if newer else "before")
        if written is None:
            return NEWEST
        found = _KEY.fullmatch(written)
        if found is None or int(found[3]) > _ID_MAX or (found[1] is not None and not with_value):
            raise ValueError(written)
        at = min(timedelta(microseconds=int(found[2])), _LATEST - _EPOCH)
        value = _VALUE_MAX if found[1] is None else min(int(found[1]), _VALUE_MAX)
        return cls(_EPOCH + at, int(found[3]), newer, value)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a list ordered by something else and id: behind the row with these values or, with `backwards`, before
    it. What the key means depends on the order."""

    key: str
    id: int
    backwards: bool = False

    @property
    def arguments(self) -> dict[str, str]:
        """Return the query arguments, such as after=42-hobbit the."""
        return {"before" if self.backwards else "after": f"{self.id}-{self.key}"}

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str]) -> Mark | None:
        """Return the place in the query arguments, or None for the first page. Raises ValueError if malformed."""
        backwards = "before" in arguments
        written = arguments.get("before" if backwards else "after")
        if written is None:
            return None
        found = _MARK.fullmatch(written)
        if found is None or int(found[1]) > _ID_MAX:
            raise ValueError(written)
        return cls(found[2], int(found[1]), backwards)


Place = Number | Key | Mark
NEWEST = Key()


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A page of items, with the places of the previous and next pages, None at either end of the list."""

    items: list[Item]
    previous: Place | None = None
    next: Place | None = None
