"""The identifier stage: what others call a book, such as goodreads:2767052, an ASIN, or the address of its page."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from flyleaf.identifiers import Identifier, parse_address, recognised
from flyleaf.search import isbn_stage
from flyleaf.search.timing import stage

MOST = 10  # books that one text may mean

_IDENTITIES = text("""
    SELECT book.identity
      FROM unnest(CAST(:schemes AS text[]), CAST(:values AS text[])) WITH ORDINALITY AS asked (scheme, value, place)
      JOIN identifiers AS known ON known.scheme = asked.scheme COLLATE "C" AND known.value = asked.value COLLATE "C"
      JOIN books AS book ON book.id = known.book_id
     ORDER BY place
     LIMIT :most
""")


def asked(typed: str) -> list[Identifier]:
    """The identifiers that the text may be; none of an ISBN, which may look like an LCCN."""
    number = isbn_stage.compact(typed)
    if number is not None and isbn_stage.to_isbn13(number):
        return []
    return list(dict.fromkeys(recognised(typed)))


def is_certain(typed: str) -> bool:
    """Whether the text can't be anything else, as it names the scheme."""
    return parse_address(typed) is not None


@stage("identifier")
def find(connection: Connection, identifiers: Sequence[Identifier], size: int, skipped: int = 0) -> isbn_stage.Found:
    """The books that have one of the identifiers; so many as `size` of them, behind the `skipped` ones."""
    wanted = {
        "schemes": [one.scheme for one in identifiers],
        "values": [one.value for one in identifiers],
        "most": MOST,
    }
    identities = list(connection.scalars(_IDENTITIES, wanted))
    if not identities:
        return isbn_stage.Found("identifier", [], [])
    return isbn_stage.find_exactly(connection, identities, size, skipped)._replace(stage="identifier")
