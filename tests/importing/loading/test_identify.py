"""Which book a row is: by its ISBN, by any of its identifiers, or by its title, author, year and publisher."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flyleaf.config import Config
from flyleaf.database import Database
from flyleaf.importing.reporting.findings import Outcome
from tests.importing.files import imported, numbers, rows_of, written

HEADER = "isbn,title,author,year,publisher,identifiers\n"
BOOKS = "SELECT identity, title FROM books ORDER BY id"
IDENTIFIERS = """
    SELECT concat(scheme, ':', value), identity FROM identifiers JOIN books ON books.id = book_id ORDER BY 1
"""

Import = Callable[..., Outcome]


@pytest.fixture
def load(config: Config, tmp_path: Path) -> Import:
    """Import rows below the usual header."""

    def load(*rows: str, header: str = HEADER) -> Outcome:
        return imported(config, written(tmp_path, header + "".join(f"{row}\n" for row in rows)))

    return load


def test_rows_without_an_isbn_are_the_same_books_the_next_time(load: Import, database: Database) -> None:
    rows = (
        ",The Hunger Games,Suzanne Collins,2008,,goodreads:2767052 asin:B002MQYOFW",
        ",Beowulf,,,,",
        ",Beowulf,,1999,,",
        ",Beowulf,,1999,Faber,",
        ",Beowulf,Seamus Heaney,1999,Faber,",
        "0441172717,Dune,Frank Herbert,1965,Ace,lccn:65-22547",
    )
    assert numbers(load(*rows)) == (6, 0, 0, 0)
    assert numbers(load(*rows)) == (0, 0, 6, 0)
    identities = [str(identity) for identity, _ in rows_of(database, BOOKS)]
    assert sum(identity.startswith("flyleaf:") for identity in identities) == 4
    assert {"goodreads:2767052", "9780441172719"} <= set(identities)
    assert rows_of(database, IDENTIFIERS) == sorted(
        [(identity, identity) for identity in identities if identity.startswith("flyleaf:")]
        + [
            ("asin:B002MQYOFW", "goodreads:2767052"),
            ("goodreads:2767052", "goodreads:2767052"),
            ("lccn:65022547", "9780441172719"),
        ]
    )


def test_what_identifies_a_book_that_has_no_identifier_never_changes(load: Import, database: Database) -> None:
    """Addresses are made of it."""
    load(",Beowulf,,,,", ",Émile,Jean-Jacques Rousseau,1762,Néaulme,")
    assert rows_of(database, BOOKS) == [("flyleaf:cb93089a18fece23", "Beowulf"), ("flyleaf:84cc9d4f6bfc0963", "Émile")]


@pytest.mark.parametrize("identifiers", ["goodreads:1", "asin:B002MQYOFW", "oclc:9 asin:B002MQYOFW"])
def test_any_identifier_finds_the_book(load: Import, database: Database, identifiers: str) -> None:
    load(",Games,x,2008,,goodreads:1 asin:B002MQYOFW")
    assert numbers(load(f",The Games,x,2008,,{identifiers}")) == (0, 1, 0, 0)
    assert rows_of(database, BOOKS) == [("goodreads:1", "The Games")]


def test_another_identifier_of_the_same_scheme_is_of_another_book(load: Import, database: Database) -> None:
    load(",Games,x,2008,,goodreads:1 oclc:5")
    outcome = load(",Games,x,2008,,goodreads:2 oclc:5")
    assert numbers(outcome) == (1, 0, 0, 0)
    assert outcome.findings.taken.first == [(2, "oclc:5 is of goodreads:1")]
    assert rows_of(database, BOOKS) == [("goodreads:1", "Games"), ("goodreads:2", "Games")]
    assert numbers(load(",Games,x,2008,,goodreads:2 oclc:5")) == (0, 0, 1, 0)


def test_one_that_shares_an_identifier_may_have_more_of_the_scheme(load: Import, database: Database) -> None:
    load(",Games,x,2008,,oclc:5")
    assert numbers(load(",Games,x,2008,,oclc:6 oclc:5")) == (0, 1, 0, 0)
    assert rows_of(database, IDENTIFIERS) == [("oclc:5", "oclc:5"), ("oclc:6", "oclc:5")]


def test_a_book_gets_its_isbn_later(load: Import, database: Database) -> None:
    load(",Games,x,2008,,goodreads:1")
    assert numbers(load("0439023483,Games,x,2008,,goodreads:1")) == (0, 1, 0, 0)
    assert rows_of(database, "SELECT isbn, isbn13, identity FROM books") == [
        ("0439023483", "9780439023481", "9780439023481")
    ]
    assert rows_of(database, IDENTIFIERS) == [("goodreads:1", "9780439023481")]
    assert numbers(load(",Games,x,2008,,goodreads:1")) == (0, 0, 1, 0)  # and keeps it


def test_another_isbn_is_another_book(load: Import, database: Database) -> None:
    load("0439023483,Games,x,2008,,goodreads:1")
    outcome = load("0141439580,Games,x,2008,,goodreads:1")
    assert numbers(outcome) == (1, 0, 0, 0)
    assert outcome.findings.taken.first == [(2, "goodreads:1 is of 0439023483")]
    assert rows_of(database, IDENTIFIERS) == [("goodreads:1", "9780439023481")]


def test_of_two_isbns_for_one_book_the_first_is_its_own(load: Import, database: Database) -> None:
    load(",Games,x,2008,,goodreads:1")
    rows = ("0439023483,Games,x,2008,,goodreads:1", "0141439580,Games,x,2008,,goodreads:1")
    assert numbers(load(*rows)) == (1, 1, 0, 0)
    assert rows_of(database, BOOKS) == [("9780439023481", "Games"), ("9780141439587", "Games")]
    assert numbers(load(*rows)) == (0, 0, 2, 0)


@pytest.mark.parametrize("other", ["", "oclc:6", "goodreads:2", "oclc:9"])
@pytest.mark.parametrize("isbn", ["0441172717", "9780441172719"])
def test_two_rows_of_an_isbn_that_a_known_book_gets(load: Import, database: Database, isbn: str, other: str) -> None:
    load(",Dune,x,1965,,oclc:5", ",Dune,x,1966,,oclc:6", ",Dune,x,1967,,goodreads:2")
    rows = ("0441172717,Dune,x,1965,,oclc:5", f"{isbn},Dune!,x,1968,,{other}")
    assert numbers(load(*rows)) == (0, 1, 0, 0)
    assert rows_of(database, BOOKS)[0] == ("9780441172719", "Dune!")
    assert numbers(load(*rows)) == (0, 0, 1, 0)


def test_a_new_identifier_is_a_change(load: Import, database: Database) -> None:
    load("0439023483,Games,x,2008,,", ",Emma,y,1815,,goodreads:1")
    rows = ("0439023483,Games,x,2008,,goodreads:2", ",Emma,y,1815,,goodreads:1 asin:B002MQYOFW oclc:1")
    assert numbers(load(*rows)) == (0, 2, 0, 0)
    assert numbers(load(*rows)) == (0, 0, 2, 0)


def test_rows_of_the_same_book_in_one_file(load: Import, database: Database) -> None:
    outcome = load(
        ",Games,x,2008,,goodreads:1", ",The Games,x,2008,,goodreads:1 oclc:5", ",Beowulf,,,,", ",Beowulf,,,,"
    )
    assert numbers(outcome) == (2, 0, 0, 0)
    assert [line for line, _ in outcome.findings.repeated.first] == [2, 4]
    assert outcome.findings.repeated.first[0] == (2, "goodreads:1, again in line 3")
    assert [title for _, title in rows_of(database, BOOKS)] == ["The Games", "Beowulf"]


def test_the_row_that_knows_the_isbn_is_kept(load: Import, database: Database) -> None:
    load(",Games,x,2008,,goodreads:1")
    load("0439023483,Games,x,2008,,goodreads:1", ",Games,x,2008,,goodreads:1 oclc:7")
    assert rows_of(database, IDENTIFIERS) == [("goodreads:1", "9780439023481"), ("oclc:7", "9780439023481")]


def test_rows_of_one_file_that_share_an_identifier_and_differ_in_another(load: Import, database: Database) -> None:
    rows = (",Games,x,2008,,lccn:65022547 oclc:5", ",Games II,x,2009,,lccn:65022547 oclc:6")
    outcome = load(*rows)
    assert numbers(outcome) == (2, 0, 0, 0)
    assert outcome.findings.taken.first == [(3, "lccn:65022547 is of lccn:65022547")]
    assert rows_of(database, IDENTIFIERS) == [
        ("lccn:65022547", "lccn:65022547"), ("oclc:5", "lccn:65022547"), ("oclc:6", "oclc:6"),
    ]  # fmt: skip
    assert numbers(load(*rows)) == (0, 0, 2, 0)


@pytest.mark.parametrize(
    ("names", "identities"),
    [
        # three that share the first one, and differ in all others
        (["goodreads:1 oclc:5", "goodreads:1 oclc:6", "goodreads:1 oclc:7"], ["goodreads:1", "oclc:6", "oclc:7"]),
        # … of which two are one
        (["goodreads:1 oclc:5", "goodreads:1 oclc:6", "goodreads:1 oclc:6"], ["goodreads:1", "oclc:6"]),
        # … and two share the second one, too
        (
            ["goodreads:1 oclc:5", "goodreads:1 oclc:6 lccn:65022547", "goodreads:1 oclc:6 lccn:65022548"],
            ["goodreads:1", "oclc:6", "lccn:65022548"],
        ),
        # a row that agrees with neither of two that differ from each other
        (["goodreads:1 oclc:5", "goodreads:1 oclc:6", "goodreads:2 oclc:6"], ["goodreads:1", "oclc:6", "goodreads:2"]),
    ],
)
def test_rows_that_share_the_first_identifier_are_as_many_books_as_differ(
    load: Import, database: Database, names: list[str], identities: list[str]
) -> None:
    rows = [f",Games,x,2008,,{name}" for name in names]
    assert numbers(load(*rows))[0] == len(identities)
    assert sorted(str(identity) for identity, _ in rows_of(database, BOOKS)) == sorted(identities)
    assert numbers(load(*rows))[:2] == (0, 0)


def test_an_identifier_that_is_all_that_a_later_row_has_is_left_to_it(load: Import, database: Database) -> None:
    rows = ("0439023483,Games,x,2008,,goodreads:1", ",Games,x,2008,,goodreads:1")
    assert numbers(load(*rows)) == (2, 0, 0, 0)
    assert rows_of(database, IDENTIFIERS) == [("goodreads:1", "goodreads:1")]
    assert numbers(load(*rows)) == (0, 0, 2, 0)


def test_the_number_of_a_work_is_no_news_for_its_second_edition(load: Import) -> None:
    load(",Games,x,2008,,goodreads:1 librarythingwork:7")
    outcome = load(",Games,x,2009,,goodreads:2 librarythingwork:7")
    assert (numbers(outcome), outcome.findings.taken.count) == ((1, 0, 0, 0), 0)


def test_a_column_for_each_scheme(load: Import, database: Database) -> None:
    rows = (
        "Games,61,B002MQYOFW,n 78-890351,\"['(OCoLC)ocm0012', '13']\"",
        "Emma,62,,,",
        "Neither,x,,,",
    )
    header = "Title,Goodreads ID,ASIN,LCCN,OCLC numbers\n"
    outcome = load(*rows, header=header)
    assert numbers(outcome) == (3, 0, 0, 0)
    assert outcome.findings.left_empty.first == [(4, "goodreads 'x': it is not a number such as 2767052")]
    assert rows_of(database, IDENTIFIERS)[:-1] == [
        ("asin:B002MQYOFW", "goodreads:61"),
        ("flyleaf:1362258bb1e4b9db", "flyleaf:1362258bb1e4b9db"),
        ("goodreads:61", "goodreads:61"),
        ("goodreads:62", "goodreads:62"),
        ("lccn:n78890351", "goodreads:61"),
        ("oclc:12", "goodreads:61"),
    ]
    assert numbers(load(*rows, header=header)) == (0, 0, 3, 0)


@pytest.mark.parametrize(
    ("header", "identity"),
    [
        ("book_id,goodreads_book_id,best_book_id", "goodreads:22"),
        ("id,book_id,best_book_id", "goodreads:22"),
        ("id,best_book_id,work_id", "goodreads:22"),
        ("book_id,shelf,work_id", None),
    ],
)
def test_the_columns_of_goodbooks(load: Import, database: Database, header: str, identity: str | None) -> None:
    load("11,22,33,Games,Suzanne Collins", header=f"{header},title,authors\n")
    [(found,)] = rows_of(database, "SELECT identity FROM books")
    assert found == identity or (identity is None and str(found).startswith("flyleaf:"))


def test_files_with_isbns_alone_leave_no_identifiers(load: Import, database: Database) -> None:
    load("0441172717,Dune,Frank Herbert,1965", header="isbn,title,author,year\n")
    assert rows_of(database, IDENTIFIERS) == []
