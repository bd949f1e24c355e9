"""The columns of an export that are about its reader and not about the books: they make a reading history."""

import re
from typing import NamedTuple

# In the order in which a table has them, behind those of the book.
OWN_COLUMNS = (
    "status",
    "shelves",
    "rating",
    "review",
    "is_private",
    "written_in",
    "reviewed",
    "readings",
    "read_count",
    "notes",
    "added",
)
BETWEEN = "\x1f"  # two items of a cell: names of shelves, or readings; no text of a file has it
UNTIL = "\x1e"  # the start of a reading and its end
UNDATED = "?"  # in place of the end of a reading of which no date is known

# The StoryGraph writes "2021/05/11-2021/05/12, 2022/01/02"; dates with hyphens in them have spaces around this one.
_BETWEEN_READINGS = re.compile("[,;]")
_FROM_TO = re.compile(r"\s+-\s+|\s*–\s*|(?<=[0-9])-(?=[0-9]{4})|^-|-$")


class Own(NamedTuple):
    """A column of a reader's own in files of no particular site, and its names, reduced to letters and digits."""

    name: str
    names: str


# The first that a file has is used, so that of BookWyrm's shelf and shelf_name the plain one counts.
GENERIC = (
    Own("status", "readstatus status shelf bookshelf exclusiveshelf readingstatus estado estadodeleitura situacao"),
    Own("rating", "myrating myratings starrating rating userrating stars minhanota mirating nota"),
    Own("review", "myreview reviewcontent review reviewtext resenha resena"),
    Own("reviewed", "reviewpublished reviewedat reviewdate"),
    Own("readings", "datesread readings"),
    Own("read_count", "readcount timesread"),
    Own("notes", "privatenotes notes privatecomment notas"),
    Own("added", "dateadded shelfdate added entrydate datedeadicao fechaagregado"),
)
STARTED_NAMES = "startdate datestarted started began datestart".split()
FINISHED_NAMES = "finishdate stoppeddate dateread datefinished finished completed lastdateread dateend".split()


def items(*texts: str) -> str:
    """Return the cell of these names, without empty ones."""
    return BETWEEN.join(filter(None, (text.strip() for text in texts)))


def reading(started: str, finished: str) -> str:
    """Return the cell of one reading with these dates, which may be empty; "" if both are."""
    dates = started.strip(), finished.strip()
    return UNTIL.join(dates) if any(dates) else ""


def listed_readings(cell: str) -> str:
    """Return the cell of the readings in "2021/05/11-2021/05/12, 2022/01/02", of which one date is the end."""
    found = []
    for part in _BETWEEN_READINGS.split(cell):
        dates = [date.strip() for date in _FROM_TO.split(" ".join(part.split()), maxsplit=1)]
        found.append(reading(*dates) if len(dates) == 2 else reading("", dates[0]))
    return BETWEEN.join(filter(None, found))
