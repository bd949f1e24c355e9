"""Facets: each number is what the same search finds with that filter."""

import random
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, text

from flyleaf.search import SearchQuery, search_books
from flyleaf.search.facets import Facets
from flyleaf.subjects import subject_id
from tests.search.conftest import insert, review

NAMES = ("Fiction", "Dogs", "Desert", "History", "Poetry")
WORDS = ("gleeful", "gnome", "harvest", "marmot", "of", "the")


@pytest.fixture(scope="module")
def catalogue(engine: Engine) -> Iterator[Connection]:
    """Works of one to three editions, in several languages and years, with subjects and some reviews; rolled back."""
    with engine.connect() as connection:
        fill(connection)
        yield connection
        connection.rollback()


def fill(connection: Connection) -> None:
    dice = random.Random(5)
    connection.execute(
        text("INSERT INTO subjects (id, key, name) SELECT * FROM unnest(CAST(:ids AS bigint[]), :keys, :names)"),
        {"ids": [subject_id(n.lower()) for n in NAMES], "keys": [n.lower() for n in NAMES], "names": list(NAMES)},
    )
    number = 0
    for work in range(60):
        title = f"{' '.join(dice.sample(WORDS, 3))} {'xyzt'[work % 4] * 3}"
        for _ in range(dice.choice((1, 1, 2, 3))):
            number += 1
            year, language = dice.choice((None, 1951, 1959, 1960, 1987, 2004)), dice.choice((None, "en", "EN", "de"))
            book = insert(connection, f"9793333{number:06d}", title, f"Author {work % 9}", year, language, work)
            ids = [subject_id(name.lower()) for name in dice.sample(NAMES, dice.randint(0, 3))] or None
            connection.execute(text("UPDATE books SET subjects = :ids WHERE id = :id"), {"ids": ids, "id": book})
            if dice.random() < 0.3:
                review(connection, book, f"reader {number}", 4)


def counted(facets: Facets) -> list[tuple[dict[str, object], int | None]]:
    """The filter of each value of the facets, with its number."""
    values: list[tuple[dict[str, object], int | None]] = []
    values += [({"language": one.value}, one.works) for one in facets.languages]
    values += [({"year_from": one.first, "year_to": one.last}, one.works) for one in facets.decades]
    values += [({"subject": one.value}, one.works) for one in facets.subjects]
    return [*values, ({"has_reviews": True}, facets.reviewed)]


FILTERS: list[dict[str, object]] = [
    {},
    {"language": "en"},
    {"language": "DE", "has_reviews": True},
    {"year_from": 1950, "year_to": 1959},
    {"year_from": 1955},
    {"subject": "Dogs"},
    {"subject": "fiction", "language": "de", "year_from": 1960, "year_to": 1969},
    {"has_reviews": True, "subject": "Poetry"},
    {"subject": "nothing of the kind"},
]


@pytest.mark.parametrize("typed", ["gnome", "the marmot", "harvest xxx", "author 3", "gnmoe", "gleeful harvest zzzz"])
def test_a_number_is_what_a_search_with_the_filter_finds(catalogue: Connection, typed: str) -> None:
    numbers = 0
    for chosen in FILTERS:
        found = search_books(catalogue, SearchQuery(typed, with_facets=True, **chosen))  # type: ignore[arg-type]
        assert found.facets is not None
        for value, works in counted(found.facets):
            if works:  # 0 reviewed: the value is not offered
                again = search_books(catalogue, SearchQuery(typed, **(chosen | value)))  # type: ignore[arg-type]
                assert (again.total, again.total_is_exact) == (works, True), (chosen, value)
                numbers += 1
    assert numbers > 10


@pytest.mark.parametrize("chosen", FILTERS, ids=str)
def test_a_filter_takes_the_same_works_as_the_catalogue(catalogue: Connection, chosen: dict[str, object]) -> None:
    """One edition is of the years and in the language; subjects and reviews are the work's."""
    values = {"language": None, "year_from": None, "year_to": None, "has_reviews": False} | chosen
    values["subject"] = subject_id(str(chosen["subject"]).lower()) if "subject" in chosen else None
    expected = catalogue.execute(
        text("""
            SELECT count(DISTINCT edition.work_id)
              FROM search_editions AS edition
              JOIN search_works AS work ON work.id = edition.work_id
              JOIN books AS book ON book.id = edition.book_id
             WHERE book.title LIKE '%gnome%'
               AND (CAST(:language AS text) IS NULL OR lower(book.language) = lower(:language))
               AND (CAST(:year_from AS int) IS NULL OR book.year >= :year_from)
               AND (CAST(:year_to AS int) IS NULL OR book.year <= :year_to)
               AND (NOT :has_reviews OR work.review_count > 0)
               AND (CAST(:subject AS bigint) IS NULL
                    OR EXISTS (SELECT FROM search_editions AS other
                                 JOIN books AS own ON own.id = other.book_id
                                WHERE other.work_id = work.id AND :subject = ANY (own.subjects)))"""),
        values,
    ).scalar_one()
    found = search_books(catalogue, SearchQuery("gnome", **chosen))  # type: ignore[arg-type]
    assert (found.total, found.total_is_exact) == (expected, True)


def test_there_are_no_numbers_where_not_all_works_were_found(connection: Connection) -> None:
    for n in range(330):
        insert(
            connection,
            f"9794444{n:06d}",
            f"Quokka number {n}",
            f"Author {n}",
            1950 + n % 30,
            "en" if n % 2 else "de",
            n,
        )
    found = search_books(connection, SearchQuery("quokka", with_facets=True))
    assert not found.total_is_exact
    assert found.facets is not None
    values = counted(found.facets)
    assert {"language": "en"} in [value for value, _ in values]
    if any(works is not None for _, works in values):
        for value, works in values[:-1]:
            narrowed = search_books(connection, SearchQuery("quokka", **value))  # type: ignore[arg-type]
            assert (narrowed.total, narrowed.total_is_exact) == (works, True)


def test_what_all_works_have_is_not_offered(connection: Connection) -> None:
    for n in range(3):
        insert(connection, f"9794444{n:06d}", f"Quokka number {n}", "Some One", 1950 + n, "en", n)
    facets = search_books(connection, SearchQuery("quokka", with_facets=True)).facets
    assert facets == Facets((), (), (), 0)
    chosen = search_books(connection, SearchQuery("quokka", language="en", with_facets=True)).facets
    assert chosen is not None
    assert [(one.value, one.works) for one in chosen.languages] == [("en", 3)]


def test_only_who_wants_facets_pays_for_them(connection: Connection) -> None:
    insert(connection, "9794444000001", "Quokka")
    assert search_books(connection, SearchQuery("quokka")).facets is None
    assert search_books(connection, SearchQuery("9794444000001", with_facets=True)).facets is None


def many(connection: Connection, title: str, works: int, about: range) -> list[str]:
    """Insert works, the first the most popular. Those at the places `about` have a subject; their ISBNs."""
    connection.execute(
        text("INSERT INTO subjects (id, key, name) VALUES (:id, 'burrows', 'Burrows')"), {"id": subject_id("burrows")}
    )
    connection.execute(
        text("""
            INSERT INTO books (identity, isbn, isbn13, title, author, year, ratings_count, subjects)
            SELECT number, number, number, :title || ' ' || place, 'Author ' || place, 1990 + place % 10, 5000 - place,
                   CASE WHEN place = ANY (:about) THEN ARRAY[CAST(:id AS bigint)] END
              FROM generate_series(1, :works) AS place, to_char(9795550000000 + place, 'FM9999999999999') AS number"""),
        {"title": title, "works": works, "about": list(about), "id": subject_id("burrows")},
    )
    return [str(9795550000000 + place) for place in about]


def test_a_rare_subject_finds_all_of_its_works_with_a_common_word(connection: Connection) -> None:
    isbns = many(connection, "Quokka tales", 700, range(610, 700, 10))
    found = search_books(connection, SearchQuery("quokka tales", subject="Burrows"))
    assert [result.isbn for result in found.results] == isbns
    assert (found.total, found.total_is_exact, found.cut_short) == (len(isbns), True, False)
    of_years = search_books(connection, SearchQuery("quokka", subject="burrows", year_from=1990, year_to=1990))
    assert [result.isbn for result in of_years.results] == isbns
    assert not search_books(connection, SearchQuery("quokka", subject="burrows", year_from=1995)).results


@pytest.mark.parametrize(
    ("rarest", "look", "places", "of_popular"),
    [
        (40, 30, range(5, 30, 5), False),  # the subject is rarer
        (40, 3, range(5, 20, 5), True),  # … but not rare
        (3, 50, range(5, 30, 5), False),  # the words are rarer
        (3, 2, range(0), True),  # … but not rare: of the two most popular works with them none has the subject
    ],
)
def test_of_a_subject_and_words_the_rarer_is_looked_at(
    connection: Connection, rarest: int, look: int, places: range, of_popular: bool
) -> None:
    many(connection, "Quokka tales", 40, range(5, 30, 5))
    connection.execute(  # which another transaction may keep from being counted
        text("INSERT INTO search_subject_sizes VALUES (:id, 5) ON CONFLICT (subject_id) DO UPDATE SET works = 5"),
        {"id": subject_id("burrows")},
    )
    asked = {"subject": subject_id("burrows"), "rarest": rarest, "look": look}
    row = connection.execute(
        text("""
            SELECT lines, of_popular, cut_short
              FROM search_about(:subject, 'quokka', 'tales', :rarest, :look, 10, NULL, NULL, false, NULL, NULL)"""),
        asked,
    ).one()
    titles = [line.split("|")[1] for line in (row.lines or "").split("\n") if line]
    assert titles == [f"quokka tales {place}" for place in places]
    assert (row.of_popular, row.cut_short) == (of_popular, of_popular)
