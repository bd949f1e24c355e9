"""The stages that find candidates: each asks one index and returns at most some hundred works."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, column, text

from flyleaf.search.pieces import Piece
from flyleaf.search.reading import MOST_WORDS, Query, Reading, Term
from flyleaf.search.results import EDITIONS_SHOWN

LOOK = 5_000  # works; where more have what the index is asked, only popular ones are found
KEEP_COVERING = 80
SPELLINGS = 40  # words near a misspelt one, of which the likeliest half is taken
LOOK_COVERING = 1_500  # … of which each is compared with all words


class Candidate(NamedTuple):
    """A work that may be meant; what search_line() makes a line of."""

    id: int
    title_key: str
    author_key: str
    main_length: int
    popularity: int
    review_count: int
    rating_sum: int
    year_max: int | None
    forms: str = ""

    @property
    def others(self) -> list[Candidate]:
        """The same work under the other titles and authors of its editions."""
        forms = (form.split("/") for form in self.forms.split(";") if form)
        return [
            self._replace(title_key=title, author_key=author, main_length=int(length), forms="")
            for title, author, length in forms
        ]


class Narrowing(NamedTuple):
    """Filters that a scan can apply to a work; the exact check, on editions, comes later."""

    year_from: int | None = None
    year_to: int | None = None
    has_reviews: bool = False
    subject_id: int | None = None


class Having(NamedTuple):
    """Works that have all the words: popular ones, and all others. `others` is None where the popular ones were enough;
    `cut_short`: more works have the words than one search may look at."""

    popular: list[Candidate]
    others: list[Candidate] | None
    cut_short: bool

    @property
    def all(self) -> list[Candidate]:
        return self.popular + (self.others or [])


class AsTyped(NamedTuple):
    """A query read, and what the first stages found: titles that are or begin with it, wherever their spaces are; works
    of exactly this author; works that have all its words. `shown`: where these are few, the books that stand for them,
    as JSON; `near`: where they are very few for a known word, the words that it may be a misspelling of."""

    query: Query
    start: list[Candidate]
    author: list[Candidate]
    having: Having
    shown: str | None
    near: str | None


class Limits(NamedTuple):
    """How many works a stage takes: of the popular ones; of all others, and only where the popular ones are fewer than
    `enough`; of these none where `common` works have the rarest word."""

    popular: int
    others: int
    enough: int
    common: int


_AS_TYPED = (
    text("""
    SELECT words, places, works, starting, romanised, all_are_popular, catalogue,
           start, author, popular, others, cut_short, CAST(shown AS text), CAST(near AS text)
      FROM search_as_typed(:pieces, CAST(:fields AS text[]), :most, :year_from, :year_to, :has_reviews,
                           CAST(:subject_id AS bigint), :popular, :others, :enough, :common, :look, :show, :editions,
                           :few, :spellings)""")
    .columns(
        *map(column, "words places works starting romanised all_are_popular catalogue".split()),
        *map(column, "start author popular others cut_short shown near".split()),
    )
    .execution_options(prepared=True)
)
_HAVING = (
    text("""
    SELECT reading, popular, others, cut_short, CAST(shown AS text)
      FROM search_readings(:titles, :terms, :works, :readings, :catalogue, :look, :popular, :others, :enough, :common,
                           :year_from, :year_to, :has_reviews, CAST(:subject_id AS bigint), :show, :editions)
     ORDER BY reading LIMIT 100""")
    .columns(*map(column, "reading popular others cut_short shown".split()))
    .execution_options(prepared=True)
)
_COVERING = (
    text("""
    SELECT string_agg(line, chr(10))
      FROM unnest(CAST(:drivers AS text[])) WITH ORDINALITY AS asked (driver, place),
           search_covering(CAST(driver AS tsquery), CAST(:asked AS text[]), CAST(:weights AS real[]), :look, :keep)
     GROUP BY place ORDER BY place LIMIT 100""")
    .columns(column("lines"))
    .execution_options(prepared=True)
)


def find_as_typed(
    connection: Connection, typed: Sequence[Piece], narrowing: Narrowing, limits: Limits, show: int = 0, few: int = 0
) -> AsTyped:
    """Read the query, and run the stages that find it as it was typed, in one statement."""
    parameters = {
        "pieces": [piece.text for piece in typed],
        "fields": [piece.field for piece in typed],
        "most": MOST_WORDS,
        "look": LOOK,
        "show": show,
        "editions": EDITIONS_SHOWN,
        "few": few,
        "spellings": SPELLINGS,
        **limits._asdict(),
        **narrowing._asdict(),
    }
    *read, start, author, popular, others, cut_short, shown, near = connection.execute(_AS_TYPED, parameters).one()
    having = _having(popular, others, cut_short)
    return AsTyped(Query.of(typed, *read), _listed(start), _listed(author), having, shown, near)


def find_having(
    connection: Connection,
    readings: Sequence[Reading],
    titles: Sequence[str],
    narrowing: Narrowing,
    limits: Limits,
    catalogue: int,
    show: int,
) -> tuple[list[Candidate], list[Having], list[str]]:
    """In one statement: the works with one of the titles, whole or up to a subtitle or bracket; for each of the
    readings the works that have all its terms; and the books that stand for those that are few, as JSON."""
    terms = [(term, at) for at, reading in enumerate(readings) for term in reading.asked]
    parameters = {
        "titles": list(titles),
        "terms": [term.tsquery for term, _ in terms],
        "works": [term.works for term, _ in terms],
        "readings": [at for _, at in terms],
        "catalogue": catalogue,
        "look": LOOK,
        "show": show,
        "editions": EDITIONS_SHOWN,
        **limits._asdict(),
        **narrowing._asdict(),
    }
    rows = list(connection.execute(_HAVING, parameters))
    shown = [row.shown for row in rows if row.shown]
    titled = _listed(rows.pop(0).popular) if titles else []
    return titled, [_having(*row[1:4]) for row in rows], shown


def _having(popular: str | None, others: str | None, cut_short: bool | None) -> Having:
    return Having(_listed(popular), None if others is None else _listed(others), bool(cut_short))


def _listed(lines: str | None) -> list[Candidate]:
    return [_candidate(line) for line in lines.split("\n")] if lines else []


def _candidate(line: str) -> Candidate:
    work, title, author, length, popularity, reviews, ratings, forms, *year = line.split("|")
    return Candidate(
        int(work),
        title,
        author,
        int(length),
        int(popularity),
        int(reviews),
        int(ratings),
        int(year[0]) if year else None,
        forms,
    )


def find_covering(connection: Connection, drivers: Sequence[str], terms: Sequence[Term]) -> list[list[Candidate]]:
    """For each of the drivers the works that have what it asks; where there are many, those that have the most telling
    of the terms."""
    parameters = {
        "drivers": list(drivers),
        "asked": [term.tsquery for term in terms if term.alternatives],
        "weights": [term.missing for term in terms if term.alternatives],
        "look": LOOK_COVERING,
        "keep": KEEP_COVERING,
    }
    return [_listed(lines) for lines in connection.execute(_COVERING, parameters).scalars()]
