"""A series of a book, and the form in which the catalogue stores all series of a book."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from flyleaf.limits import SERIES_MAX
from flyleaf.series.numbers import number_in
from flyleaf.series.remembered import remembered

MOST = 5  # series of one book


class Series(NamedTuple):
    """A series that a book belongs to, and its number there in the form of `number_in`, or ""."""

    name: str
    number: str = ""

    @property
    def key(self) -> str:
        """Return what the spellings of a name have in common: letters and digits, without an article in front."""
        return _key(self.name)

    def __str__(self) -> str:
        return f"{self.name} #{self.number}" if self.number else self.name


@remembered
def _key(name: str) -> str:
    words = re.findall(r"\w+", re.sub("['’]", "", name.casefold()))
    return "".join(words[1:] if len(words) > 1 and words[0] in ("the", "a", "an") else words)


def written(series: Iterable[Series]) -> str:
    """Return the stored form, with as many series as fit. Of several with one name, the first number is kept."""
    kept: dict[str, Series] = {}
    for one in series:
        known = kept.get(one.key)
        if known is None or not known.number:
            kept[one.key] = one if known is None else Series(known.name, one.number)
    text = ""
    for one in list(kept.values())[:MOST]:
        longer = f"{text}; {one}" if text else str(one)
        text = longer if len(longer) <= SERIES_MAX else text
    return text


def stored(text: str | None) -> tuple[Series, ...]:
    """Return the series of the stored form."""
    return tuple(map(_stored, filter(None, (text or "").split("; "))))


def _stored(text: str) -> Series:
    name, _, number = text.rpartition(" #")
    return Series(name, number) if name and number_in(number) else Series(text)
