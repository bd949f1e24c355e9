"""Likely duplicates: different works that are probably one, which the site itself suggests to the moderators.

It looks at the best known works, from the most popular one on, and compares each with the less popular works of its
main author. What it says of two titles is in `likely_one`; docs/catalogue.md says how often it is right.
"""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from sqlalchemy import Connection, Row, text

# Suggestions of the site that wait for a moderator: it looks for no more until some are decided. They are half a
# page of the queue, so that those of readers stay in sight.
OPEN_MAX = 10
WORKS_AT_ONCE = 5
_AUTHORS_WORKS_MAX = 500  # of one author are compared: with 5 at once these are some thousand rows

# Words of which one title alone has some: it is then another work, or a part or a collection.
_OTHER_WORKS = frozenset(
    "abridged adapted annotated bilingual books box boxed cases collected collection comic comics companion"
    " complete duo essays excerpt fiction film graphic guide illustrated journal level manga movie novels"
    " omnibus other part parts play plays preview quartet reader readers readings revisited sampler screenplay"
    " selected series set stories study summary trilogy vol volume volumes workbook writings".split()
)
_NUMBERS = frozenset(
    "one two three four five six seven eight nine ten eleven twelve first second third"
    " i ii iii iv v vi vii viii ix x xi xii".split()
)
_SMALL_WORDS = frozenset(("a", "an", "and", "the"))
_SAME_WORD = 0.8  # of 1, as difflib compares "color" and "colour"


@dataclass(frozen=True, slots=True)
class Title:
    """What a work is called: its title, the key of that, the series ("Dune #1; Arrakis #2"), and the keys of its other
    titles, without spaces and leading article, as `bare` is one of the title."""

    text: str
    key: str
    bare: str
    series: str | None
    others: frozenset[str]


def propose_duplicates(connection: Connection) -> bool:
    """Look at the next works, and suggest what they are likely one with. Return False if that is done for now.

    After the last work it begins anew, but not twice on one day. Another process that is at it does it alone. The
    search has to be ready.
    """
    place = connection.execute(_PLACE).one_or_none()
    if place is None or connection.execute(_OPEN, {"most": OPEN_MAX}).scalar_one() >= OPEN_MAX:
        return False
    works = connection.execute(
        _WORKS, {"popularity": place.popularity, "work_id": place.work_id, "works": WORKS_AT_ONCE}
    ).all()
    if not works:
        return connection.execute(_BEGIN_ANEW).one_or_none() is not None
    found = connection.execute(
        _CANDIDATES, {"ids": [work.id for work in works], "authors_works_max": _AUTHORS_WORKS_MAX}
    )
    _propose(connection, [(one.other_book_id, one.book_id) for one in found if likely_one(*_titles(one))])
    connection.execute(_ADVANCE, {"popularity": works[-1].popularity, "work_id": works[-1].id})
    return True


def likely_one(work: Title, other: Title) -> bool:
    """Return whether the titles are likely of one work, if their main author is the same.

    They are if one is the other's other title, or its title without a subtitle or what precedes it, or is spelled
    a little differently; and if nothing says that they are parts, collections or adaptations.
    """
    extra = _extra_words(work.key, other.key)
    if extra & _OTHER_WORKS or _is_longer_list(work, other) or _is_another_part(work.series, other.series):
        return False
    if work.bare == other.bare or work.bare in other.others or other.bare in work.others:
        return True
    if any(word in _NUMBERS or word[0].isdigit() for word in extra):
        return False
    return _has_subtitle(work, other) or _has_subtitle(other, work) or _is_spelled_alike(work.key, other.key)


def _extra_words(key: str, other: str) -> set[str]:
    """Return the words that only one of the keys has."""
    return set(key.split()) ^ set(other.split())


def _is_longer_list(work: Title, other: Title) -> bool:
    """Return whether one title names more works: "Carrie / 'Salem's Lot", "Heart of Darkness and Youth"."""
    if work.text.count("/") != other.text.count("/"):
        return True
    return work.key.startswith(f"{other.key} and ") or other.key.startswith(f"{work.key} and ")


def _is_another_part(series: str | None, other: str | None) -> bool:
    """Return whether both are in series, and nowhere at the same place."""
    return bool(series and other) and not set((series or "").split("; ")) & set((other or "").split("; "))


def _has_subtitle(longer: Title, shorter: Title) -> bool:
    """Return whether the longer title is the shorter one with a subtitle, or the last part of a longer name."""
    title, part = longer.text.casefold(), shorter.text.casefold()
    return re.match(rf"{re.escape(part)}\s*[:(]", title) is not None or title.endswith(f": {part}")


def _is_spelled_alike(key: str, other: str) -> bool:
    """Return whether one of several words differs a little, or none. A longer word tells titles apart: princess."""
    words, others = ([word for word in one.split() if word not in _SMALL_WORDS] for one in (key, other))
    if len(words) != len(others):
        return False
    differing = [(one, two) for one, two in zip(words, others, strict=True) if one != two]
    return len(differing) <= min(1, len(words) - 1) and all(
        not one.startswith(two)
        and not two.startswith(one)
        and not one.endswith(two)
        and not two.endswith(one)
        and SequenceMatcher(None, one, two).ratio() >= _SAME_WORD
        for one, two in differing
    )


def _titles(row: Row[tuple[object, ...]]) -> tuple[Title, Title]:
    return (
        Title(row.title, row.title_key, row.bare, row.series, frozenset(row.others)),
        Title(row.other_title, row.other_title_key, row.other_bare, row.other_series, frozenset(row.other_others)),
    )


def _propose(connection: Connection, pairs: list[tuple[int, int]]) -> None:
    """Suggest that the first book of each pair is the same work as the second."""
    if pairs:
        book_ids, other_book_ids = map(list, zip(*pairs, strict=True))
        connection.execute(_INSERT, {"book_ids": book_ids, "other_book_ids": other_book_ids})


_PLACE = text("SELECT popularity, work_id FROM duplicate_search FOR UPDATE SKIP LOCKED")
_OPEN = text("""
    SELECT count(*)
      FROM (SELECT FROM proposals WHERE proposed_by IS NULL AND decided_at IS NULL LIMIT :most) AS waiting""")
_WORKS = text("""
    SELECT id, popularity
      FROM search_works
     WHERE tier = 0
       AND popularity <= :popularity
       AND (popularity < :popularity OR id > :work_id)
     ORDER BY popularity DESC, id
     LIMIT :works""")
_BEGIN_ANEW = text("""
    UPDATE duplicate_search
       SET popularity = DEFAULT, work_id = DEFAULT, begun_at = now()
     WHERE begun_at < now() - interval '1 day'
    RETURNING one""")
_ADVANCE = text("UPDATE duplicate_search SET popularity = :popularity, work_id = :work_id")
# An author's key begins with the main author's: the index on it has them side by side. "!" comes after the space.
_CANDIDATES = text("""
    WITH known AS MATERIALIZED (
        SELECT work.id, work.popularity, work.title_key, book.id AS book_id, book.title, book.series,
               book.other_titles, search_work_author(book.author, work.author_key) AS author,
               coalesce(nullif(search_key(search_main_author(book.author)), ''), work.author_key) AS main_author
          FROM search_works AS work
          JOIN books AS book ON book.id = work.lead_book_id
         WHERE work.id = ANY (:ids) AND work.author_key <> ''
    )
    SELECT known.book_id, known.title, known.title_key, search_bare(known.title_key) AS bare, known.series,
           ARRAY(SELECT search_bare(search_title_key(title))
                   FROM string_to_table(known.other_titles, ' | ') AS title) AS others,
           book.id AS other_book_id, book.title AS other_title, other.title_key AS other_title_key,
           search_bare(other.title_key) AS other_bare, book.series AS other_series,
           ARRAY(SELECT search_bare(search_title_key(title))
                   FROM string_to_table(book.other_titles, ' | ') AS title) AS other_others
      FROM known
     CROSS JOIN LATERAL (SELECT id, popularity, lead_book_id, title_key, author_key
                           FROM search_works
                          WHERE left(author_key, 60) COLLATE "C" >= left(known.main_author, 60)
                            AND left(author_key, 60) COLLATE "C" < left(known.main_author, 60) || '!'
                          ORDER BY left(author_key, 60) COLLATE "C", id
                          LIMIT :authors_works_max) AS other
      JOIN books AS book ON book.id = other.lead_book_id
     WHERE (other.popularity, other.id) < (known.popularity, known.id)
       AND split_part(search_work_author(book.author, other.author_key), '|', 1) = split_part(known.author, '|', 1)""")
# A pair of works that anybody has suggested or joined before is left alone, and a book that somebody has split off.
_INSERT = text("""
    INSERT INTO proposals (kind, book_id, other_book_id)
    SELECT 'merge', pair.book_id, pair.other_book_id
      FROM unnest(CAST(:book_ids AS bigint[]), CAST(:other_book_ids AS bigint[])) AS pair (book_id, other_book_id)
      JOIN search_editions AS one ON one.book_id = pair.book_id
      JOIN search_editions AS two ON two.book_id = pair.other_book_id
     WHERE NOT EXISTS (SELECT FROM search_editions AS said
                         JOIN proposals AS p ON p.book_id = said.book_id
                         JOIN search_editions AS other ON other.book_id = p.other_book_id
                        WHERE said.work_id IN (one.work_id, two.work_id)
                          AND other.work_id IN (one.work_id, two.work_id)
                          AND said.work_id <> other.work_id)
       AND NOT EXISTS (SELECT FROM search_editions AS said
                         JOIN work_corrections AS c ON c.book_id = said.book_id
                         LEFT JOIN search_editions AS other ON other.book_id = c.other_book_id
                        WHERE said.work_id IN (one.work_id, two.work_id)
                          AND (c.kind = 'split'
                               OR other.work_id IN (one.work_id, two.work_id) AND said.work_id <> other.work_id))
    ON CONFLICT DO NOTHING""")
