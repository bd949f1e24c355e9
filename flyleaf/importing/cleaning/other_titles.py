"""Clean other titles: the original one, those of translations, and what else a library records."""

import re
from collections.abc import Iterable

from flyleaf import limits
from flyleaf.importing.cleaning.cells import CellError, Rule, is_damaged, one_line, shown

# A cell with one title, which `other_titles` leaves as it is if it is clean.
_ONE_TITLE = re.compile(rb"(?!['=])[^|]{0,500}")
_BETWEEN_TITLES = " | "
# What libraries write where a book has many texts: "Works. Selections".
_KINDS_OF_TEXTS = frozenset(
    "works selections poems plays novels stories essays correspondence letters speeches poetry fragments sermons songs "
    "laws treaties".split()
)


def other_titles(cell: str) -> str:
    """Return the titles in a cell, between bars. One that is too long is left out, and so are those after the tenth."""
    if is_damaged(cell):
        raise CellError(f"other_titles {shown(cell)} contains bytes that are not text")
    titles = list(dict.fromkeys(filter(None, map(one_line, cell.split("|")))))
    usable: list[str] = []
    for title in titles:
        if len(title) <= limits.TITLE_MAX and len(_BETWEEN_TITLES.join((*usable, title))) <= limits.OTHER_TITLES_MAX:
            usable.append(title)
    kept = _BETWEEN_TITLES.join(usable[: limits.OTHER_TITLES_OF_A_BOOK])
    if len(usable) < len(titles):
        raise CellError(f"other_titles has a title of more than {limits.TITLE_MAX:,} characters", kept)
    if len(titles) > limits.OTHER_TITLES_OF_A_BOOK:
        raise CellError(f"other_titles has {len(titles)} titles, more than {limits.OTHER_TITLES_OF_A_BOOK}", kept)
    return kept


def joined_titles(titles: Iterable[str]) -> str:
    """Return a cell from which `other_titles` makes these titles, but for those that only name a kind of texts."""
    named = (title for title in titles if title.strip() and title.casefold() not in _KINDS_OF_TEXTS)
    return _BETWEEN_TITLES.join(title.replace("|", "/") for title in named)


def other_titles_rule() -> Rule:
    """Return the rule of the field."""
    return Rule(other_titles, lambda cells: list(map(other_titles, cells)), form=_ONE_TITLE)
