"""Match what a file says of books with the catalogue, many at once.

A book is only taken for the one that a file means if title and author are those of one work, by the rule that tells
which books are editions of one (search/sql/1_works.sql). An identifier alone is not enough: ISBNs are mistyped, and
publishers use some of them twice. What comes close is offered, for the reader to decide. How well that works is in
docs/catalogue.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, text


class MatchKind(StrEnum):
    """How a book was found, the surest first."""

    IDENTIFIER = "identifier"  # its ISBN or another identifier, and title and author agree
    EXACT = "exact"  # title and author
    EDITION = "edition"  # title and author are those of its work: it is another edition, or the title is longer
    NEAR_IDENTIFIER = "near-identifier"  # the identifier, but title or author differ
    NEAR = "near"  # a similar title and author
    CHOSEN = "chosen"  # by the reader
    NONE = "none"

    @property
    def is_sure(self) -> bool:
        return self in (MatchKind.IDENTIFIER, MatchKind.EXACT, MatchKind.EDITION, MatchKind.CHOSEN)


@dataclass(frozen=True, slots=True)
class WantedBook:
    """What a file says of a book. `identity` is that of its ISBN; `identifiers` are others, such as goodreads:61."""

    title: str
    author: str
    series: str | None
    identity: str | None
    identifiers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """The book that was found, if one was, and how."""

    kind: MatchKind
    book_id: int | None = None


# What is compared: the title without its series, the number of a volume that bears its series' name, the author's
# surname, first name and initials between; of several authors all names, in any order. With a `range` a book is several
# of a series.
_KEYS = r"""
    search_title_key(title) AS title_key,
    ltrim(search_work_title(title, search_title_key(title)), '*') AS main_title,
    coalesce(search_volume_of_series(search_work_title(title, search_title_key(title)), series), '') AS volume,
    coalesce(substring(series FROM '#[0-9.]+-[0-9.]+'), '') AS range,
    search_work_author(author, search_key(author)) AS names,
    split_part(search_key(search_main_author(author)), ' ', 1) AS given,
    regexp_replace(substring(search_key(search_main_author(author)) FROM '^[^ ]+ (.+) [^ ]+$'),
                   '([^ ])[^ ]* *', '\1', 'g') AS middle,
    CASE WHEN author ~ '^[^ ,]+ [^,]+(, [^ ,]+ [^,]+)+$' THEN
        ARRAY(SELECT split_part(search_work_author(name, search_key(name)), '|', 2) AS one
                FROM string_to_table(author, ', ') AS name
               ORDER BY one
               LIMIT 20) END AS people
"""
# Two authors of one surname and initial may still be two people, if both first names are known, or both middle ones.
_AUTHORS_AGREE = """
    (found.author = ''
     OR wanted.author = ''
     OR split_part(found.names, '|', 1) = split_part(wanted.names, '|', 1)
        AND (split_part(found.names, '|', 2) = split_part(wanted.names, '|', 2)
             OR least(length(found.given), length(wanted.given)) = 1)
        AND (strpos(found.middle, wanted.middle) > 0 OR strpos(wanted.middle, found.middle) > 0) IS NOT FALSE
     OR (found.people = wanted.people) IS TRUE)
"""
_VOLUMES_AGREE = "found.volume = wanted.volume AND found.range = wanted.range"
_WANTED = f"""
    wanted AS MATERIALIZED (
        SELECT n, title, author, series, identity, identifiers, {_KEYS}
          FROM unnest(CAST(:titles AS text[]), CAST(:authors AS text[]), CAST(:series AS text[]),
                      CAST(:identities AS text[]), CAST(:identifiers AS text[]))
                   WITH ORDINALITY AS given_ (title, author, series, identity, identifiers, n)
    )
"""  # noqa: S608  # constants
# Which volume it is, the identifier says, too, if the file or the catalogue doesn't.
_IDENTIFIED = text(f"""
    WITH {_WANTED}, named AS MATERIALIZED (
        SELECT n, b.id AS book_id, 0 AS place
          FROM wanted
          JOIN books AS b ON b.identity = wanted.identity
         UNION ALL
        SELECT n, i.book_id, place
          FROM wanted
         CROSS JOIN string_to_table(identifiers, ' ') WITH ORDINALITY AS listed (name, place)
          JOIN identifiers AS i ON i.scheme = split_part(name, ':', 1)
                               AND i.value = substr(name, strpos(name, ':') + 1)
    ), found AS (
        SELECT n, place, b.id AS book_id, author, series, {_KEYS}
          FROM named
          JOIN books AS b ON b.id = named.book_id
    )
    SELECT DISTINCT ON (n) n, book_id,
           found.main_title = wanted.main_title
           AND ({_VOLUMES_AGREE}
                OR (found.series IS NULL OR wanted.series IS NULL) AND concat(found.volume, wanted.volume) !~ '[^0-9]')
           AND {_AUTHORS_AGREE} AS agrees
      FROM wanted
      JOIN found USING (n)
     ORDER BY n, agrees DESC, place, book_id
""")  # noqa: S608  # constants
# The work may be that of any of several authors. Of its editions one with this title is preferred, then the one that
# stands for the work.
_OF_WORK = text(f"""
    WITH {_WANTED}
    SELECT n, edition.book_id, edition.title_key = wanted.title_key AND wanted.identity IS NULL AS is_exact
      FROM wanted
     CROSS JOIN LATERAL (
        SELECT search_root(search_work_of(title, author, series))
               || CASE WHEN people IS NOT NULL THEN
                      ARRAY(SELECT search_root(search_work_of(title, name, series))
                              FROM string_to_table(author, ', ') WITH ORDINALITY AS listed (name, place)
                             WHERE place BETWEEN 2 AND :most) END AS works) AS of_authors
     CROSS JOIN LATERAL (
        SELECT found.*
          FROM (SELECT b.id AS book_id, author, {_KEYS}, b.id = works.lead_book_id AS leads
                  FROM search_works AS works
                 CROSS JOIN LATERAL (SELECT book_id FROM search_editions AS e WHERE e.work_id = works.id
                                      ORDER BY e.book_id = works.lead_book_id DESC, e.book_id LIMIT :editions) AS e
                  JOIN books AS b ON b.id = e.book_id
                 WHERE works.id = ANY (of_authors.works)) AS found
         WHERE wanted.author <> ''
           AND found.author <> ''
           AND found.main_title = wanted.main_title
           AND {_VOLUMES_AGREE}
           AND {_AUTHORS_AGREE}
         ORDER BY found.title_key = wanted.title_key DESC, leads DESC, book_id
         LIMIT 1) AS edition
""")  # noqa: S608  # constants
# Works with this title, or with it before a subtitle, or by the author, or with the author's surname and one of the
# title's words; of these the most similar, if it is similar enough. Words are cut: a tsquery takes 2 KB of each. With a
# common surname common words are left out, as all works of both would have to be read.
_NEAR = text(f"""
    WITH {_WANTED}, asked AS MATERIALIZED (
        SELECT wanted.*, search_key(author) AS author_key, search_start(title_key) AS start,
               main_key, search_start(main_key) AS main_start, words, surname
          FROM wanted
         CROSS JOIN LATERAL (SELECT search_title_key(split_part(title, ':', 1)) AS main_key) AS before_subtitle
         CROSS JOIN LATERAL (SELECT nullif(left(regexp_replace(split_part(names, '|', 1), '^.* ', ''), 100), '')
                                    AS surname) AS of_author
         CROSS JOIN LATERAL (SELECT string_agg(word, ' | ') AS words
                               FROM (SELECT word FROM string_to_table(title_key, ' ') AS word
                                      WHERE length(word) BETWEEN 3 AND 100
                                      ORDER BY length(word) DESC, word
                                      LIMIT 3) AS longest
                              WHERE NOT (EXISTS (SELECT FROM search_vocabulary AS v
                                                  WHERE v.word = longest.word AND v.works > :common)
                                         AND EXISTS (SELECT FROM search_vocabulary AS v
                                                      WHERE v.word = surname AND v.works > :common))) AS of_title
    )
    SELECT n, lead_book_id AS book_id
      FROM asked
     CROSS JOIN LATERAL (
        SELECT w.*
          FROM (SELECT found.*, greatest(similarity(found.title_key, asked.title_key),
                                         similarity(left(found.title_key, found.main_length), asked.title_key),
                                         similarity(found.title_key, asked.main_key)) AS title_likeness,
                       CASE WHEN asked.author = '' OR found.author_key = '' THEN 0.5
                            ELSE similarity(found.author_key, asked.author_key) END AS author_likeness
                  FROM ((SELECT lead_book_id, title_key, main_length, author_key, popularity FROM search_works
                          WHERE search_start(title_key) = start COLLATE "C" ORDER BY id LIMIT :some)
                         UNION
                        (SELECT lead_book_id, title_key, main_length, author_key, popularity FROM search_works
                          WHERE search_start(title_key) = main_start COLLATE "C" ORDER BY id LIMIT :some)
                         UNION
                        (SELECT lead_book_id, title_key, main_length, author_key, popularity FROM search_works
                          WHERE search_start(left(title_key, main_length)) = main_start COLLATE "C"
                            AND main_length < length(title_key) ORDER BY id LIMIT :some)
                         UNION
                        (SELECT lead_book_id, title_key, main_length, author_key, popularity FROM search_works
                          WHERE left(search_works.author_key, 60) = left(asked.author_key, 60) COLLATE "C"
                            AND asked.author_key <> '' ORDER BY id LIMIT :some)
                         UNION
                        (SELECT lead_book_id, title_key, main_length, author_key, popularity FROM search_works
                          WHERE words @@ CAST(surname || ' & (' || asked.words || ')' AS tsquery) LIMIT :some))
                       AS found) AS w
         ORDER BY title_likeness + author_likeness DESC, popularity DESC, lead_book_id
         LIMIT 1) AS best
     WHERE title_likeness >= 0.45
       AND author_likeness >= 0.3
""")  # noqa: S608  # constants
_IDENTIFIERS = 20  # of a row that are looked up
_EDITIONS = 50  # of a work that are looked at
_AUTHORS = 4  # of a book whose works are looked at
_COMMON = 20_000  # works have a common word
_SOME = 200  # works of one title, or of a surname and a word


def match_books(connection: Connection, wanted: Sequence[WantedBook]) -> list[Match]:
    """Return a match for each of the books, in their order."""
    found: dict[int, Match] = {}
    for row in connection.execute(_IDENTIFIED, _arrays(wanted)):
        kind = MatchKind.IDENTIFIER if row.agrees else MatchKind.NEAR_IDENTIFIER
        found[row.n - 1] = Match(kind, row.book_id)
    unsure = [place for place in range(len(wanted)) if place not in found or not found[place].kind.is_sure]
    limits = {"editions": _EDITIONS, "most": _AUTHORS}
    for row in connection.execute(_OF_WORK, _arrays([wanted[place] for place in unsure]) | limits):
        found[unsure[row.n - 1]] = Match(MatchKind.EXACT if row.is_exact else MatchKind.EDITION, row.book_id)
    missing = [place for place in unsure if place not in found]
    limits = {"some": _SOME, "common": _COMMON}
    for row in connection.execute(_NEAR, _arrays([wanted[place] for place in missing]) | limits):
        found[missing[row.n - 1]] = Match(MatchKind.NEAR, row.book_id)
    return [found.get(place, Match(MatchKind.NONE)) for place in range(len(wanted))]


def _arrays(wanted: Sequence[WantedBook]) -> dict[str, list[str | None]]:
    return {
        "titles": [one.title for one in wanted],
        "authors": [one.author for one in wanted],
        "series": [one.series for one in wanted],
        "identities": [one.identity for one in wanted],
        "identifiers": [" ".join(one.identifiers[:_IDENTIFIERS]) for one in wanted],
    }
