"""Extract a book from a UNIMARC record, the form of MARC used by French, Italian, Portuguese and Russian libraries. Its
fields have other numbers than in MARC 21, and the parts of a title have no marks between them."""

from collections.abc import Iterator

from pymarc import Field

from flyleaf.importing.cleaning.identifier_cells import identifier_cell
from flyleaf.importing.cleaning.languages import UNDETERMINED, language_code
from flyleaf.importing.cleaning.names import name_in_statement, natural_name, without_additions
from flyleaf.importing.cleaning.other_titles import joined_titles
from flyleaf.importing.cleaning.punctuation import natural_publisher, natural_title
from flyleaf.importing.cleaning.subjects import joined
from flyleaf.importing.formats.marc21 import (
    EXTENT_MAX,
    Fields,
    Row,
    data_of,
    first,
    isbn_of,
    oclc_numbers,
    page_count,
    series_in,
    subjects_in,
    year_in,
)

_PERSON, _BODY = "abd4", "ab"
# The subfields that are used, by field.
USED = {
    "001": "", "010": "a", "020": "ab", "035": "a", "100": "a", "101": "a", "200": "adefhi", "210": "cd",
    "214": "cd", "215": "a", "225": "av", "330": "a", "410": "tv",
    "500": "ahi", "510": "aehi", "517": "aehi", "700": _PERSON, "701": _PERSON, "710": _BODY,
    "711": _BODY, "801": "b",
}  # fmt: skip
# … and those of subjects: general subdivisions (x), places (y), forms (j).
SUBJECTS = {"600": "abxyj", "601": "abxyj", "606": "axyj", "607": "axyj", "608": "axyj"}
_BEFORE = {"a": " ; ", "d": " = ", "e": " : ", "h": ". ", "i": ". "}  # separators before parts of the title
# Roles other than author: compiler, editor, illustrator, narrator, author of the preface, translator.
_HELPERS = frozenset(("220", "340", "440", "550", "080", "730"))
_AS_IT_IS = "0"  # the second indicator of a person's name that is not inverted: Jean-Paul II


def row(fields: Fields) -> Row:
    """Return the book of a UNIMARC record."""
    publication = [*fields.get("214", ()), *fields.get("210", ())]
    isbn = isbn_of(text for field in fields.get("010", ()) for text in field.get_subfields("a"))
    processing = first(fields.get("100", ()), "a")  # the record's date, the type of the two dates, the dates
    return Row(
        isbn=isbn,
        title=_title(fields),
        author=_author(fields),
        year=year_in(
            (processing[9:13], processing[13:17]),
            [text for field in publication for text in field.get_subfields("d")],
            bool(isbn),
        ),
        publisher=natural_publisher(first(publication, "c")),
        language=_language(first(fields.get("101", ()), "a")),
        pages=page_count(first(fields.get("215", ()), "a")),
        description=first(fields.get("330", ()), "a"),
        subjects=joined(_subjects(fields)),
        series=series_in(fields.get("225") or fields.get("410") or ()),
        other_titles=joined_titles(
            natural_title(" ".join(field.get_subfields("a", "e", "h", "i")))
            for tag in ("500", "510", "517")
            for field in fields.get(tag, ())
        ),
        identifiers=identifier_cell(_identifiers(fields)),
    )


def _subjects(fields: Fields) -> Iterator[str]:
    for tag in SUBJECTS:
        for field in fields.get(tag, ()):
            is_short = sum(len(subfield.value) for subfield in field.subfields) <= EXTENT_MAX
            heading = _person(field) if tag == "600" and is_short else " ".join(field.get_subfields("a", "b"))
            yield from subjects_in(heading, field, general="x", others="yj")


def _identifiers(fields: Fields) -> Iterator[tuple[str, str]]:
    """Yield schemes and values. 020 has numbers of national bibliographies, after a country's code; 801 says whose the
    record is."""
    library, record = first(fields.get("801", ()), "b").strip(), data_of(fields, "001")
    if library and record:
        yield "control", f"{library}.{record}"
    yield from oclc_numbers(fields)
    for field in fields.get("020", ()):
        for number in field.get_subfields("b"):
            yield "national", ".".join([*field.get_subfields("a")[:1], number])


def _title(fields: Fields) -> str:
    for field in fields.get("200", ()):
        title = ""
        for code, value in field.subfields:
            if code in _BEFORE and (text := value.strip(" :;=/")):
                title += f"{_BEFORE[code]}{text}" if title else text
        return natural_title(title)
    return ""


def _author(fields: Fields) -> str:
    people = [*fields.get("700", ()), *fields.get("701", ())]
    for field in sorted(people, key=lambda field: not _HELPERS.isdisjoint(field.get_subfields("4"))):
        if name := _person(field):
            return name
    for tag in ("710", "711"):
        for field in fields.get(tag, ()):
            if name := " ".join(field.get_subfields("a", "b")).strip():
                return name
    return name_in_statement(first(fields.get("200", ()), "f"))


def _person(field: Field) -> str:
    """Return the name: $a is the part that it is sorted by, $b the rest, $d a king's or pope's number."""
    sorted_by, *rest = [*field.get_subfields("a"), *field.get_subfields("b"), *field.get_subfields("d")] or [""]
    if field.indicator2 == _AS_IT_IS:
        return without_additions(" ".join([sorted_by, *rest]))
    return natural_name(", ".join([sorted_by.rstrip(" ,"), *(part.strip(" ,") for part in rest)]))


def _language(code: str) -> str:
    text = code.strip()
    return "" if text.casefold() in UNDETERMINED else language_code(text) or text
