"""Subjects in a cell: which there are, how they are spelled, and what is none."""

import io
from pathlib import Path

import pytest

from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.importing.cleaning.subjects import KNOWN_MAX, SubjectIds, joined, names_in, problem_of, split
from flyleaf.importing.reporting.findings import Findings
from flyleaf.limits import SUBJECT_NAME_MAX, SUBJECTS_MAX
from flyleaf.subjects import subject_id, subject_key
from tests.importing.files import imported, numbers, rows_of, written

HEADER = "isbn,title,subjects\n"
SUBJECTS = """
SELECT (SELECT string_agg(name, '|' ORDER BY place)
          FROM unnest(books.subjects) WITH ORDINALITY AS listed (id, place)
          JOIN subjects AS subject USING (id))
  FROM books
 ORDER BY isbn
"""


def names(cell: str) -> list[str]:
    """The names of the subjects in a cell that are some."""
    found = [name for spelling in split(cell) for name in names_in(spelling)]
    return [name for name in found if problem_of(name) is None]


@pytest.mark.every_input
@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("Fantasy, Science fiction", ["Fantasy", "Science fiction"]),
        ("Education, Elementary; Dogs", ["Education, Elementary", "Dogs"]),
        ("Education, Elementary;", ["Education, Elementary"]),
        ("Fantasy|Dogs | ", ["Fantasy", "Dogs"]),
        ("['Young Adult', \"Children's\"]", ["Young Adult", "Children's"]),
        ("FICTION / Fantasy / General", ["Fiction", "Fantasy"]),
        ("Dogs -- Training -- Fiction.", ["Dogs", "Dogs — Training", "Fiction"]),
        ("Dogs--Fiction", ["Dogs", "Fiction"]),
        ("Fiction > Vātsyāyana", ["Fiction", "Fiction — Vātsyāyana"]),
        ("Dogs — Training;", ["Dogs — Training"]),
        ("child rearing.", ["Child rearing"]),
        ("Herman Miller, Inc.;", ["Herman Miller, Inc."]),
        ("WORLD WAR II FICTION", ["World war II fiction"]),
        ("USA", ["USA"]),
        ("sci-fi,non-fiction", ["Sci-fi", "Non-fiction"]),
        ("C++, C#, C", ["C++", "C#"]),
        ("#booktok", ["Booktok"]),
        ("Dogs / / #Training", ["Dogs", "Training"]),
        ("Dogs / www", ["Dogs"]),
        ("Dogs / set:1", ["Dogs"]),
        ("禅, 20th century", ["禅", "20th century"]),
        (" ; ,; ", []),
    ],
)
def test_a_cell_has_subjects(cell: str, expected: list[str]) -> None:
    assert names(cell) == expected


@pytest.mark.every_input
@pytest.mark.parametrize(
    "spelling",
    [
        "Accessible book", "Protected DAISY", "In library", "to-read", "Currently reading", "Quero ler", "kindle",
        "nyt:combined-print=2011-05-01", "series:Dune", "https://example.org/dogs", "www.example.org", "a=b",
        "813/.54", "823.914", "PS3558.E63 D8 1990", "QA76.73.P98 L88", "FIC033000", "1984", "---", "C",
        "read-in-2017", "2017-reading-challenge", "General", "x" * (SUBJECT_NAME_MAX + 1), "V\udce5tsy", "a\udc00b",
    ],
)  # fmt: skip
def test_what_says_nothing_of_the_book_is_no_subject(spelling: str) -> None:
    findings = Findings()
    ids = SubjectIds(io.StringIO(), findings)
    assert ids.arrays(["7"], [f"Dogs;{spelling}"]) == [f"{{{subject_id('dogs')}}}"]
    ids.report()
    ((line, told),) = findings.no_subjects.first
    assert line == 7
    assert repr(spelling[:3])[1:4].casefold() in told.casefold()


def test_a_long_spelling_takes_no_longer_than_its_length() -> None:
    """Its square would take minutes."""
    assert names("read " * 100_000 + "2020") == []


@pytest.mark.every_input
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Fiction", "FICTION"), ("Science fiction", "science-fiction"), ("São Paulo", "Sao Paulo"),
        ("Arts & crafts", "Arts and Crafts"), ("Dogs — Training", "dogs training"), ("Ｆｉｃｔｉｏｎ", "fiction"),
        ("Cafe\u0301", "Café"), ("LEGO™", "legotm"), ("𝐀𝐫𝐭", "art"),
    ],
)  # fmt: skip
def test_one_subject_has_one_key(one: str, other: str) -> None:
    assert subject_key(one) == subject_key(other)


def test_the_key_of_a_key_is_the_key() -> None:
    """A subject's page is found by it."""
    names = (f"a{chr(point)}b" for point in range(0x20000) if not 0xD800 <= point < 0xE000)
    assert [name for name in names if subject_key(subject_key(name)) != subject_key(name)] == []


@pytest.mark.parametrize(("one", "other"), [("C++", "C#"), ("हिन्दी", "हनद"), ("Dogs", "Dog")])
def test_different_subjects_have_different_keys(one: str, other: str) -> None:
    assert subject_key(one) != subject_key(other)


@pytest.mark.parametrize(
    "cell", ["Education, Elementary;", "Dogs -- Training", "FICTION / Fantasy", "a|b c;d", "«Dune»"]
)
def test_what_is_written_is_read_again_as_the_same(cell: str) -> None:
    once = names(cell)
    assert names(joined(once)) == once


def test_an_id_is_the_same_in_every_catalogue() -> None:
    assert subject_id("science-fiction") == -7849951811934768677


def test_memory_does_not_grow_with_the_file() -> None:
    names = io.StringIO()
    ids = SubjectIds(names, Findings())
    for number in range(KNOWN_MAX + 10):
        ids.arrays(["1"], [f"Subject {number}"])
    assert len(ids._known) == 10
    assert names.getvalue().count("\n") == KNOWN_MAX + 10


def test_memory_does_not_grow_with_the_length_of_what_is_no_subject() -> None:
    ids = SubjectIds(io.StringIO(), Findings())
    for number in range(1000):
        ids.arrays(["1"], [f"{number} {'x' * 10_000}; {'Level / ' * 500}Last {number}; Dogs"])
    assert sum(map(len, ids._known)) < 1000


def test_a_book_has_its_subjects_and_no_more_than_it_may(config: Config, database: Database, tmp_path: Path) -> None:
    many = "; ".join(f"Topic {number}" for number in range(SUBJECTS_MAX + 5))
    rows = f'0141439580,Emma,Fiction; England;fiction\n0441172717,Dune,{many}\n0451526538,None,"to-read, 813"\n'
    outcome = imported(config, written(tmp_path, HEADER + rows))
    assert numbers(outcome) == (3, 0, 0, 0)
    emma, dune, none = (row[0] for row in rows_of(database, SUBJECTS))
    assert (emma, none) == ("Fiction|England", None)
    assert str(dune).split("|") == [f"Topic {number}" for number in range(SUBJECTS_MAX)]
    assert outcome.findings.no_subjects.first == [
        (3, "it has 25 subjects, of which the first 20 are kept"),
        (4, "'To-read' is no subject"),
        (4, "'813' is no subject"),
    ]


def test_a_long_subject_or_cell_loses_no_row(config: Config, database: Database, tmp_path: Path) -> None:
    rows = f"0141439580,Emma,{'x' * 500};England\n0441172717,Dune,{'Sand; ' * 5_000}\n"
    outcome = imported(config, written(tmp_path, HEADER + rows))
    assert numbers(outcome) == (2, 0, 0, 0)
    assert rows_of(database, SUBJECTS) == [("England",), ("Sand",)]
    assert outcome.findings.no_subjects.count == outcome.findings.left_empty.count == 1


def test_the_first_spelling_is_shown_and_stays(config: Config, database: Database, tmp_path: Path) -> None:
    imported(config, written(tmp_path, f"{HEADER}0141439580,Emma,Sci-Fi\n0441172717,Dune,SCI FI\n"))
    imported(config, written(tmp_path, f"{HEADER}0451526538,Other,sci-fi\n"))
    assert rows_of(database, "SELECT key, name FROM subjects") == [("sci-fi", "Sci-Fi")]
    assert rows_of(database, SUBJECTS) == [("Sci-Fi",)] * 3


def test_the_fast_path_and_the_slow_one_store_the_same(config: Config, database: Database, tmp_path: Path) -> None:
    """The second row has an ISBN with hyphens, which is cleaned by itself."""
    rows = r"0141439580,Emma,Café \ Bar; Dogs" + "\n" + r"0-441-17271-7,Dune,Café \ Bar; Dogs" + "\n"
    imported(config, written(tmp_path, HEADER + rows))
    assert rows_of(database, SUBJECTS) == [(r"Café \ Bar|Dogs",)] * 2


def test_importing_again_changes_what_changed(config: Config, database: Database, tmp_path: Path) -> None:
    first = written(tmp_path, f"{HEADER}0141439580,Emma,Dogs;Cats\n0441172717,Dune,Sand\n")
    assert numbers(imported(config, first)) == (2, 0, 0, 0)
    assert numbers(imported(config, first)) == (0, 0, 2, 0)
    assert numbers(imported(config, written(tmp_path, f"{HEADER}0141439580,Emma,cats\n"))) == (0, 1, 0, 0)
    assert numbers(imported(config, written(tmp_path, "isbn,title\n0141439580,Emma\n"))) == (0, 0, 1, 0)
    assert rows_of(database, SUBJECTS) == [("Cats",), ("Sand",)]
    assert numbers(imported(config, written(tmp_path, f"{HEADER}0141439580,Emma,\n"))) == (0, 1, 0, 0)
    assert rows_of(database, SUBJECTS) == [(None,), ("Sand",)]
