"""Titles from before series were read are read in small steps."""

from sqlalchemy import Connection, text

from flyleaf.queries import unread_titles
from flyleaf.queries.unread_titles import TITLES_AT_ONCE, read_next_titles

BOOKS = text("SELECT title, series FROM books ORDER BY id LIMIT 10000")
LEFT = text("SELECT count(*) FROM unread_titles")


def add(connection: Connection, *titles: str, series: str | None = None) -> None:
    connection.execute(
        text("""
            WITH added AS (
                INSERT INTO books (isbn, title, series)
                SELECT lpad(CAST(count(*) OVER () + place AS text), 10, '0'), title, :series
                  FROM unnest(CAST(:titles AS text[])) WITH ORDINALITY AS new (title, place)
                RETURNING id
            )
            INSERT INTO unread_titles SELECT id FROM added
        """),
        {"titles": list(titles), "series": series},
    )


def test_titles_lose_their_series(connection: Connection) -> None:
    add(connection, "Heretics (Dune, #5)", "Emma (a novel)", "Naruto (Vol. 3)", series="Arrakis #2")
    assert read_next_titles(connection)
    assert connection.execute(BOOKS).all() == [
        ("Heretics", "Arrakis #2; Dune #5"),
        ("Emma (a novel)", "Arrakis #2"),
        ("Naruto (Vol. 3)", "Arrakis #2; Naruto #3"),
    ]
    assert connection.execute(LEFT).scalar_one() == 0
    assert not read_next_titles(connection)


def test_only_some_are_read_at_once(connection: Connection) -> None:
    assert TITLES_AT_ONCE <= 1_000  # more would be settled at the commit, or make the search anew
    add(connection, *(f"{n} (Dune, #{n})" for n in range(3)))
    unread_titles.TITLES_AT_ONCE, most = 2, TITLES_AT_ONCE
    try:
        assert read_next_titles(connection)
        assert connection.execute(BOOKS).all() == [("0", "Dune #0"), ("1", "Dune #1"), ("2 (Dune, #2)", None)]
        assert connection.execute(LEFT).scalar_one() == 1
    finally:
        unread_titles.TITLES_AT_ONCE = most
