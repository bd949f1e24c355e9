"""Bringing a reading history: the file, the dry run, and the pages of both."""

import html
import io
import re

import pytest

from flyleaf.limits import UPLOAD_BYTES_MAX
from tests.fixture_types import Select, Visit
from tests.site import PASSWORD, Site, hidden_fields
from tests.uploads import DUNE, HEADER, STATE, brought, press, said, upload


def test_a_row_is_shown_before_it_is_written(alice: Site, dune: str, select: Select) -> None:
    before = select(STATE)
    shown = said(alice, brought(alice, HEADER + DUNE))
    for words in ("the same ISBN or identifier", "Read", "sf", "★ 4", "Sand.", "private notes", "21 March 2023"):
        assert words in shown
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


def test_an_upload_whose_account_is_deleted_while_it_is_read(
    alice: Site, select: Select, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flyleaf.views.uploads.insert_upload", lambda *_: 0)  # that of no upload any more
    assert upload(alice, HEADER + DUNE).status_code == 404
    assert select("SELECT count(*) FROM upload_rows") == 0


def test_a_list_of_rows_stays_that_list(alice: Site, dune: str) -> None:
    """The list that was shown was taken for the page's colours, so that it was not marked, and left after saving."""
    page = brought(alice, HEADER + DUNE + "2,Dunne,Frank Herbert,,,4,,,,read,,\n3,Torn\n4,,Nobody,,,4,,,,read,,\n")
    shown = alice.get(f"{page}?show=undecided").text
    assert re.findall(r'<a class="button" aria-current="page"[^>]*>([^<]*)<', shown) == ["To check (1)"]
    saved = alice.submit(f"{page}?show=undecided", f"{page}/rows?show=undecided", **{"row-2": ""})
    assert saved.location == f"{page}?show=undecided"
    assert f'action="{page}/rows?show=undecided"' in shown
    titles = re.findall(r"<strong[^>]*>([^<]*)</strong>", alice.get(page).text)
    assert titles == ["Dune", "Dunne", "3 Torn", "Nobody goodreads:4 read 4"], "in the order of the file"


def test_pages_of_rows(alice: Site, dune: str) -> None:
    rows = "".join(f"{n},Volume {n},Some Body,,,4,,,,read,,\n" for n in range(2, 45))
    page = brought(alice, HEADER + DUNE + rows)
    pages = list(alice.pages(page))
    assert len(pages) == 3
    assert all(len(text.encode()) <= 30_000 for text in pages)
    assert [len(re.findall("<select", text)) for text in pages] == [20, 20, 4]
