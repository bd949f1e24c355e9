"""What a reading history changes once it is written: shelves, reviews and books; and how that is undone."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from flask import Flask

from flyleaf.limits import Rate
from flyleaf.queries import upload_work
from flyleaf.web.current import EXTENSION
from tests.fixture_types import AddBook, Select
from tests.site import Site
from tests.uploads import DUNE, HEADER, STATE, brought, press, said, upload

ULYSSES = "3,Ulysses,James Joyce,,,4,,,,read,,\n"
PRIVATE = "Book Id,Title,Author,ISBN13,My Rating,Exclusive Shelf,My Review,Private Review\n"


def test_it_is_written_and_undone(alice: Site, dune: str, select: Select) -> None:
    before = select(STATE)
    page = brought(alice, HEADER + DUNE)
    press(alice, page, "commit")
    assert (
        select("SELECT text FROM reviews WHERE rating = 4 AND exact_rating IS NULL AND NOT is_private")
        == "Sand.\nWorms."
    )
    assert (
        select("SELECT status || ' ' || notes FROM shelved_books WHERE added_at = '2022-12-31 00:00Z'") == "read mine"
    )
    assert select("SELECT finished_on::text FROM readings WHERE started_on IS NULL") == "2023-03-21"
    assert select("SELECT name FROM shelves JOIN shelf_members ON shelf_id = id") == "sf"
    press(alice, page, "undo")
    assert select(STATE) == before
    assert "Nothing has been written yet" in said(alice, page)


def test_the_same_file_again_changes_nothing(alice: Site, dune: str, select: Select) -> None:
    press(alice, brought(alice, HEADER + DUNE), "commit")
    written = select(STATE)
    again = brought(alice, HEADER + DUNE)
    press(alice, again, "commit")
    assert select(STATE) == written
    assert "nothing new" in said(alice, again)
    press(alice, again, "undo")
    assert select(STATE) == written, "what the first one wrote stays"


def test_what_the_reader_has_stays_unless_they_choose_otherwise(alice: Site, dune: str, select: Select) -> None:
    alice.review(dune, 2, "My own.")
    page = brought(alice, HEADER + DUNE)
    assert "your review stays" in said(alice, page)
    press(alice, page, "commit")
    assert select("SELECT text FROM reviews") == "My own."
    press(alice, page, "undo")
    before = select(STATE)
    alice.submit(page, f"{page}/rows", **{"row-1": "write", "replace-1": "1"})
    press(alice, page, "commit")
    assert select("SELECT text FROM reviews WHERE rating = 4") == "Sand.\nWorms."
    press(alice, page, "undo")
    assert select(STATE) == before


@pytest.mark.parametrize(
    ("rating", "words", "code", "language"),
    [
        ("4", "Areia.", "pt", "pt"),
        ("4", "Areia.", "", None),  # the words are others, and nobody knows in which language
        ("4", "Sand.", "", "en"),
        ("4", "Sand.", "de", "de"),
        ("3.5", "Sand.", "", "en"),  # it was taken for the 4 stars that it counts as
    ],
)
def test_a_review_is_replaced_with_its_language_and_exact_rating(
    alice: Site, dune: str, select: Select, rating: str, words: str, code: str, language: str | None
) -> None:
    alice.submit(f"/books/{dune}", f"/books/{dune}/review", rating="4", text="Sand.", written_in="en")
    before = select(STATE)
    header = "Book Id,Title,Author,ISBN13,My Rating,Exact Rating,Exclusive Shelf,My Review,Review Language\n"
    page = brought(alice, f"{header}1,Dune,Frank Herbert,{dune},4,{rating},read,{words},{code}\n")
    alice.submit(page, f"{page}/rows", **{"row-1": "write", "replace-1": "1"})
    press(alice, page, "commit")
    assert select("SELECT coalesce(exact_rating, rating) FROM reviews") == Decimal(rating)
    assert select("SELECT ARRAY[text, language] FROM reviews") == [words, language]
    press(alice, page, "undo")
    assert select(STATE) == before


@pytest.mark.parametrize("together", [1, 25])
def test_of_several_rows_that_replace_a_review_the_last_one_does(
    alice: Site, dune: str, select: Select, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    """It was the first one of those that are written with one statement, and so it hung on where the rows stood."""
    monkeypatch.setattr(upload_work, "WRITTEN_TOGETHER", together)
    alice.review(dune, 2, "My own.")
    before = select(STATE)
    page = brought(alice, HEADER + DUNE + DUNE.replace("Sand", "Spice") + DUNE.replace("Sand", "Stone"))
    alice.submit(page, f"{page}/rows", **{"row-1": "write", "row-2": "write", "row-3": "leave-out",
                                          "replace-1": "1", "replace-2": "1"})  # fmt: skip
    press(alice, page, "commit")
    assert select("SELECT text FROM reviews") == "Spice.\nWorms."
    press(alice, page, "undo")
    assert select(STATE) == before


def test_a_review_that_was_changed_since_is_kept(alice: Site, dune: str, select: Select) -> None:
    page = brought(alice, HEADER + DUNE)
    press(alice, page, "commit")
    alice.submit(f"/books/{dune}/review/edit", rating="5", text="Better.")
    press(alice, page, "undo")
    assert select("SELECT text FROM reviews") == "Better."
    assert select("SELECT count(*) FROM shelved_books") == 0
    assert "You have changed this review since it was written, so it stays." in said(alice, page)


def test_every_shelf_that_a_file_makes_has_a_page(alice: Site, dune: str, select: Select) -> None:
    press(alice, brought(alice, HEADER + DUNE.replace(",sf,", ',"sf/fantasy, C#, 50%, a?b",')), "commit")
    addresses = re.findall(r'href="(/shelves/[^"?]+)"', alice.get("/shelves").text)
    assert "/shelves/sf-fantasy" in addresses
    assert select("SELECT count(*) FROM shelves") == 4
    assert {address: alice.get(address).status_code for address in addresses} == dict.fromkeys(addresses, 200)


def test_a_row_is_left_out(alice: Site, dune: str, select: Select) -> None:
    page = brought(alice, HEADER + DUNE)
    before = select(STATE)
    alice.submit(page, f"{page}/rows", **{"row-1": "leave-out"})
    press(alice, page, "commit")
    assert select(STATE) == before


def test_private_reviews(alice: Site, dune: str, select: Select) -> None:
    press(alice, brought(alice, HEADER + DUNE), "commit", private="1")
    assert select("SELECT is_private FROM reviews") is True


@pytest.mark.parametrize(
    ("file", "form"),
    [
        (HEADER + DUNE, {"private": "1"}),
        (PRIVATE + "1,Dune,Frank Herbert,9780441172719,4,read,Sand.,yes\n", {}),
        (PRIVATE + "1,Dune,Frank Herbert,9780441172719,2,read,My own.,yes\n", {}),
    ],
)
def test_a_private_review_that_replaces_a_public_one(
    alice: Site, bob: Site, dune: str, select: Select, file: str, form: dict[str, str]
) -> None:
    alice.review(dune, 2, "My own.")
    before = select(STATE)
    page = brought(alice, file)
    alice.submit(page, f"{page}/rows", **{"row-1": "write", "replace-1": "1"})
    press(alice, page, "commit", **form)
    assert select("SELECT is_private FROM reviews") is True
    page_of_book = said(bob, f"/books/{dune}")
    assert "Sand." not in page_of_book
    assert "My own." not in page_of_book
    press(alice, page, "undo")
    assert select(STATE) == before


@pytest.mark.parametrize(("setting", "books", "proposals"), [("yes", 1, 0), ("moderated", 0, 1), ("no", 0, 0)])
def test_a_book_that_the_catalogue_lacks(
    app: Flask, alice: Site, select: Select, setting: str, books: int, proposals: int
) -> None:
    site = app.extensions[EXTENSION]
    app.extensions[EXTENSION] = replace(site, config=replace(site.config, readers_add_books=setting))
    before = select(STATE)
    page = brought(alice, HEADER + DUNE)
    press(alice, page, "commit")
    assert select("SELECT count(*) FROM books WHERE isbn = '9780441172719'") == books
    assert select("SELECT count(*) FROM proposals WHERE decided_at IS NULL") == proposals
    assert select("SELECT count(*) FROM shelved_books WHERE title = 'Dune' AND status = 'read'") == 1
    assert select("SELECT count(*) FROM reviews") == books
    if not books:
        assert select("SELECT notes FROM shelved_books") == "★ 4\n\nSand.\nWorms.\n\nmine", "nothing is lost"
    press(alice, page, "undo")
    assert select(STATE) == before


def test_a_reader_adds_so_many_books_a_day(
    app: Flask, alice: Site, select: Select, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = app.extensions[EXTENSION]
    app.extensions[EXTENSION] = replace(site, config=replace(site.config, readers_add_books="yes"))
    monkeypatch.setattr("flyleaf.queries.upload_books.UPLOAD_BOOKS", Rate(2, 24 * 60 * 60))
    before = select(STATE)
    page = brought(
        alice, HEADER + DUNE + "2,Emma,Jane Austen,,,4,,,,read,,\n" + ULYSSES + "4,Solaris,Lem,,,4,,,,read,,\n"
    )
    assert "are added to it, up to 1,000 a day. The others stay" in said(alice, page)
    press(alice, page, "commit")
    assert select("SELECT string_agg(title, ', ' ORDER BY id) FROM books") == "Dune, Emma"
    assert select("SELECT count(*) FROM shelved_books WHERE book_id IS NULL") == 2
    assert said(alice, page).count("a line of your own, because you have added 1,000 books to the catalogue today") == 2
    select("UPDATE proposals SET proposed_at = proposed_at - interval '1 day'")
    again = brought(alice, HEADER + ULYSSES)
    press(alice, again, "commit")
    assert select("SELECT count(*) FROM books") == 3
    for one in (again, page):
        press(alice, one, "undo")
    assert select(STATE) == before


def test_no_book_is_suggested_if_suggestions_are_off(app: Flask, alice: Site, select: Select) -> None:
    site = app.extensions[EXTENSION]
    app.extensions[EXTENSION] = replace(site, config=replace(site.config, proposals=False))
    page = brought(alice, HEADER + DUNE)
    assert "stay on your shelves as lines of your own." in said(alice, page)
    press(alice, page, "commit")
    assert select("SELECT count(*) FROM proposals") == 0
    assert select("SELECT count(*) FROM shelved_books") == 1


@pytest.mark.parametrize(
    "use",
    [
        "INSERT INTO corrections (book_id, field, after) SELECT id, 'year', '1965' FROM added",
        "INSERT INTO work_corrections (kind, book_id, into_work) SELECT 'split', id, '{1}' FROM added",
        "INSERT INTO work_corrections (kind, book_id, other_book_id, from_work, into_work)"
        " SELECT 'merge', emma.id, added.id, '{1}', '{2}' FROM added, emma",
        "INSERT INTO proposals (kind, book_id, field, after) SELECT 'field', id, 'year', '1965' FROM added",
        "INSERT INTO proposals (kind, book_id, other_book_id) SELECT 'move', emma.id, added.id FROM added, emma",
    ],
)
def test_a_book_that_others_use_stays(app: Flask, alice: Site, add_book: AddBook, select: Select, use: str) -> None:
    site = app.extensions[EXTENSION]
    app.extensions[EXTENSION] = replace(site, config=replace(site.config, readers_add_books="yes"))
    add_book("9780141439587", "Emma", "Jane Austen")
    page = brought(alice, HEADER + DUNE)
    press(alice, page, "commit")
    select(
        "WITH added AS (SELECT id FROM books WHERE title = 'Dune'), emma AS (SELECT id FROM books WHERE title = 'Emma')"
        f" {use}"
    )
    press(alice, page, "undo")
    assert select("SELECT count(*) FROM books WHERE title = 'Dune'") == 1
    assert select("SELECT count(*) FROM reviews") + select("SELECT count(*) FROM shelved_books") == 0


def test_a_book_that_the_catalogue_gets_later(alice: Site, add_book: AddBook, select: Select) -> None:
    press(alice, brought(alice, HEADER + DUNE), "commit")
    add_book()
    before = select(STATE)
    page = brought(alice, HEADER + DUNE)
    press(alice, page, "commit")
    assert select("SELECT count(*) FROM shelved_books") == 1
    assert select("SELECT rating FROM reviews JOIN shelved_books USING (book_id)") == 4
    press(alice, page, "undo")
    assert select(STATE) == before


def test_more_shelves_than_a_reader_may_have(
    alice: Site, dune: str, select: Select, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flyleaf.queries.named_shelves.SHELVES_MAX", 1)
    before = select(STATE)
    page = brought(alice, HEADER + DUNE + '2,Emma,Jane Austen,,,4,2023/03/21,,"new, SF, lent",read,,\n')
    press(alice, page, "commit")
    assert select("SELECT status FROM shelved_books WHERE title = 'Emma'") == "read", "the rest of the row is written"
    assert select("SELECT count(*) FROM shelf_members") == 2, "it is on the shelf that there is"
    for address in (page, f"{page}/rows/2"):
        assert "Shelves left out, because you have 100 already: new , lent" in said(alice, address)
    press(alice, page, "undo")
    assert select(STATE) == before


def test_a_shelf_with_the_name_of_a_status(alice: Site, dune: str, select: Select) -> None:
    press(alice, brought(alice, "title,author,status,tags\nDune,Frank Herbert,to-read,Read\n"), "commit")
    assert select("SELECT status FROM shelved_books") == "to-read"
    assert select("SELECT count(*) FROM shelves") == 0


def test_damaged_bytes_in_what_the_reader_says(alice: Site, dune: str, select: Select) -> None:
    rows = (
        b"title,author,status,tags,review,rating,notes\n"
        b"Dune,Frank Herbert,read,caf\xff\xfe,\x81\x8d good \0,4,\x81\n"
        b"\xc3\x89mile,Zola,read,,\xc3\xa9,4,\n"
    )
    answer = upload(alice, rows)
    assert answer.status_code == 303, answer.text
    press(alice, answer.location, "commit")
    assert select("SELECT status FROM shelved_books WHERE title = 'Dune'") == "read"


def test_two_rows_about_one_work(alice: Site, dune: str, select: Select) -> None:
    again = "2,Dune,Frank Herbert,,,5,2024/01/01,,,read,Again.,\n"
    before = select(STATE)
    page = brought(alice, HEADER + DUNE + again)
    press(alice, page, "commit")
    assert select("SELECT string_agg(text, ' ') FROM reviews") == "Sand.\nWorms."
    assert select("SELECT count(*) FROM readings") == 2
    press(alice, page, "undo")
    assert select(STATE) == before


def test_a_review_without_a_rating_becomes_a_note(alice: Site, dune: str, select: Select) -> None:
    press(alice, brought(alice, HEADER + "1,Dune,Frank Herbert,,,0,,,,read,Sand.,mine\n"), "commit")
    assert select("SELECT count(*) FROM reviews") == 0
    assert select("SELECT notes FROM shelved_books") == "Sand.\n\nmine"


def test_how_often_a_book_was_read(alice: Site, dune: str, select: Select) -> None:
    """Dates that are known are not counted again, whichever file or page they came from."""
    header = "title,author,status,dates read,read count\n"
    press(alice, brought(alice, header + 'Dune,Frank Herbert,read,"2021/03, 2022",4\n'), "commit")
    counts = "SELECT string_agg(coalesce(finished_on::text, '-'), ' ' ORDER BY finished_on) FROM readings"
    assert select(counts) == "2021-03-31 2022-12-31 - -"
    before = select(STATE)
    for again in ('Dune,Frank Herbert,read,"2021/03, 2022",4\n', "Dune,Frank Herbert,read,,3\n"):
        page = brought(alice, header + again)
        press(alice, page, "commit")
        assert select(STATE) == before
    page = brought(alice, header + "Dune,Frank Herbert,read,2023/05/06,6\n")
    assert "6 May 2023 read 5 times without a date" in said(alice, page)
    press(alice, page, "commit")
    assert select(counts) == "2021-03-31 2022-12-31 2023-05-06 - - -"
    shown = said(alice, f"/books/{dune}")
    for words in ("finished in March 2021", "finished in 2022", "finished on 6 May 2023", "read once, date unknown"):
        assert words in shown
    assert "finished on 6 May 2023" in said(alice, "/shelves/read")
    press(alice, page, "undo")
    assert select(STATE) == before


def test_a_year_in_which_a_book_was_read_is_no_month(alice: Site, dune: str, add_book: AddBook) -> None:
    add_book("9780141439587", "Emma", "Jane Austen")
    rows = "title,author,status,date read\nDune,Frank Herbert,read,2022\nEmma,Jane Austen,read,2022/03\n"
    press(alice, brought(alice, rows), "commit")
    shown = said(alice, "/shelves/years/2022")
    assert "2 books" in shown
    assert "March 1 April 0" in shown
    assert "December 0" in shown


def test_more_books_than_shelves_hold(alice: Site, dune: str, select: Select, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flyleaf.queries.shelf_entries.SHELVED_MAX", 2)
    before = select(STATE)
    page = brought(alice, HEADER + "2,Emma,Jane Austen,,,4,,,lent,read,,\n" + ULYSSES + DUNE)
    press(alice, page, "commit")
    assert select("SELECT string_agg(title, ' ' ORDER BY title) FROM shelved_books") == "Emma Ulysses"
    assert select("SELECT count(*) FROM reviews") == 1, "the review is written"
    assert said(alice, page).count("not on your shelves, which hold 100,000 books already") == 1
    press(alice, page, "undo")
    assert select(STATE) == before


def test_rows_that_are_about_the_same_lines_and_books(
    alice: Site, dune: str, add_book: AddBook, select: Select
) -> None:
    """Within one step they come after one another: a line of a book that a later row finds becomes that book's."""
    add_book("9780340960196")
    before = select(STATE)
    rows = (
        "1,Dune,Frank Herbert,,,0,2020/01/01,,sf,,,first\n"
        "2,Dune,Frank Herbert,,,0,2021/01/01,,SF,to-read,,second\n"
        "3,Dune,Frank Herbert,,9780340960196,4,2020/01/01,,,read,Sand.,third\n"
        "4,Emma,Jane Austen,,,0,2020/01/01,,b,,,\n"
        "5,Emma,Jane Austen,,,0,2020/01/01,,a,read,,fifth\n"
    )
    page = brought(alice, HEADER + rows)
    alice.submit(page, f"{page}/rows", **{"row-1": "line", "row-2": "write", "row-3": "write"})
    press(alice, page, "commit")
    written = """
        SELECT string_agg(concat_ws(' ', title, status, notes, book_id IS NULL,
                                    (SELECT string_agg(name, '+' ORDER BY name) FROM shelf_members
                                       JOIN shelves ON shelves.id = shelf_id WHERE shelved_book_id = s.id),
                                    (SELECT count(*) FROM readings WHERE shelved_book_id = s.id)), '; ' ORDER BY title)
          FROM shelved_books AS s
    """
    assert select(written) == "Dune to-read first f sf 2; Emma read fifth t a+b 1"
    assert select("SELECT count(*) FROM reviews") == 1
    press(alice, page, "undo")
    assert select(STATE) == before
