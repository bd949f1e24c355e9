"""Bringing a reading history: the dry run, corrections, writing, writing again, undoing."""

import html
import io
import json
import re
import zipfile
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from flyleaf.database import Database
from flyleaf.limits import UPLOAD_BYTES_MAX
from flyleaf.maintenance import Maintenance
from flyleaf.queries import upload_work
from flyleaf.queries.departures import insert_departure
from flyleaf.queries.upload_work import continue_next_upload
from flyleaf.web.current import EXTENSION
from tests.fixture_types import AddBook, Select, Visit
from tests.site import PASSWORD, Site, hidden_fields

HEADER = (
    "Book Id,Title,Author,ISBN,ISBN13,My Rating,Date Read,Date Added,Bookshelves,Exclusive Shelf,My Review,"
    "Private Notes\n"
)
DUNE = '1,Dune,Frank Herbert,,="9780441172719",4,2023/03/21,2022/12/31,sf,read,Sand.<br/>Worms.,mine\n'
PRIVATE = "Book Id,Title,Author,ISBN13,My Rating,Exclusive Shelf,My Review,Private Review\n"
# All that an import can change, in a form that can be compared.
STATE = """
    SELECT jsonb_build_array(
        (SELECT jsonb_agg(jsonb_build_array(b.title, r.rating, r.exact_rating, r.text, r.is_private, r.edited_at)
                          ORDER BY b.title) FROM reviews AS r JOIN books AS b ON b.id = r.book_id),
        (SELECT jsonb_agg(jsonb_build_array(title, author, book_id IS NULL, status, notes, added_at) ORDER BY title)
           FROM shelved_books),
        (SELECT jsonb_agg(jsonb_build_array(started_on, finished_on) ORDER BY started_on, finished_on) FROM readings),
        (SELECT jsonb_agg(jsonb_build_array(title, year) ORDER BY id) FROM books),
        (SELECT jsonb_agg(jsonb_build_array(name, is_public) ORDER BY name) FROM shelves),
        (SELECT count(*) FROM shelf_members),
        (SELECT count(*) FROM proposals WHERE decided_at IS NULL))
"""


def upload(site: Site, content: str | bytes, name: str = "goodreads_library_export.csv") -> TestResponse:
    data = content.encode() if isinstance(content, str) else content
    fields = hidden_fields(site.get("/import").text)
    return site.client.post("/import", data=fields | {"file": (io.BytesIO(data), name)})


def brought(site: Site, content: str) -> str:
    """The address of the dry run."""
    answer = upload(site, content)
    assert answer.status_code == 303, answer.text
    return answer.location


def said(site: Site, address: str) -> str:
    """The text of a page's main part."""
    page = site.get(address).text.partition("<main")[2].partition("</main>")[0]
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", page)).split())


def press(site: Site, page: str, action: str, **fields: str) -> TestResponse:
    answer = site.submit(page, f"{page.partition('?')[0]}/{action}", **fields)
    assert answer.status_code == 303, answer.text
    return answer


def test_a_row_is_shown_before_it_is_written(alice: Site, dune: str, select: Select) -> None:
    before = select(STATE)
    shown = said(alice, brought(alice, HEADER + DUNE))
    for words in ("the same ISBN or identifier", "Read", "sf", "★ 4", "Sand.", "private notes", "2023-03-21"):
        assert words in shown
    assert select(STATE) == before


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


def test_a_review_that_was_changed_since_is_kept(alice: Site, dune: str, select: Select) -> None:
    page = brought(alice, HEADER + DUNE)
    press(alice, page, "commit")
    alice.submit(f"/books/{dune}/review/edit", rating="5", text="Better.")
    press(alice, page, "undo")
    assert select("SELECT text FROM reviews") == "Better."
    assert select("SELECT count(*) FROM shelved_books") == 0
    assert "You have changed this review since it was written, so it stays." in said(alice, page)


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


def test_the_work_goes_on_after_a_kill(
    app: Flask, database: Database, alice: Site, dune: str, select: Select, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request that begins the work dies at once; the maintenance thread of another process continues it, and one
    of its steps is killed, too."""
    monkeypatch.setattr("flyleaf.views.uploads.work_on", lambda _: False)
    monkeypatch.setattr(upload_work, "STEP_SECONDS", 0)
    monkeypatch.setattr("flyleaf.queries.upload_rows.MATCHED_AT_ONCE", 3)
    rows = "".join(f"{n},Volume {n},Some Body,,,4,2023/03/21,,sf,read,Text {n},\n" for n in range(2, 12))
    before = select(STATE)
    page = brought(alice, HEADER + DUNE + rows)
    assert alice.get(page).headers["Refresh"] == "2"
    assert "0 of 11 rows" in said(alice, page)
    assert alice.submit(page, f"{page}/commit").status_code == 409, "not while it is being matched"
    maintenance = Maintenance(database, app.extensions[EXTENSION].config)

    def work() -> None:
        while maintenance.work():
            pass

    work()
    press(alice, page, "commit")
    maintenance.work()
    half = select("SELECT done FROM uploads")
    assert 0 < half < 11

    def killed(*_values: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(upload_work, "_store_outcomes", killed)
        with pytest.raises(KeyboardInterrupt):
            maintenance.work()
    assert select("SELECT done FROM uploads") == half
    work()
    assert select("SELECT count(*) FROM shelved_books") == 11
    assert select("SELECT count(*) FROM reviews") == 1
    press(alice, page, "undo")
    work()
    assert select(STATE) == before


def test_a_slow_step_ends_in_time_and_keeps_what_it_has_done(
    database: Database, alice: Site, dune: str, select: Select, monkeypatch: pytest.MonkeyPatch
) -> None:
    """100 rows can take longer than the 3.5 seconds after which a transaction is cut."""
    monkeypatch.setattr("flyleaf.views.uploads.work_on", lambda _: False)
    monkeypatch.setattr(upload_work, "STEP_SECONDS", 0)
    rows = "".join(f"{n},Volume {n},Some Body,,,4,2023/03/21,,sf,read,,\n" for n in range(2, 13))

    def step() -> None:
        with database.transaction() as connection:
            assert continue_next_upload(connection, "no")

    before = select(STATE)
    page = brought(alice, HEADER + DUNE + rows)
    step()
    press(alice, page, "commit")
    for count, state in ((5, "writing 5"), (10, "writing 10"), (12, "written 0")):
        step()
        assert select("SELECT count(*) FROM shelved_books") == count
        assert select("SELECT state || ' ' || done FROM uploads") == state
    press(alice, page, "undo")
    for done in range(1, 12):
        step()
        assert select("SELECT state || ' ' || done FROM uploads") == f"undoing {done}"
    step()
    assert select("SELECT state || ' ' || done FROM uploads") == "ready 0"
    assert select(STATE) == before


def test_a_departure_and_an_import_do_not_wait_for_one_another(
    database: Database, alice: Site, dune: str, select: Select, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A departure locks the reader, then deletes the uploads."""
    page = brought(alice, HEADER + DUNE)
    monkeypatch.setattr("flyleaf.views.uploads.work_on", lambda _: False)
    press(alice, page, "commit")
    with database.owner.begin() as departing, database.transaction() as connection:
        reader_id = departing.execute(text("SELECT id FROM readers WHERE name = 'Alice' FOR UPDATE")).scalar_one()
        assert not continue_next_upload(connection, "no")
        departing.execute(text("SELECT FROM uploads WHERE reader_id = :id FOR UPDATE NOWAIT"), {"id": reader_id})


def test_nothing_is_written_for_a_closed_account(
    database: Database, alice: Site, dune: str, select: Select, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = brought(alice, HEADER + DUNE)
    monkeypatch.setattr("flyleaf.views.uploads.work_on", lambda _: False)
    press(alice, page, "commit")
    before = select(STATE)
    with database.transaction() as connection:
        reader_id = connection.execute(text("SELECT id FROM readers WHERE name = 'Alice'")).scalar_one()
        insert_departure(connection, reader_id, keeps_reviews=True)
    with database.transaction() as connection:
        assert not continue_next_upload(connection, "no")
    assert select(STATE) == before


def test_others_have_no_part_in_it(alice: Site, bob: Site, dune: str) -> None:
    page = brought(alice, HEADER + DUNE)
    token = hidden_fields(bob.get("/import").text)
    assert bob.get(page).status_code == 404
    assert bob.get(f"{page}/rows/1").status_code == 404
    for action in ("commit", "undo", "withdraw", "rows", "rows/1"):
        assert bob.client.post(f"{page}/{action}", data=token | {"book": dune}).status_code == 404


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"", 422, "is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0", 422, "not text"),
        (b"isbn,title\n9780441172719,Dune\n", 422, "no column of a reader"),
        (HEADER.encode(), 422, "no rows"),
        (b"PK\x03\x04 broken", 422, "packed data are broken"),
    ],
)
@pytest.mark.every_input
def test_a_file_that_cannot_be_used(alice: Site, select: Select, content: bytes, status: int, words: str) -> None:
    answer = upload(alice, content)
    assert answer.status_code == status
    assert words in html.unescape(answer.text)
    assert select("SELECT count(*) FROM uploads") == 0


def test_a_file_that_is_too_large(alice: Site, select: Select, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flyleaf.views.uploads.FORM_BYTES", 1_000 - UPLOAD_BYTES_MAX)
    answer = upload(alice, HEADER + DUNE * 20)
    assert (answer.status_code, "larger than 16 MB" in answer.text) == (413, True)
    assert select("SELECT count(*) FROM uploads") == 0


def test_a_file_that_another_site_sends_is_refused(alice: Site, select: Select) -> None:
    answer = alice.client.post("/import", data={"file": (io.BytesIO((HEADER + DUNE).encode()), "books.csv")})
    assert answer.status_code == 400
    assert select("SELECT count(*) FROM uploads") == 0


def test_a_form_without_a_file(alice: Site) -> None:
    answer = alice.submit("/import")
    assert (answer.status_code, "Choose the file" in answer.text) == (422, True)


def test_a_damaged_row_is_told_and_left_out(alice: Site, dune: str, select: Select) -> None:
    page = brought(alice, HEADER + DUNE + "2,,Nobody,,,4,,,,read,,\n3,Torn\n")
    refused = said(alice, f"{page}?show=refused")
    assert "Line 3 can’t be read" in refused
    assert "Line 4 can’t be read" in refused
    press(alice, page, "commit")
    assert select("SELECT count(*) FROM shelved_books") == 1


def test_a_deleted_account_takes_its_uploads_along(visit: Visit, dune: str, select: Select) -> None:
    carol = visit().registered("Carol")
    brought(carol, HEADER + DUNE)
    carol.submit("/account/delete", reviews="delete", password=PASSWORD)
    assert select("SELECT count(*) FROM uploads") == 0


def test_the_round_trip(alice: Site, visit: Visit, dune: str, add_book: AddBook, select: Select) -> None:
    """Export everything, delete the account, register, bring the archive: the same reviews, shelves and dates."""
    add_book("9780141439587", "Emma", "Jane Austen")
    add_book(None, "=Formula", "Cell, The", identifiers=("flyleaf:0123456789abcdef",))
    rows = (
        '"",Emma,Jane Austen,,9780141439587,2.25,,2021/05/05,"a, b",to-read,,\n'
        '"",=Formula,The Cell,,,4.5,2020/01/02,,,did-not-finish,"=1+1<br/><br/><spoiler>&lt;b&gt;</spoiler>",-note\n'
        '"",Lost,Some Body,,,3,2019/01/01,2018/01/01,lent,currently-reading,Gone.,\n'
    )
    press(alice, brought(alice, HEADER + DUNE + rows), "commit", private="1")
    alice.review("9780141439587", 2, "Changed.")
    state = STATE.replace(", r.edited_at", "").replace("added_at)", "CAST(added_at AS date))")
    before = select(state)
    archive = alice.get("/account/export.zip")
    assert archive.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(archive.data)) as members:
        kept = json.loads(members.read("flyleaf.json"))
        table = members.read("reading-history.csv").decode()
    assert [len(kept[name]) for name in ("reviews", "shelved_books", "imports")] == [3, 4, 1]
    alice.submit("/account/delete", reviews="delete", password=PASSWORD)
    assert select("SELECT count(*) FROM shelved_books") == 0
    again = visit().registered("Alice")
    answer = upload(again, archive.data, "flyleaf.zip")
    assert answer.status_code == 303, answer.text
    press(again, answer.location, "commit")
    assert select(state) == before
    once_more = brought(again, table)
    press(again, once_more, "commit")
    assert select(state) == before


def test_what_was_not_written_is_in_the_download_too(
    alice: Site, bob: Site, dune: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reviews and notes of rows that are undecided, left out or not readable are kept nowhere else."""
    monkeypatch.setattr("flyleaf.views.own_data.AT_ONCE", 2)
    rows = '2,Dunne,Frank Herbert,,,4,,,,read,"Near.",a note\n3,,Nobody,,,4,,,,read,,\n'
    pages = [brought(alice, HEADER + DUNE + rows), brought(alice, HEADER + DUNE)]
    alice.submit(pages[0], f"{pages[0]}/rows", **{"row-1": "leave-out"})
    kept = alice.get("/account/data").get_json()["import_rows"]
    second, first = (int(page.rpartition("/")[2]) for page in pages[::-1])
    assert [(row["import_id"], row["n"]) for row in kept] == [(second, 1), (first, 1), (first, 2), (first, 3)]
    assert [row["decision"] for row in kept] == ["write", "leave-out", None, "leave-out"]
    assert [kept[1]["said"]["review"], kept[2]["said"]["notes"]] == ["Sand.\nWorms.", "a note"]
    assert kept[3]["refused_because"]
    assert bob.get("/account/data").get_json()["import_rows"] == []


def test_pages_of_rows(alice: Site, dune: str) -> None:
    rows = "".join(f"{n},Volume {n},Some Body,,,4,,,,read,,\n" for n in range(2, 45))
    page = brought(alice, HEADER + DUNE + rows)
    pages = list(alice.pages(page))
    assert len(pages) == 3
    assert all(len(text.encode()) <= 30_000 for text in pages)
    assert [len(re.findall("<select", text)) for text in pages] == [20, 20, 4]
