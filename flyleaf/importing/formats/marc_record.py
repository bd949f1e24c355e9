"""What becomes of a MARC 21 record, whichever way it was written down."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from pymarc import Field, Record

from flyleaf.importing.cells import shown
from flyleaf.importing.isbns import best_isbn
from flyleaf.importing.languages import UNDETERMINED, language_code
from flyleaf.importing.names import known_by_given_name, name_in_statement, natural_name
from flyleaf.importing.punctuation import natural_publisher, natural_title, without_end_marks
from flyleaf.importing.table import REQUIRED, ROWS_AT_ONCE, Batch, Reason, Refusal, Table
from flyleaf.importing.years import year_of

COLUMNS = (*REQUIRED, "publisher", "language", "pages", "description")
DESCRIPTION = "520"
# The fields that are read.
TAGS = frozenset(
    ("008", "020", "041", "100", "110", "111", "245", "260", "264", "300", DESCRIPTION, "700", "710", "711")
)

_ISBN = re.compile(r"[0-9][0-9\u2010-\u2015-]{5,}[0-9Xx]|[0-9][0-9 \u2010-\u2015-]{5,}[0-9Xx]")
_GIVEN_NAME = "0"  # the first indicator of a person's name
_PUBLICATION = "1"  # the second indicator of 264: not distribution, manufacture or copyright
EXTENT_MAX = 200  # characters that are looked at: the pattern takes long over a text made of numbers
# Numbers, some perhaps in brackets, before the word for pages: "xii, 345 p.", "[8], 200 S.", "1 v. (320 pages)".
_PAGES = re.compile(
    r"((?:[0-9]+\]?,? (?:\[[0-9]+\],? )?)+)(?:unnumbered )?(?:p|pp|pgs?|pages?|s|str|pag|leaves)\b", re.IGNORECASE
)
# What stands for an unknown year: "19--", "n.d.", "[date of publication not identified]".
_NO_YEAR = re.compile(r"[^0-9]*|.*[0-9][-–u?]+[^0-9]*")

Fields = dict[str, list[Field]]


class Broken(NamedTuple):
    """A record that can't be read."""

    problem: str  # the detail of its refusal


def table_of(records: Iterator[Record | Broken]) -> Table:
    return Table(COLUMNS, (), _batches(enumerate(records, 1)), unit="record")


def _batches(numbered: Iterator[tuple[int, Record | Broken]]) -> Iterator[Batch]:
    while True:
        numbers: list[int] = []
        rows: list[Sequence[str]] = []
        refused: list[Refusal] = []
        for number, record in islice(numbered, ROWS_AT_ONCE):  # none is kept: they are large
            row = _row(number, record)
            if isinstance(row, Refusal):
                refused.append(row)
            else:
                numbers.append(number)
                rows.append(row)
        if not rows and not refused:
            return
        yield Batch(numbers, list(zip(*rows, strict=True)) or [()] * len(COLUMNS), refused)


def _row(number: int, record: Record | Broken) -> Sequence[str] | Refusal:
    if isinstance(record, Broken):
        return Refusal(number, Reason.UNREADABLE, record.problem, ())
    fields: Fields = {}
    for field in record.fields:
        fields.setdefault(field.tag, []).append(field)
    date, language = _fixed(fields)
    isbn, title, publication = _isbn(fields), _title(fields), _publication(fields)
    row = (
        isbn,
        title,
        _author(fields),
        _year(date, publication),
        natural_publisher(_first(publication, "b")),
        _language(language, fields),
        _pages(_first(fields.get("300", ()), "a")),
        _first(fields.get(DESCRIPTION, ()), "a"),
    )
    if not isbn:
        named = shown(title) if title else "it"
        return Refusal(number, Reason.NO_ISBN, f"{named} has no ISBN (field 020)", row)
    if not title:
        return Refusal(number, Reason.NO_TITLE, f"isbn {shown(isbn)} has no title (field 245)", row)
    return row


def _fixed(fields: Fields) -> tuple[str, str]:
    """Of field 008 the first date and the language."""
    for field in fields.get("008", ()):
        data = field.data or ""
        return data[7:11], data[35:38]
    return "", ""


def _isbn(fields: Fields) -> str:
    """Of a record with several (paper and cloth, the volumes of a set) the best one: the catalogue has a row a record,
    as the library has, and 020 does not say reliably which binding an ISBN is for."""
    texts = [text for field in fields.get("020", ()) for text in field.get_subfields("a")]
    numbers = [number[0] if (number := _ISBN.search(text)) else text.strip() for text in texts]
    return best_isbn(filter(None, numbers))


def _title(fields: Fields) -> str:
    """The title proper, the rest of it, the number and the name of the part, with the marks between them that the
    record has or should have."""
    for field in fields.get("245", ()):
        title = ""
        for code, value in field.subfields:
            text = value.strip()
            if not text:
                continue
            if code == "h":  # "[electronic resource] :"
                title += text[text.rfind("]") + 1 :]
            elif code == "a" or (code in "bnp" and not title):
                title = f"{title} {text}" if title else text
            elif code in "bnp":
                title += _separator(code, title) + text
        return natural_title(title)
    return ""


def _separator(code: str, title: str) -> str:
    """What is to stand before another part of the title, unless the mark is there: ISBD lets records leave it out."""
    if title[-1] in ":;=/,.":
        return " "
    return " : " if code == "b" else ". "


def _author(fields: Fields) -> str:
    for tag in ("100", "700"):
        for field in fields.get(tag, ()):
            # With a title it is that of another work.
            if (name := _person(field)) and (tag == "100" or "t" not in dict(field.subfields)):
                return name
    for tag in ("110", "111", "710", "711"):
        for field in fields.get(tag, ()):
            if name := " ".join(field.get_subfields("a", "b")):
                return without_end_marks(name)
    return name_in_statement(_first(fields.get("245", ()), "c"))


def _person(field: Field) -> str:
    """Subfields a: name, b: number, c: titles; "$aElizabeth$bII,$cQueen of Great Britain,$d1926-"."""
    name = " ".join(field.get_subfields("a", "b")).rstrip(" ,")
    text = ", ".join([name, *field.get_subfields("c")])
    # With a comma it is a family name all the same, and the indicator a slip.
    return known_by_given_name(text) if field.indicator1 == _GIVEN_NAME and "," not in name else natural_name(text)


def _publication(fields: Fields) -> list[Field]:
    of_264 = fields.get("264", ())
    return [*fields.get("260", ()), *sorted(of_264, key=lambda field: field.indicator2 != _PUBLICATION)]


def _year(date: str, publication: list[Field]) -> str:
    """That of field 008, or the one that is printed in the book. A text without any is left to the rule for years,
    which tells it."""
    year = year_of(date) if date.isdecimal() else None
    if year is not None:
        return str(year)
    printed = [text for field in publication for text in field.get_subfields("c")]
    year = next(filter(None, map(year_of, printed)), None)
    if year is not None:
        return str(year)
    return next((text for text in printed if not _NO_YEAR.fullmatch(text.strip())), "")


def _language(code: str, fields: Fields) -> str:
    """That of field 008, or the first of 041, where older records have several in one subfield ("engfre"). A code that
    is not known is left to the rule for languages, which tells it."""
    for text in (code, _first(fields.get("041", ()), "a")[:3]):
        text = text.strip()
        if text.casefold() not in UNDETERMINED:
            return language_code(text) or text
    return ""


def _pages(extent: str) -> str:
    """The longest of the book's sequences of pages; of "2 v." and "1 v. (unpaged)" there is none."""
    numbers = [int(number) for run in _PAGES.findall(extent[:EXTENT_MAX]) for number in re.findall("[0-9]+", run)]
    return str(max(numbers)) if numbers else ""


def _first(fields: Sequence[Field], code: str) -> str:
    """The first subfield of that code in any of the fields; "" where there is none."""
    for field in fields:
        for subfield in field.subfields:
            if subfield.code == code and subfield.value:
                return subfield.value
    return ""
