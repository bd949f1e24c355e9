"""Likely duplicates: what two titles say, and which pairs of works the site suggests."""

from dataclasses import dataclass

import pytest
from sqlalchemy import Connection, Engine, text

from flyleaf.database import Database
from flyleaf.queries.duplicates import OPEN_MAX, WORKS_AT_ONCE, Title, likely_one, propose_duplicates
from flyleaf.queries.proposals import decide_proposal
from flyleaf.queries.work_corrections import merge_works, split_edition, undo_work_correction
from tests.plans import analyze, explain, recorded
from tests.queries.conftest import add_reader

PROPOSED = text("""
    SELECT p.id, one.title, two.title AS other_title
      FROM proposals AS p
      JOIN books AS one ON one.id = p.book_id
      JOIN books AS two ON two.id = p.other_book_id
     WHERE p.kind = 'merge' AND p.proposed_by IS NULL AND p.decided_at IS NULL
     ORDER BY p.id
     LIMIT 100""")
BLANK, BLANC = "Point Blank", "Point Blanc"  # which the rule for works takes for two


@dataclass(frozen=True)
class Shelf:
    """The books of a test, in a transaction that is rolled back."""

    connection: Connection

    def add(self, title: str, author: str = "Terry Pratchett", count: int = 1, **columns: str) -> int:
        book_id: int = self.connection.execute(
            text("""
                INSERT INTO books (isbn, title, author, ratings_count, average_rating, series, other_titles)
                SELECT '97804' || lpad(CAST(count(*) AS text), 8, '0'), :title, :author, :count, 4, :series, :others
                  FROM books
                RETURNING id"""),
            {
                "title": title,
                "author": author,
                "count": count,
                "series": columns.get("series"),
                "others": columns.get("others"),
            },
        ).scalar_one()
        return book_id

    def look(self) -> list[tuple[str, str]]:
        """Look at all works, and return the open suggestions of the site."""
        self.connection.execute(text("SELECT search_rebuild()"))
        self.connection.execute(text("UPDATE duplicate_search SET popularity = DEFAULT, work_id = DEFAULT"))
        while propose_duplicates(self.connection):
            pass
        return [(row.title, row.other_title) for row in self.connection.execute(PROPOSED)]


@pytest.fixture
def shelf(connection: Connection) -> Shelf:
    return Shelf(connection)


def title(connection: Connection, text_: str, series: str | None = None, *others: str) -> Title:
    keys = connection.execute(
        text("""
            SELECT search_title_key(:title) AS key, search_bare(search_title_key(:title)) AS bare,
                   ARRAY(SELECT search_bare(search_title_key(other))
                           FROM unnest(CAST(:others AS text[])) AS other) AS others
        """),
        {"title": text_, "others": list(others)},
    ).one()
    return Title(text_, keys.key, keys.bare, series, frozenset(keys.others))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (BLANK, BLANC),
        ("Honor Among Thieves", "Honour among Thieves"),
        ("Born of Night", "Born of the Night"),
        ("The Game: Penetrating the Secret Society of Pickup Artists", "The Game"),
        ("Halo: The Fall of Reach", "The Fall of Reach"),
        ("Just for You (Little Critter)", "Just for You"),
    ],
)
def test_titles_of_one_work(connection: Connection, one: str, two: str) -> None:
    assert likely_one(title(connection, one), title(connection, two))
    assert likely_one(title(connection, two), title(connection, one))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Clockwork Prince", "Clockwork Princess"),
        ("A Brief History of Time", "A Briefer History of Time"),
        ("The Magicians", "The Magician's Land"),
        ("Poetics", "Politics"),
        ("Handbuch der Mobiliarvollstreckung", "Handbuch der Immobiliarvollstreckung"),
        ("Conflict of laws", "Conflict of laws: cases and materials"),
        ("The Power of a Praying Wife", "The Power of a Praying Woman"),
        ("Fruits Basket, Vol. 1", "Fruits Basket, Vol. 2"),
        ("Night World, No. 1", "Night World, No. 2"),
        ("NYPD Red", "NYPD Red 2"),
        ("Lover Enshrined", "Lover Enshrined, part one"),
        ("Conversations with God: Book 1", "Conversations with God: Book 2"),
        ("The Sword of Shannara", "The Sword of Shannara Trilogy"),
        ("The Time Machine", "The Time Machine/The Invisible Man"),
        ("Carrie", "Carrie / 'Salem's Lot / The Shining"),
        ("Heart of Darkness", "Heart of Darkness and The Secret Sharer"),
        ("Mort", "Mort: The Play"),
        ("The Firm (Penguin Readers, Level 5)", "The Firm"),
        ("The Lord of the Rings: The Two Towers", "The Lord of the Rings: The Return of the King"),
        ("Dune", "Emma"),
        ("Dune", "Dune Messiah"),
    ],
)
def test_titles_of_two_works(connection: Connection, one: str, two: str) -> None:
    assert not likely_one(title(connection, one), title(connection, two))
    assert not likely_one(title(connection, two), title(connection, one))


def test_other_titles_and_series_tell(connection: Connection) -> None:
    compass = title(connection, "The Golden Compass", "His Dark Materials #1", "Northern Lights")
    assert likely_one(compass, title(connection, "Northern Lights"))
    assert likely_one(title(connection, "Northern Lights"), compass)
    assert likely_one(compass, title(connection, "Northern Lights", "Lyra #1; His Dark Materials #1"))
    assert not likely_one(compass, title(connection, "Northern Lights", "Dark Materials #2"))
    states = title(connection, "2 States: The Story of My Marriage", None, "Two States")
    assert likely_one(states, title(connection, "Two States"))
    level = title(connection, "The Firm (Penguin Readers, Level 5)", None, "The Firm")
    assert not likely_one(level, title(connection, "The Firm"))


def test_the_less_popular_work_is_said_to_be_the_more_popular_one(shelf: Shelf) -> None:
    shelf.add(BLANC, "Terry Pratchett, Josh Kirby", count=7)
    shelf.add(BLANK, count=900)
    shelf.add(BLANK, "Somebody Else", count=800)
    shelf.add("Mort", count=10)
    assert shelf.look() == [(BLANC, BLANK)]
    assert shelf.look() == [(BLANC, BLANK)]


def test_authors_that_only_begin_alike_are_two(shelf: Shelf) -> None:
    shelf.add(BLANK, "Homer", count=9)
    shelf.add(BLANC, "Homer Hickam")
    shelf.add("Love Wins", "", count=9)
    shelf.add("Love Wins: A Book", "")
    assert shelf.look() == []


def test_what_was_suggested_or_decided_before_is_left_alone(shelf: Shelf) -> None:
    connection = shelf.connection
    mo = add_reader(connection, "Mo")
    one, two = shelf.add(BLANK, count=900), shelf.add(BLANC)
    assert shelf.look() == [(BLANC, BLANK)]
    [row] = connection.execute(PROPOSED)
    decide_proposal(connection, row.id, mo.id, is_accepted=False)
    shelf.add(BLANC.upper(), count=30)  # another edition, which now stands for its work
    assert shelf.look() == []
    connection.execute(text("DELETE FROM proposals"))
    assert len(shelf.look()) == 1
    connection.execute(text("DELETE FROM proposals"))
    merged = merge_works(connection, one, two, mo.id, None)
    assert shelf.look() == []
    assert merged is not None
    assert undo_work_correction(connection, merged, mo.id)
    assert shelf.look() == []


def test_a_book_that_was_split_off_is_left_alone(shelf: Shelf) -> None:
    shelf.add("Mort", count=900)
    assert split_edition(shelf.connection, shelf.add("Mort"), None, None)
    assert shelf.look() == []


def test_a_reader_who_suggested_it_was_first(shelf: Shelf) -> None:
    bob = add_reader(shelf.connection, "Bob")
    one, two = shelf.add(BLANK, count=900), shelf.add(BLANC)
    shelf.connection.execute(
        text("INSERT INTO proposals (kind, book_id, other_book_id, proposed_by) VALUES ('merge', :one, :two, :bob)"),
        {"one": one, "two": two, "bob": bob.id},
    )
    assert shelf.look() == []


def test_it_waits_while_enough_suggestions_are_open(shelf: Shelf) -> None:
    for number in range(OPEN_MAX + WORKS_AT_ONCE + 1):
        shelf.add(f"Night {'abcdefghijklmnopqrstuvwxyz'[number] * 3}", f"Author{number:02d} Name", count=900 - number)
        shelf.add(f"Saga: Night {'abcdefghijklmnopqrstuvwxyz'[number] * 3}", f"Author{number:02d} Name", count=1)
    assert len(shelf.look()) == OPEN_MAX
    shelf.connection.execute(text("UPDATE proposals SET decided_at = now(), is_accepted = false"))
    while propose_duplicates(shelf.connection):
        pass
    assert len(shelf.connection.execute(PROPOSED).all()) == WORKS_AT_ONCE + 1


def test_it_begins_anew_after_a_day(shelf: Shelf) -> None:
    shelf.add(BLANK, count=900)
    assert shelf.look() == []
    assert not propose_duplicates(shelf.connection)
    shelf.connection.execute(text("UPDATE duplicate_search SET begun_at = now() - interval '25 hours'"))
    shelf.add(BLANC)
    shelf.connection.execute(text("SELECT search_rebuild()"))
    while propose_duplicates(shelf.connection):
        pass
    assert len(shelf.connection.execute(PROPOSED).all()) == 1


def test_two_processes_do_not_look_at_once(database: Database) -> None:
    with database.owner.begin() as one, database.owner.begin() as two:
        one.execute(text("SELECT FROM duplicate_search FOR UPDATE"))
        assert not propose_duplicates(two)


@pytest.mark.slow
def test_of_a_large_catalogue_it_reads_little(connection: Connection) -> None:
    """With 20,000 books, one author of them has 2,000."""
    connection.execute(
        text("""
            INSERT INTO books (isbn, title, author, ratings_count, average_rating)
            SELECT '97804' || lpad(CAST(n AS text), 8, '0'), 'Title ' || n,
                   CASE WHEN n % 10 = 0 THEN 'Prolific Writer' ELSE 'Author ' || n END, n, 4
              FROM generate_series(1, 20000) AS n""")
    )
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SELECT search_rebuild()"))
    analyze(connection)
    engine: Engine = connection.engine
    with recorded(engine) as selects, recorded(engine, "\n    WITH") as candidates:
        assert propose_duplicates(connection)
    for statement, values in [*selects, *candidates]:
        plan = explain(connection, statement, values)
        assert not any(plan.reads_whole(table) for table in ("books", "search_works", "search_editions")), statement
        assert plan.rows < 20_000, statement
