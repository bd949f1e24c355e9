"""A reading history: what a file says of books, and of its reader with them."""

import json
import unicodedata
from calendar import monthrange
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

Status = Literal["to-read", "reading", "read", "did-not-finish"]
Precision = Literal["day", "month", "year"]


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A day, or a month or a year of which it isn't known: then `first` is its first day."""

    first: date
    precision: Precision = "day"

    @property
    def last(self) -> date:
        """Return the last day that it may be."""
        month = 12 if self.precision == "year" else self.first.month
        end = monthrange(self.first.year, month)[1]
        return self.first if self.precision == "day" else self.first.replace(month=month, day=end)

    def __str__(self) -> str:
        """Return 2021-03-21, 2021-03 or 2021."""
        return self.first.isoformat()[: {"day": 10, "month": 7, "year": 4}[self.precision]]

    @classmethod
    def in_which(cls, day: date, precision: Precision) -> "PartialDate":
        """Return the day, or its month or year."""
        first = day if precision == "day" else day.replace(day=1)
        return cls(first.replace(month=1) if precision == "year" else first, precision)

    @classmethod
    def parse(cls, written: str) -> "PartialDate":
        """Return what `str` has written. Raises ValueError."""
        precision: Precision = "day" if len(written) > 7 else "month" if len(written) > 4 else "year"
        return cls(date.fromisoformat(written + "0001-01-01"[len(written) :]), precision)


# When a reading began and when it ended; (None, None) is one of which neither is known.
ReadingDates = tuple[PartialDate | None, PartialDate | None]


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """What a file says of a book, and of its reader with it. `problems` are the names of the columns whose cells could
    not be used, or only in part; `refused_for` is the kind of a RefusedRow, whose first cells are the title."""

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
    written_in: str | None = None  # the code of the review's language
    reviewed_at: datetime | None = None
    readings: tuple[ReadingDates, ...] = ()
    notes: str = ""
    added_on: date | None = None
    problems: tuple[str, ...] = ()
    refused_for: str = ""

    @property
    def undated_count(self) -> int:
        """Return how many readings have no date."""
        return self.readings.count((None, None))

    @property
    def is_bare(self) -> bool:
        """Return whether it says nothing of the reader."""
        return not (self.status or self.shelves or self.rating or self.review or self.readings or self.notes)

    def to_json(self) -> str:
        """Return it for `from_json`, without what it doesn't say."""
        values = asdict(self) | {"readings": [[day and str(day) for day in dates] for dates in self.readings]}
        return json.dumps({name: value for name, value in values.items() if value}, default=str)

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> "HistoryRow":
        """Return the row that `to_json` wrote."""
        values = {"title": ""} | said
        for name in ("identifiers", "shelves", "problems"):
            values[name] = tuple(values.get(name, ()))
        values["readings"] = tuple(
            (began and PartialDate.parse(began), ended and PartialDate.parse(ended))
            for began, ended in values.get("readings", ())
        )
        values["rating"] = Decimal(values["rating"]) if "rating" in values else None
        values["reviewed_at"] = datetime.fromisoformat(values["reviewed_at"]) if "reviewed_at" in values else None
        values["added_on"] = date.fromisoformat(values["added_on"]) if "added_on" in values else None
        return cls(**values)


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that can't be used, and why, in English."""

    line: int
    text: str  # its first cells
    reason: str
    kind: str  # of the reason, which a page says in its language


def is_shelf_name(name: str) -> bool:
    """Return whether a shelf can have this name: it can be in an address, and be read."""
    return "/" not in name and any(unicodedata.category(letter)[0] in "LNS" for letter in name)
