"""What others call a book, besides its ISBN: identifiers of a site, a shop or a library, such as goodreads:2767052.

A scheme says whose identifier it is and how its values look. Each value has one canonical form, in which it is stored.
docs/catalogue.md lists the schemes.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from flyleaf.limits import IDENTIFIER_MAX


class IdentifierError(ValueError):
    """The text is no identifier of a known form. The message says why and completes a sentence."""


class Identifier(NamedTuple):
    """An identifier in its canonical form."""

    scheme: str
    value: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"

    @property
    def url(self) -> str | None:
        """Return the address of the book at the other site, or None if there is no lasting one."""
        return SCHEMES[self.scheme].url(self.value)


class Scheme(NamedTuple):
    """The form of a scheme's values."""

    form: re.Pattern[str]  # of a canonical value
    hint: str  # what a value looks like, after "it is not"
    normalised: Callable[[str], str] = str  # takes a value without white space
    page: str = ""  # the address of a book's page, with {} for the value
    page_form: re.Pattern[str] | None = None  # finds the value in such an address

    def url(self, value: str) -> str | None:
        return self.page.format(value) if self.page else None


def parse(scheme: str, text: str) -> Identifier:
    """Return the identifier in its canonical form. Raises IdentifierError."""
    known = SCHEMES.get(scheme)
    if known is None:
        raise IdentifierError(f"its scheme is not one of {', '.join(SCHEMES)}")
    value = known.normalised("".join(text.split()))
    if len(value) > IDENTIFIER_MAX or not known.form.fullmatch(value):
        raise IdentifierError(f"it is not {known.hint}")
    return Identifier(scheme, value)


def parse_address(text: str) -> Identifier | None:
    """Return the identifier in "goodreads:2767052", or None if the text is none."""
    scheme, colon, value = text.strip().partition(":")
    try:
        return parse(scheme.strip().lower(), value) if colon else None
    except IdentifierError:
        return None


def isbn_in(address: str) -> str | None:
    """Return the ISBN of a book's address, or None if the book has none and the address is an identifier."""
    return None if ":" in address else address


def _without_slug(value: str) -> str:
    """Return 3 for "3.Harry_Potter" and "3-harry-potter"."""
    return re.split(r"[-._]", value, maxsplit=1)[0]


def _without_zeros(value: str) -> str:
    return value.lstrip("0")


def _openlibrary(value: str) -> str:
    return value.rstrip("/").rpartition("/")[2].upper()


def _oclc(value: str) -> str:
    """Return the number in "(OCoLC)ocm00123" or "ocn123"."""
    return re.sub(r"^(?:\(ocolc\))?(?:oc[mn]|on)?0*", "", value, flags=re.IGNORECASE)


def _lccn(value: str) -> str:
    """Return the number as https://www.loc.gov/marc/lccn-namespace.html normalises it: "n 78-890351" is n78890351."""
    head, hyphen, serial = value.lower().partition("/")[0].partition("-")
    return head + (serial.zfill(6) if hyphen and serial.isdigit() else hyphen + serial)


def _of_library(value: str) -> str:
    """Return "bnb.GB6800001": the source in lower case, and a number that can stand in an address."""
    source, dot, number = value.partition(".")
    return source.lower() + dot + number.replace("/", "-")


_NUMBER = re.compile(r"[1-9][0-9]{0,14}", re.ASCII)
_LIBRARYS = re.compile(r"[a-z][a-z0-9-]{1,19}\.[0-9A-Za-z][0-9A-Za-z.-]{0,59}", re.ASCII)

# In the order in which a book's identifiers are shown. `librarything` is the number of one member's copy, as in their
# export, and not of the work, whose numbers are other ones.
SCHEMES = {
    "goodreads": Scheme(
        _NUMBER,
        "a number such as 2767052",
        lambda value: _without_zeros(_without_slug(value)),
        "https://www.goodreads.com/book/show/{}",
        re.compile(r"goodreads\.com/(?:[a-z-]{2,5}/)?book/show/([0-9]+)", re.IGNORECASE),
    ),
    "openlibrary": Scheme(
        re.compile(r"OL[1-9][0-9]{0,11}[MW]", re.ASCII),
        "a key such as OL7353617M",
        _openlibrary,
        "https://openlibrary.org/books/{}",
        re.compile(r"openlibrary\.org/(?:books|works)/(OL[0-9]+[MW])", re.IGNORECASE),
    ),
    "oclc": Scheme(
        _NUMBER,
        "a number such as 1036970389",
        _oclc,
        "https://www.worldcat.org/oclc/{}",
        re.compile(r"worldcat\.org/(?:[a-z]+/)?(?:oclc|title)/([0-9]+)", re.IGNORECASE),
    ),
    "lccn": Scheme(
        re.compile(r"[a-z]{0,3}[0-9]{8}|[a-z]{0,2}[0-9]{10}", re.ASCII),
        "a number of the Library of Congress such as 2001627090",
        _lccn,
        "https://lccn.loc.gov/{}",
        re.compile(r"lccn\.loc\.gov/([a-z0-9-]+)", re.IGNORECASE),
    ),
    "asin": Scheme(
        re.compile(r"B[0-9A-Z]{9}", re.ASCII),
        "a B and nine letters or digits, such as B00BAXFECK",
        str.upper,
        "https://www.amazon.com/dp/{}",
        re.compile(r"amazon\.[a-z.]{2,6}/(?:.*/)?(?:dp|gp/product|product)/(B[0-9A-Z]{9})\b", re.IGNORECASE),
    ),
    "librarything": Scheme(_NUMBER, "a number such as 61", _without_zeros),
    "storygraph": Scheme(
        re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII),
        "a UUID",
        str.lower,
        "https://app.thestorygraph.com/books/{}",
        re.compile(r"thestorygraph\.com/books/([0-9a-f-]{36})", re.IGNORECASE),
    ),
    "inventaire": Scheme(
        re.compile(r"[0-9a-f]{32}", re.ASCII),
        "32 hexadecimal digits",
        lambda value: value.lower().removeprefix("inv:"),
        "https://inventaire.io/entity/inv:{}",
        re.compile(r"inventaire\.io/entity/inv:([0-9a-f]{32})", re.IGNORECASE),
    ),
    "national": Scheme(_LIBRARYS, "the code of a national bibliography, a dot and a number", _of_library),
    "control": Scheme(_LIBRARYS, "the code of a library, a dot and the number of its record", _of_library),
    "librarythingwork": Scheme(
        _NUMBER,
        "a number such as 3203347",
        _without_zeros,
        "https://www.librarything.com/work/{}",
        re.compile(r"librarything\.[a-z]{2,3}/work/([0-9]+)", re.IGNORECASE),
    ),
    "flyleaf": Scheme(re.compile(r"[0-9a-f]{16}", re.ASCII), "16 hexadecimal digits", str.lower),
}
RANK = {scheme: rank for rank, scheme in enumerate(SCHEMES)}
_BARE = (  # schemes whose values are recognised without their names, by how people write them
    ("asin", re.compile(r"B0[0-9A-Z]{8}", re.ASCII | re.IGNORECASE)),
    ("openlibrary", re.compile(r"OL[0-9]+[MW]", re.ASCII | re.IGNORECASE)),
    (
        "oclc",
        re.compile(r"(?:\(OCoLC\)|oc[mn]|on)\s*[0-9]{6,}|\(OCoLC\)\s*(?:oc[mn]|on)[0-9]+", re.ASCII | re.IGNORECASE),
    ),
    ("oclc", re.compile(r"oclc\s*(?:no\.?|number|#)?\s*:?\s*[0-9]+", re.ASCII | re.IGNORECASE)),
    ("lccn", re.compile(r"(?:lccn\s*:?\s*)?[a-z]{0,3}\s*[0-9]{2,4}-[0-9]{1,6}", re.ASCII | re.IGNORECASE)),
    (
        "lccn",
        re.compile(r"(?:lccn\s*:?\s*)?(?:[a-z]{0,3}\s*[0-9]{8}|[a-z]{0,2}\s*[0-9]{10})", re.ASCII | re.IGNORECASE),
    ),
)
_NAME = re.compile(r"^(?:oclc\s*(?:no\.?|number|#)?|lccn)\s*:?", re.IGNORECASE)


def recognised(text: str) -> Iterator[Identifier]:
    """Yield the identifiers that the text may be: goodreads:2767052, B00BAXFECK, ocm00123456, 78-890351, or the address
    of the book's page at another site."""
    typed = text.strip()
    if found := parse_address(typed):
        yield found
    written = [
        (scheme, match[1])
        for scheme, known in SCHEMES.items()
        if "/" in typed and known.page_form and (match := known.page_form.search(typed))
    ]
    written += [(scheme, _NAME.sub("", typed)) for scheme, form in _BARE if form.fullmatch(typed)]
    for scheme, value in written:
        try:
            found = parse(scheme, value)
        except IdentifierError:  # such as the number 0
            continue
        yield found
