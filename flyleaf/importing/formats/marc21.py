"""Extract a book from a MARC 21 record, whether from ISO 2709 or MARCXML."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pymarc import Field

from flyleaf.importing.cleaning.identifier_cells import identifier_cell
from flyleaf.importing.cleaning.isbns import best_isbn
from flyleaf.importing.cleaning.languages import UNDETERMINED, language_code
from flyleaf.importing.cleaning.names import (
    known_by_given_name,
    name_in_statement,
    natural_name,
    without_square_brackets,
)
from flyleaf.importing.cleaning.other_titles import joined_titles
from flyleaf.importing.cleaning.punctuation import natural_publisher, natural_title, without_end_marks
from flyleaf.importing.cleaning.subjects import joined, subdivided
from flyleaf.importing.cleaning.years import year_of
from flyleaf.series import numbered

DESCRIPTION = "520"
_PERSON, _BODY = "abc", "ab"
# The subfields that are used, by field.
USED = {
    "001": "", "003": "", "008": "", "010": "a", "015": "a2", "016": "a2", "020": "a", "035": "a", "041": "a",
    "100": _PERSON, "110": _BODY, "111": _BODY, "240": "a", "245": "abchnp", "246": "abnp", "260": "bc",
    "264": "bc", "300": "a", DESCRIPTION: "a", "440": "anpv", "490": "av",
    "700": f"{_PERSON}t", "710": _BODY, "711": _BODY, "800": "tv", "810": "tv", "811": "tv", "830": "anpv",
}  # fmt: skip
# … and those of subjects, which say nothing of what the record's book is called: general subdivisions (x), forms (v),
# places (z), and the source of the terms (2).
SUBJECTS = {
    "600": f"{_PERSON}vxz2", "610": f"{_BODY}vxz2", "611": f"{_BODY}vxz2", "630": "avxz2", "650": "avxz2",
    "651": "avxz2", "655": "avxz2",
}  # fmt: skip

_ISBN = re.compile(r"[0-9][0-9\u2010-\u2015-]{5,}[0-9Xx]|[0-9][0-9 \u2010-\u2015-]{5,}[0-9Xx]")
_GIVEN_NAME = "0"  # the first indicator of a person's name
_PUBLICATION = "1"  # the second indicator of 264: not distribution, manufacture or copyright
EXTENT_MAX = 200  # characters; patterns are slow on long texts
# Numbers, possibly in brackets, before the word for pages: "xii, 345 p.", "[8], 200 S.", "1 v. (320 pages)".
_PAGES = re.compile(
    r"((?:[0-9]+\]?,? (?:\[[0-9]+\],? )?)+)(?:unnumbered )?(?:p|pp|pgs?|pages?|s|str|pag|leaves)\b", re.IGNORECASE
)
# Placeholders for an unknown year: "19--", "n.d.", "[date of publication not identified]".
_NO_YEAR = re.compile(r"[^0-9]*|.*[0-9][-–u?]+[^0-9]*")

_FOUR_DIGITS = re.compile("(?<![0-9])[0-9]{4}(?![0-9])")
# The kind of material, with the mark after it: "[electronic resource] :", "lydopptak /".
_KIND = re.compile(r".*\]|.*?(?=(?:\s*[:;=/])?\s*\Z)", re.DOTALL)
_OF_CONGRESS = "01"  # second indicators: the Library of Congress, for adults and for children
_SOURCE_IN_2 = "7"
# Other sources in English, in $2. What is neither of these nor the Library of Congress's says the same in other words,
# or in another language.
_ENGLISH = frozenset("fast lcsh lcgft gsafd bisacsh bicssc thema sears homoit tgn aat".split())
_WITH_ISBN = 1967  # the year of the first ISBNs

Fields = dict[str, list[Field]]


class Row(NamedTuple):
    """A record's book, with the names of the catalogue's columns."""

    isbn: str
    title: str
    author: str
    year: str
    publisher: str
    language: str
    pages: str
    description: str
    subjects: str
    series: str
    other_titles: str
    identifiers: str


def row(fields: Fields) -> Row:
    """Return the book of a MARC 21 record."""
    date, other_date, language = _fixed(fields)
    isbn, publication = _isbn(fields), _publication(fields)
    return Row(
        isbn=isbn,
        title=_title(fields),
        author=_author(fields),
        year=year_in(
            (date, other_date), [text for field in publication for text in field.get_subfields("c")], bool(isbn)
        ),
        publisher=natural_publisher(first(publication, "b")),
        language=_language(language, fields),
        pages=page_count(first(fields.get("300", ()), "a")),
        description=first(fields.get(DESCRIPTION, ()), "a"),
        subjects=joined(_subjects(fields)),
        series=series_in([*_traced(fields), *fields.get("490", ())]),
        other_titles=joined_titles(_other_titles(fields)),
        identifiers=identifier_cell(_identifiers(fields)),
    )


def _fixed(fields: Fields) -> tuple[str, str, str]:
    """Return the two dates and the language from field 008."""
    for field in fields.get("008", ()):
        data = field.data or ""
        return data[7:11], data[11:15], data[35:38]
    return "", "", ""


def _isbn(fields: Fields) -> str:
    """Return the best of a record's ISBNs, which may be of several bindings or volumes. The catalogue has one row for
    each record, like the library, and 020 doesn't reliably tell which binding an ISBN is for."""
    return isbn_of(text for field in fields.get("020", ()) for text in field.get_subfields("a"))


def isbn_of(texts: Iterable[str]) -> str:
    """Return the best ISBN in the texts, without any text after it."""
    numbers = [number[0] if (number := _ISBN.search(text)) else text.strip() for text in texts]
    return best_isbn(filter(None, numbers))


def _identifiers(fields: Fields) -> Iterator[tuple[str, str]]:
    """Yield schemes and values. The number of a record is told from others by the code of its library, in 003."""
    numbers = [value for field in fields.get("010", ()) for value in field.get_subfields("a")]
    library, record = data_of(fields, "003"), data_of(fields, "001")
    if library == "OCoLC":
        yield "oclc", record
    elif library and record and not (library == "DLC" and numbers):  # which is the same
        yield "control", f"{library}.{record}"
    yield from (("lccn", number) for number in numbers)
    yield from oclc_numbers(fields)
    for tag, without_code in (("015", "bnb"), ("016", "lac")):
        for field in fields.get(tag, ()):
            for number in field.get_subfields("a"):
                # Without a code, British numbers begin with GB, and the blank first indicator of 016 is Canada's.
                is_known = number.startswith("GB") if tag == "015" else field.indicator1 == " "
                source = next(iter(field.get_subfields("2")), without_code if is_known else "")
                number = number.partition("(")[0]
                yield "national", f"{source}.{number}" if source else number


def oclc_numbers(fields: Fields) -> Iterator[tuple[str, str]]:
    """Yield WorldCat's numbers, which have the prefix (OCoLC) among other systems' numbers."""
    for field in fields.get("035", ()):
        for number in field.get_subfields("a"):
            if number.casefold().startswith("(ocolc)"):
                yield "oclc", number


def data_of(fields: Fields, tag: str) -> str:
    """Return the text of a field without subfields, or ""."""
    return next(((field.data or "").strip() for field in fields.get(tag, ())), "")


def _title(fields: Fields) -> str:
    """Return the title with its remainder, part number and part name, separated by the marks that the record has or
    should have."""
    for field in fields.get("245", ()):
        title = ""
        for code, value in field.subfields:
            text = value.strip()
            if not text:
                continue
            if code == "h":
                title += _KIND.sub("", text, count=1)
            elif code == "a" or (code in "bnp" and not title):
                title = f"{title} {text}" if title else text
            elif code in "bnp":
                title += _separator(code, title, text) + text
        return natural_title(title)
    return ""


def _separator(code: str, title: str, text: str) -> str:
    """Return the separator before another part of the title, unless a mark is already there. ISBD lets records omit
    it."""
    if title[-1] in ":;=/,." or text[0] in ":;=/":
        return " "
    return " : " if code == "b" else ". "


def _author(fields: Fields) -> str:
    for tag in ("100", "700"):
        for field in fields.get(tag, ()):
            # An entry with a title is for another work.
            if (name := _person(field)) and (tag == "100" or "t" not in dict(field.subfields)):
                return name
    for tag in ("110", "111", "710", "711"):
        for field in fields.get(tag, ()):
            if name := " ".join(field.get_subfields("a", "b")):
                return without_end_marks(without_square_brackets(name))
    return name_in_statement(first(fields.get("245", ()), "c"))


def _person(field: Field) -> str:
    """Subfields a: name, b: number, c: titles; "$aElizabeth$bII,$cQueen of Great Britain,$d1926-"."""
    name = " ".join(field.get_subfields("a", "b")).rstrip(" ,")
    text = ", ".join([name, *field.get_subfields("c")])
    # A comma means a family name, so the indicator is wrong.
    return known_by_given_name(text) if field.indicator1 == _GIVEN_NAME and "," not in name else natural_name(text)


def _subjects(fields: Fields) -> Iterator[str]:
    """Yield the headings, each with its first general subdivision, and their places and forms. Periods are left out,
    because "1861-1865" says nothing on its own."""
    headings = [field for tag in SUBJECTS for field in fields.get(tag, ())]
    if any(field.indicator2 in _OF_CONGRESS for field in headings):
        headings = list(filter(_is_in_english, headings))
    for field in headings:
        yield from subjects_in(_heading(field), field, general="x", others="zv")


def _is_in_english(field: Field) -> bool:
    return field.indicator2 in _OF_CONGRESS or (
        field.indicator2 == _SOURCE_IN_2 and not _ENGLISH.isdisjoint(field.get_subfields("2"))
    )


def _heading(field: Field) -> str:
    if field.tag == "600" and sum(len(subfield.value) for subfield in field.subfields) <= EXTENT_MAX:
        return _person(field)
    return " ".join(field.get_subfields("a", "b"))


def subjects_in(heading: str, field: Field, general: str, others: str) -> Iterator[str]:
    """Yield the heading of a field with its general subdivisions, and the other ones on their own."""
    if heading := without_end_marks(heading):
        yield from subdivided(heading, list(map(without_end_marks, field.get_subfields(general))))
    yield from map(without_end_marks, field.get_subfields(*others))


def _publication(fields: Fields) -> list[Field]:
    of_264 = fields.get("264", ())
    return [*fields.get("260", ()), *sorted(of_264, key=lambda field: field.indicator2 != _PUBLICATION)]


def year_in(dates: tuple[str, str], printed: Sequence[str], has_isbn: bool) -> str:
    """Return the first of the two coded dates, or else the printed one.

    If the record has an ISBN, a year before ISBNs existed is used only as a last resort: reprints often have the two
    dates swapped. A text without a year is returned too, so that the rule for years reports it.
    """
    first_date, other_date = (year_of(date) if date.isdecimal() else None for date in dates)
    year = first_date or next(filter(None, map(year_of, printed)), None)
    if year and has_isbn and year < _WITH_ISBN:
        others = [other_date, *(year_of(digits) for text in printed for digits in _FOUR_DIGITS.findall(text))]
        return str(next((other for other in others if other and other >= _WITH_ISBN), max(year, other_date or year)))
    if year:
        return str(year)
    return next((text for text in printed if not _NO_YEAR.fullmatch(text.strip())), "")


def _other_titles(fields: Fields) -> Iterator[str]:
    """Yield the uniform title, which is that of the original, and the varying ones."""
    for field in (*fields.get("240", ()), *fields.get("246", ())):
        yield without_end_marks(natural_title(" ".join(field.get_subfields("a", "b", "n", "p"))))


def _traced(fields: Fields) -> list[Field]:
    """Return the entries for series in their established form. 490 has them as they are printed."""
    return [field for tag in ("830", "440", "800", "810", "811") for field in fields.get(tag, ())]


def series_in(fields: Iterable[Field]) -> str:
    """Return the cell of a record's series: their titles, in $t or $a with $n and $p, and their numbers in $v."""
    return "; ".join(
        numbered(without_end_marks(name).replace(" ;", ","), without_end_marks(" ".join(field.get_subfields("v"))))
        for field in fields
        if (name := " ".join(field.get_subfields("t") or field.get_subfields("a", "n", "p")).strip())
    )


def _language(code: str, fields: Fields) -> str:
    """Return the language in field 008, or the first in 041, where older records have several in one subfield
    ("engfre"). An unknown code is returned too, so that the rule for languages reports it."""
    for text in (code, first(fields.get("041", ()), "a")[:3]):
        text = text.strip()
        if text.casefold() not in UNDETERMINED:
            return language_code(text) or text
    return ""


def page_count(extent: str) -> str:
    """Return the longest page sequence, or "" for "2 v." and "1 v. (unpaged)"."""
    numbers = [int(number) for run in _PAGES.findall(extent[:EXTENT_MAX]) for number in re.findall("[0-9]+", run)]
    return str(max(numbers)) if numbers else ""


def first(fields: Sequence[Field], code: str) -> str:
    """Return the first subfield with that code in any of the fields, or ""."""
    for field in fields:
        for subfield in field.subfields:
            if subfield.code == code and subfield.value:
                return subfield.value
    return ""
