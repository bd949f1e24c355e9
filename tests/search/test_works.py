"""Which books are editions of one work, by the rule of 1_works.sql."""

from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import Connection, text

PAIRS = Path(__file__).parent / "work_pairs.tsv"
LEAST_PRECISION = 0.995
LEAST_RECALL = 0.90


class Pair(NamedTuple):
    """Two books, and whether they are editions of one work."""

    label: str
    title: str
    author: str
    other_title: str
    other_author: str

    @property
    def is_one_work(self) -> bool:
        return self.label == "same"


def labelled() -> list[Pair]:
    lines = PAIRS.read_text(encoding="utf-8").splitlines()
    return [Pair(*line.split("\t")) for line in lines if not line.startswith("#")]


def judged_as_one(connection: Connection, pairs: list[Pair]) -> list[Pair]:
    """Return the pairs that the rule takes for one work."""
    columns = {name: [getattr(pair, name) for pair in pairs] for name in Pair._fields if name != "label"}
    rows = connection.execute(
        text("""
            SELECT search_work_of(title, author) = search_work_of(other_title, other_author)
              FROM unnest(CAST(:title AS text[]), CAST(:author AS text[]), CAST(:other_title AS text[]),
                          CAST(:other_author AS text[]))
                   WITH ORDINALITY AS pairs (title, author, other_title, other_author, place)
             ORDER BY place LIMIT 10000"""),
        columns,
    )
    return [pair for pair, is_one in zip(pairs, rows.scalars(), strict=True) if is_one]


def test_labelled_pairs_are_told_apart(connection: Connection) -> None:
    pairs = labelled()
    same = {pair for pair in pairs if pair.is_one_work}
    assert len(same) >= 150
    assert len(pairs) - len(same) >= 150
    found = judged_as_one(connection, pairs)
    assert [pair for pair in found if not pair.is_one_work] == [], "a wrong merge is worse than a missed one"
    assert len(same.intersection(found)) >= LEAST_RECALL * len(same), same.difference(found)


def is_one_work(connection: Connection, title: str, author: str, other_title: str, other_author: str) -> bool:
    pair = Pair("", title, author, other_title, other_author)
    return judged_as_one(connection, [pair]) == [pair]


@pytest.mark.parametrize(
    "title",
    [
        "The Wind in Time (Time's Web, #1)",
        "The Wind in Time (Time's Web, Book 1)",
        "The Wind in Time (Time's Web Book One)",
        "The Wind in Time (Time's Web #1; The Weavers, #7)",
        "The Wind in Time (Time's Web, #1, The Weavers, #7)",
        "The Wind in Time (Time's Web 1)",
        "The Wind in Time (Time's Web Trilogy)",
        "The Wind in Time (Time's Web nº 1)",
        "The Wind in Time (Time's Web, Vol. 1) [Kindle Edition]",
        "Wind in Time, The",
        "Wind in Time, The: A Novel",
        "The Wind in Time: a novel",
        "The wind in time : roman",
        "The Wind in Time [roman]",
        "The Wind in Time: A Ruth Weaver Mystery",
        "The Wind in Time, a memoir",
        "The Wind in Time: A Novel of the Great War",
        "The Wind in Time; or, What Ruth Wove",
        "The Wind in Time, 2nd ed.",
        "The Wind in Time (Revised Edition)",
        "The Wind-in-Time!",
        "The Wind in Time: Book One of Time's Web",
        "The Wind in Time (Unabridged)",
        "The Wind in Time (4th ed.)",
        "The Wind in Time: The Deluxe Edition",
        "The Wind in Time, 25th Anniversary: A Fable About Weaving",
        "The Wind in Time : edição comemorativa",
        "The Wind in Time (Colección de bolsillo)",
        "The Wind in Time: A Brief History of Weaving",
        "The Wind in Time: The True Story of a Lone Weaver",
        "The Wind in Time: How One Loom Changed a Whole Town",
        "The Wind in Time: Die Geschichte einer Weberin",
        "The Wind in Time, or The Weaver's Crusade: A Duty-Dance",
    ],
)
def test_a_title_says_the_same_with_series_edition_or_kind(connection: Connection, title: str) -> None:
    assert is_one_work(connection, title, "Ann Ames", "The Wind in Time", "Ann Ames")


@pytest.mark.parametrize(
    "title",
    [
        "The Wind in Time: The Weavers",
        "The Wind in Time, Volume 2",
        "The Wind in Time (Volume 2)",
        "The Wind in Time (The Wind in Time, #2)",
        "The Wind in Time (The Wind in Time, #1-3)",
        "The Wind in Time (Time's Web, #1, Part 2)",
        "The Wind in Time (Graphic Novel)",
        "The Wind in Time: A Graphic Novel",
        "The Wind in Time (Abridged)",
        "The Wind in Time (Annotated Edition)",
        "The Wind in Time (Boxed Set)",
        "The Wind in Time: A Play",
        "The Wind in Time: Study Guide",
        "The Wind in Time (And Other Winds)",
        "The Wind in Time. Book one of two",
        "The Wind in Time / The Weavers",
        "The Wind in Time (Norton Critical Edition)",
        "The Wind in Time (Classic Starts)",
        "The Wind in Time (Oxford Bookworms Library: Stage 3)",
        "The Wind in Time: The Illustrated Biography",
        "The Wind in Time: How to Weave and Not to Lose Time",
        'The Wind in Time: A Story of Weaving & "The Loom"',
        "The Wind in Time: A Guide to Weaving",
        "The Wind in Time: 2008 Edition",
    ],
)
def test_other_works_of_an_author_stay_apart(connection: Connection, title: str) -> None:
    assert not is_one_work(connection, title, "Ann Ames", "The Wind in Time", "Ann Ames")


@pytest.mark.parametrize(
    "author",
    [
        "J.R.R. Tolkien",
        "JRR Tolkien",
        "Tolkien, J. R. R.",
        "Tolkien, J. R. R. (John Ronald Reuel), 1892-1973.",
        "John Ronald Reuel Tolkien",
        "J. R. R. Tolkien, Alan Lee",
        "J. R. R. Tolkien (Author), Alan Lee (Illustrator)",
        "J. R. R. Tolkien; Alan Lee",
        "J. R. R. Tolkien & Alan Lee",
        "J. R. R. Tolkien, illustrated by Alan Lee",
        "by J. R. R. Tolkien",
    ],
)
def test_an_author_is_the_same_in_all_forms(connection: Connection, author: str) -> None:
    assert is_one_work(connection, "The Silmarillion", author, "The Silmarillion", "J. R. R. Tolkien")


@pytest.mark.parametrize(
    ("author", "other"),
    [
        ("Ursula K. LeGuin", "Le Guin, Ursula K."),
        ("Madeleine L’Engle", "L'Engle, Madeleine"),
        ("Martin Luther King, Jr.", "King, Martin Luther, Jr., 1929-1968"),
        ("Arthur Conan Doyle", "Doyle, Arthur Conan, Sir, 1859-1930"),
        ("Gabriel García Márquez", "Garcia Marquez, Gabriel"),
        ("Johann Wolfgang von Goethe", "Goethe, Johann Wolfgang von, 1749-1832"),
        ("Лев Толстой", "Leo Tolstoi"),
        ("Homer", "Homer, Robert Fagles"),
        ("Will and Ariel Durant", "Durant, Will"),
        ("Liu Cixin", "Cixin Liu"),
        ("Mo Yan", "Mo, Yan, 1955-"),
        ("Andy Hunt", "Andrew Hunt"),
        ("Laozi", "Lao Tzu"),
        ("Alighieri, Dante", "Dante"),
        ("Karen Blixen", "Dinesen, Isak, 1885-1962"),
        ("Anonymous", "Unknown"),
    ],
)
def test_names_are_turned_to_one_form(connection: Connection, author: str, other: str) -> None:
    assert is_one_work(connection, "Night and Morning", author, "Night and Morning", other)


@pytest.mark.parametrize(
    ("title", "other"),
    [
        ("Slaughterhouse-Five", "Slaughterhouse 5"),
        ("Nineteen Eighty-Four", "1984"),
        ("Twenty Thousand Leagues", "20,000 Leagues"),
        ("Around the World in Eighty Days", "Around the World in 80 days"),
        ("One Hundred and One Looms", "One hundred & one looms"),
        ("The 39 Steps", "The Thirty-Nine Steps"),
        ("World War II", "World War Two"),
        ("The Colour of Time", "The Color of Time"),
        ("Dr. Weaver", "Doctor Weaver"),
    ],
)
def test_numbers_and_spellings_of_words_are_one(connection: Connection, title: str, other: str) -> None:
    assert is_one_work(connection, title, "Ann Ames", other, "Ann Ames")


@pytest.mark.parametrize(
    ("title", "other"),
    [
        ("Looms 21", "Looms 20 1"),
        ("Four Looms", "Five Looms"),
        ("Looms II", "Looms III"),
        ("Looms 1950-1952", "Looms 1953-1954"),
    ],
)
def test_other_numbers_are_other_works(connection: Connection, title: str, other: str) -> None:
    assert not is_one_work(connection, title, "Ann Ames", other, "Ann Ames")


@pytest.mark.parametrize(
    ("title", "author", "other"),
    [
        ("Night and Morning", "John Smith", "James Smith"),  # a name that many have
        ("Selected Poems", "Ted Hewes", "Thomas Hewes"),  # a title that many have
        ("Poems 1960-1980", "Ted Hewes", "Thomas Hewes"),
        ("Rain", "Ted Hewes", "Thomas Hewes"),
        ("Night and Morning", "Charlotte Brontë", "Emily Brontë"),
        ("Night and Morning", "Alexandre Dumas", "Alexandre Dumas fils"),
        ("Night and Morning", "American Botanical Society", "American Beekeeping Society"),
        ("Night and Morning", "Ted Hewes", "Ted Hewes, retold by Ann Ames"),
    ],
)
def test_authors_who_may_be_two_are_not_taken_for_one(
    connection: Connection, title: str, author: str, other: str
) -> None:
    assert not is_one_work(connection, title, author, title, other)


@pytest.mark.parametrize(
    "title", ["", "(#1)", "!", ", The", ": a novel", "()", "[(", "((a) b", "1", "Vol.", "A novel", "Or, or"]
)
def test_odd_titles_and_authors_have_a_work_of_their_own(connection: Connection, title: str) -> None:
    for author in ("", ",", "1900-", "(ed.)", ", Jr.", "&", "by", " and ", "x" * 500):
        works = connection.execute(
            text("SELECT search_work_of(:title, :author), search_work_of('Emma', 'Jane Austen')"),
            {"title": title, "author": author},
        ).one()
        assert works[0] is not None
        assert works[0] != works[1]
