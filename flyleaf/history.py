"""A reading history: what a file says of books, and of its reader with them."""

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

Status = Literal["to-read", "reading", "read", "did-not-finish"]


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """What a file says of a book, and of its reader with it. `problems` are the names of the columns whose cells could
    not be used, or only in part."""

    line: int
    title: str
    author: str = ""
    isbn: str | None = None  # in the form of the file
    identity: str | None = None  # of the ISBN: books.identity
    identifiers: tuple[str, ...] = ()  # goodreads:61
    series: str | None = None
    year: int | None = None
    publisher: str | None = None
    language: str | None = None
    pages: int | None = None
    status: Status | None = None
    shelves: tuple[str, ...] = ()
    rating: Decimal | None = None  # from 0.25 to 5, in quarters
    review: str = ""
    is_private: bool = False
    reviewed_at: datetime | None = None
    readings: tuple[tuple[date | None, date | None], ...] = ()  # when each began and ended
    notes: str = ""
    added_on: date | None = None
    problems: tuple[str, ...] = ()

    @property
    def is_bare(self) -> bool:
        """Return whether it says nothing of the reader."""
        return not (self.status or self.shelves or self.rating or self.review or self.readings or self.notes)

    def to_json(self) -> str:
        """Return it for `from_json`, without what it doesn't say."""
        return json.dumps({name: value for name, value in asdict(self).items() if value}, default=str)

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> "HistoryRow":
        """Return the row that `to_json` wrote."""
        values = {"title": ""} | said
        for name in ("identifiers", "shelves", "problems"):
            values[name] = tuple(values.get(name, ()))
        values["readings"] = tuple((_day(began), _day(ended)) for began, ended in values.get("readings", ()))
        values["rating"] = Decimal(values["rating"]) if "rating" in values else None
        values["reviewed_at"] = datetime.fromisoformat(values["reviewed_at"]) if "reviewed_at" in values else None
        values["added_on"] = _day(values.get("added_on"))
        return cls(**values)


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that can't be used, and why, in English."""

    line: int
    text: str  # its first cells
    reason: str


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
