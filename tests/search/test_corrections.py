"""Which words a search changes, and which it leaves as they were typed."""

import random

import pytest
from rapidfuzz.distance import OSA
from sqlalchemy import Connection, text

from flyleaf.search import SearchQuery, search_books
from flyleaf.search.spelling import TWO_SLIPS
from tests.search.conftest import insert


@pytest.fixture
def books(connection: Connection) -> Connection:
    """More books, whose words resemble each other."""
    for number, (title, author, count) in enumerate(
        [
            ("The Green Mile", "Stephen King", 900),
            ("Forty Acres and a Mule", "Harriette Robinet", 5),
            ("Guitar Man", "Some One", 5),
            ("One Man's Chorus", "Anthony Burgess", 500),
            ("The Hot Rock: A Dortmunder Novel", "Donald Westlake", 900),
            ("Just Six Numbers", "Martin Rees", 5),
            ("The Giving Tree", "Shel Silverstein", 50),
            ("Run", "Francine Pascal", 50),
            ("Wolf in Naples", "Lupo Un", 5),
        ]
    ):
        insert(connection, f"97811111{number:05d}", title, author, count=count)
    return connection


def first(connection: Connection, query: str) -> str | None:
    page = search_books(connection, SearchQuery(query))
    return page.results[0].title if page.results else None


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("guitar chords", "Guitar Man"),  # not "chorus": what the catalogue has says more than what resembles it
        ("hobit novel", "The Hobbit"),  # not "hot novel", though a book has both words
        ("trees", "The Giving Tree"),  # not "rees"
        ("the green mule", "The Green Mile"),  # a known word, but the whole is a title
    ],
)
def test_the_likelier_correction_is_made(books: Connection, query: str, title: str) -> None:
    assert first(books, query) == title


def test_two_letters_resemble_nothing(books: Connection) -> None:
    page = search_books(books, SearchQuery("lu xun"))
    assert "lupo" not in (page.corrected_query or "").split()


@pytest.mark.parametrize(
    ("query", "title", "left_out"),
    [
        ("红楼梦 小说", "红楼梦", ("小说",)),
        ("西游记（精装）", "西游记", ("精装",)),
        ("أولاد حارتنا رواية", "أولاد حارتنا", ("رواية",)),
        ("Идиот роман", "Идиот", ("роман",)),
        ("채식주의자 소설", "채식주의자", ("소설",)),
        ("מיכאל שלי ספר", "מיכאל שלי", ("ספר",)),
    ],
)
def test_what_was_left_out_is_named_in_its_own_script(
    connection: Connection, query: str, title: str, left_out: tuple[str, ...]
) -> None:
    for number, printed in enumerate(["红楼梦", "西游记", "أولاد حارتنا", "Идиот", "채식주의자", "מיכאל שלי"]):
        insert(connection, f"97822222{number:05d}", printed, "Some One")
    page = search_books(connection, SearchQuery(query))
    assert [result.title for result in page.results][:1] == [title]
    assert page.left_out == left_out
    assert page.corrected_query is None


def test_a_short_word_is_missing_rather_than_changed_twice(books: Connection) -> None:
    insert(books, "9783333300001", "Frida", "Barbara Mujica")
    page = search_books(books, SearchQuery("fryde"))
    assert (page.corrected_query, page.results) == (None, ())


def test_a_word_of_the_catalogue_is_changed_only_where_much_speaks_for_it(books: Connection) -> None:
    insert(books, "9783333300001", "The Greatest Threat: Iraq", "Richard Butler")
    insert(books, "9783333300002", "A Soldier of the War", "Ira Robinson", count=900)
    for number in range(60):
        insert(books, f"97833334{number:05d}", f"The War {number}", "Some One")
    assert first(books, "iraq war") == "The Greatest Threat: Iraq"  # not "ira war", though no book has both words


def test_letters_of_a_long_word_may_be_wrong_twice(books: Connection) -> None:
    assert first(books, "shel silverstien") == "The Giving Tree"
    assert first(books, "harriete robinete") == "Forty Acres and a Mule"


def test_words_that_a_slip_parts_share_a_key(connection: Connection) -> None:
    """Two slips in a word of seven letters or more, or one in a shorter one, wherever they are."""
    dice = random.Random(1)
    pairs = []
    for _ in range(3_000):
        word = "".join(dice.choices("abcde", k=dice.randint(1, 10)))
        typed = word
        for _ in range(2):
            typed = slip(typed, dice)
        if typed and 1 <= OSA.distance(typed, word) <= (2 if len(typed) >= TWO_SLIPS else 1):
            pairs.append((typed, word))
    assert len(pairs) > 1_000
    apart = connection.execute(
        text("""
            SELECT typed, word
              FROM unnest(:typed, :words) AS pairs (typed, word)
             WHERE least(length(typed), length(word)) > 2 AND NOT search_deletes(word) && search_deletes(typed)"""),
        {"typed": [typed for typed, _ in pairs], "words": [word for _, word in pairs]},
    ).all()
    assert apart == []


def slip(word: str, dice: random.Random) -> str:
    """The word with a letter too many, too few, another one, or two in the wrong order."""
    at, letter = dice.randrange(len(word) + 1), dice.choice("abcde")
    return dice.choice(
        [
            word[:at] + letter + word[at:],
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at + 1 :],
            word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :],
        ]
    )
