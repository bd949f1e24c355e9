"""Which books the rows of a reading history are matched with, and how the reader corrects that."""

import pytest

from tests.fixture_types import AddBook, Select
from tests.site import Site
from tests.uploads import DUNE, HEADER, brought, press, said


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ('1,Emma,Jane Austen,,="9780441172719",4,,,,read,,\n', "title or author differ"),
        ('1,Dune,Brian Herbert,,="9780441172719",4,,,,read,,\n', "title or author differ"),
        ('1,Dune Messiah,Frank Herbert,,="9780441172719",4,,,,read,,\n', "title or author differ"),
        ("1,Dunne,Frank Herbert,,,4,,,,read,,\n", "title and author are similar"),
        ("1,Dune,,,,4,,,,read,,\n", "title and author are similar"),
        ("1,Something Else,Somebody Else,,,4,,,,read,,\n", "not in the catalogue"),
    ],
)
def test_no_row_is_attached_to_another_work(alice: Site, dune: str, select: Select, row: str, why: str) -> None:
    page = brought(alice, HEADER + row)
    assert why in said(alice, page)
    press(alice, page, "commit")
    assert select("SELECT count(*) FROM reviews") == 0
    assert select("SELECT count(*) FROM shelved_books WHERE book_id IS NOT NULL") == 0


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("1,Dune,Frank Herbert,,,4,,,,read,,\n", "sure: the same title and author"),
        ('1,Dune,"Herbert, Frank",,="9780340960196",4,,,,read,,\n', "sure: another edition"),
        ("61,Dune,Frank Herbert,,,4,,,,read,,\n", "sure: the same ISBN or identifier"),
    ],
)
def test_the_same_work_is_found(alice: Site, add_book: AddBook, select: Select, row: str, why: str) -> None:
    add_book(identifiers=("goodreads:61",))
    page = brought(alice, HEADER + row)
    assert why in said(alice, page)
    press(alice, page, "commit")
    assert select("SELECT rating FROM reviews") == 4


def test_the_reader_chooses_another_book(alice: Site, dune: str, add_book: AddBook, select: Select) -> None:
    emma = add_book("9780141439587", "Emma", "Jane Austen")
    page = brought(alice, HEADER + DUNE)
    assert "Emma" in said(alice, f"{page}/rows/1?q=emma")
    answer = alice.submit(f"{page}/rows/1?q=emma", f"{page}/rows/1", book=emma)
    assert "chosen by you" in said(alice, answer.location)
    press(alice, page, "commit")
    assert select("SELECT title FROM reviews JOIN books ON books.id = book_id") == "Emma"
