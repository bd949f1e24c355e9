"""Clean cells with identifiers: of one scheme, or of several with their schemes ("goodreads:2767052 asin:B002MQYOFW").

The clean cell has canonical values with spaces between them. What has no known form is left out.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from flyleaf.identifiers import SCHEMES, IdentifierError, parse
from flyleaf.importing.cleaning.cells import CellError, Rule, clean, shown

ANY_SCHEME = "identifiers"  # the column of identifiers with their schemes
# Other names of schemes, as Calibre and others write them.
_ALIASES = {
    "amazon": "asin", "kindle": "asin", "mobi-asin": "asin", "worldcat": "oclc", "olid": "openlibrary",
    "inv": "inventaire",
}  # fmt: skip
_BETWEEN = re.compile(r"[,;|]")
_BETWEEN_NAMED = re.compile(r"[\s,;|]+")
_AROUND = " '\"[]{}"  # of lists, as programs write them
_SHOP = re.compile(r"amazon(?:_[a-z]{2})?")  # amazon_uk


def scheme_of(name: str) -> str | None:
    """Return the scheme that goes by this name, or None if it is not known."""
    name = name.strip().casefold()
    name = _ALIASES["amazon"] if _SHOP.fullmatch(name) else _ALIASES.get(name, name)
    return name if name in SCHEMES else None


def identifier_cell(named: Iterable[tuple[str, str]]) -> str:
    """Return the cell for these schemes and values, as a file gives them. The first one identifies a book without an
    ISBN, so it should be the file's own."""
    pairs = ((scheme, "".join(value.split())) for scheme, value in named)
    return " ".join(dict.fromkeys(f"{scheme}:{value}" for scheme, value in pairs if value))


def rule_of(scheme: str) -> Rule:
    """Return the rule of a column with identifiers of one scheme."""

    def read(cell: str) -> Iterator[tuple[str, str]]:
        for value in _BETWEEN.split(cell):
            value = value.strip(_AROUND)
            if value and not _is_elsewhere(value):
                yield scheme, value

    return _rule(read, lambda identifier: identifier.value, SCHEMES[scheme].form.pattern)


def any_rule() -> Rule:
    """Return the rule of a column with identifiers of several schemes."""

    def read(cell: str) -> Iterator[tuple[str, str]]:
        for named in filter(None, _BETWEEN_NAMED.split(cell)):
            name, _, value = named.partition(":")
            if name.casefold() != "isbn":
                yield scheme_of(name) or name, value

    forms = "|".join(f"{scheme}:(?:{known.form.pattern})" for scheme, known in SCHEMES.items())
    return _rule(read, str, f"(?:{forms})(?: (?:{forms}))*")


def _is_elsewhere(value: str) -> bool:
    """Return whether it is the address of an ISBN or of a work, which some columns have for their own."""
    return value.startswith(("isbn:", "wd:"))


def _rule(read: Callable[[str], Iterator[tuple[str, str]]], text: Callable[..., str], canonical: str) -> Rule:
    form = re.compile(f"(?:{canonical})?", re.ASCII)

    def cell(cell: str) -> str:
        if form.fullmatch(cell):
            return cell
        values: list[str] = []
        wrong: list[str] = []
        for scheme, value in read(clean(cell)):
            try:
                values.append(text(parse(scheme, value)))
            except IdentifierError as error:
                wrong.append(f"{scheme} {shown(value)}: {error}")
        kept = " ".join(dict.fromkeys(values))
        if wrong:
            raise CellError("; ".join(wrong), kept)
        return kept

    def column(cells: Sequence[str]) -> Sequence[str]:
        return cells if all(map(form.fullmatch, cells)) else list(map(cell, cells))

    return Rule(cell, column, form=re.compile(form.pattern.encode()))
