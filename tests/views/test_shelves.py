"""Shelves, as a reader meets them: buttons on book pages and results, the shelves' own pages, and what others see."""

import re
from datetime import date
from html import unescape
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from flyleaf.limits import NOTES_MAX, SHELF_NAME_MAX, SHELVED_ON_A_PAGE, SHELVES_MAX
from tests.fixture_types import AddBook, Select, Visit
from tests.site import PASSWORD, Site, hidden_fields

PRESSED = re.compile(r'value="([^"]*)" aria-pressed="true"')


def shelve(site: Site, isbn: str, shelf: str) -> TestResponse:
    return site.submit(f"/books/{isbn}", f"/books/{isbn}/shelf", shelf=shelf)


def pressed(page: str) -> list[str]:
    return [value for value in PRESSED.findall(page) if value not in ("en", "auto")]


def titles(page: str) -> list[str]:
    return re.findall(r'class="result-title"[^>]*>([^<]*)<', page)


def copy_address(select: Select) -> str:
    return f"/shelves/books/{select('SELECT max(id) FROM shelved_books')}"


@pytest.mark.parametrize("status", ["to-read", "reading", "read", "did-not-finish"])
def test_one_button_sets_the_status(alice: Site, dune: str, status: str) -> None:
    assert pressed(alice.get(f"/books/{dune}").text) == []
    answer = shelve(alice, dune, status)
    assert (answer.status_code, answer.location) == (303, f"/books/{dune}#my-copy")
    assert pressed(alice.get(f"/books/{dune}").text) == [status]
    assert titles(alice.get(f"/shelves/{status}").text) == ["Dune"]


def test_the_status_changes_and_the_book_comes_off(alice: Site, dune: str, select: Select) -> None:
    shelve(alice, dune, "reading")
    shelve(alice, dune, "READ")
    assert pressed(alice.get(f"/books/{dune}").text) == ["read"]
    assert titles(alice.get("/shelves/reading").text) == []
    assert shelve(alice, dune, "").status_code == 303
    assert "off your shelves" in alice.get(f"/books/{dune}").text
    assert select("SELECT count(*) FROM shelved_books") == 0
    assert shelve(alice, dune, "").status_code == 303


def test_a_shelf_of_ones_own_is_made_by_its_name(alice: Site, dune: str) -> None:
    shelve(alice, dune, "  Sci-fi &  <i>Ünder? ")
    page = alice.get(f"/books/{dune}").text
    assert "<bdi>Sci-fi &amp; &lt;i&gt;Ünder?</bdi>" in page
    found = re.search(r'<a href="([^"]*)"><bdi>Sci-fi', page)
    assert found
    assert titles(alice.get(unescape(found[1])).text) == ["Dune"]
    assert titles(alice.get(f"/shelves/{quote('SCI-FI & <I>ünder?')}").text) == ["Dune"]


@pytest.mark.parametrize("name", ["a/b", "/", "...", "x" * (SHELF_NAME_MAX + 1), "a\0b", "a\u200bb", "\u2003"])
def test_names_that_are_refused(alice: Site, dune: str, name: str, select: Select) -> None:
    shelve(alice, dune, "read")
    assert shelve(alice, dune, name).status_code == 422
    assert select("SELECT status FROM shelved_books") == "read"
    assert select("SELECT count(*) FROM shelves") == 0
    assert alice.submit("/shelves", name=name).status_code == 422


def test_a_form_without_a_shelf_is_refused(alice: Site, dune: str, select: Select) -> None:
    shelve(alice, dune, "read")
    assert alice.submit(f"/books/{dune}", f"/books/{dune}/shelf").status_code == 400
    assert select("SELECT count(*) FROM shelved_books") == 1


def test_what_would_be_lost_is_said_before_a_book_is_taken_off(alice: Site, dune: str, select: Select) -> None:
    shelve(alice, dune, "read")
    assert "This can’t be undone" not in alice.get(f"/books/{dune}").text
    shelve(alice, dune, "Lent & lost")
    for day in ("2020-01-01", "2021-01-01"):
        alice.submit(f"/books/{dune}", f"{copy_address(select)}/readings", finished_on=day)
    page = re.search(r'<details class="take-off">(.*?)</details>', alice.get(f"/books/{dune}").text, re.DOTALL)
    assert page
    lost = [" ".join(re.sub("<[^>]*>", "", line).split()) for line in re.findall("<li>(.*?)</li>", page[1])]
    assert lost == ["where it is on your own shelves: Lent &amp; lost", "the dates of 2 readings"]


def test_a_shelf_shows_the_exact_rating(alice: Site, dune: str, add_book: AddBook, select: Select) -> None:
    add_book("9780141439518", "Emma", "Jane Austen")
    for isbn in (dune, "9780141439518"):
        shelve(alice, isbn, "read")
        alice.review(isbn, 4, "")
    select("UPDATE reviews SET exact_rating = 3.75 WHERE book_id = (SELECT min(id) FROM books)")
    page = alice.get("/shelves/read?order=rating").text
    assert titles(page) == ["Emma", "Dune"]
    assert re.findall('aria-label="([^"]*) of 5 stars"', page) == ["4", "3.75"]
    assert 'aria-label="3.75 of 5 stars"' in alice.get(f"/books/{dune}/review/delete").text


@pytest.mark.parametrize(
    "address",
    [
        "/books/{isbn}/shelf", "{copy}", "{copy}/shelf", "{copy}/shelf/remove", "{copy}/readings",
        "{copy}/readings/1/delete", "/shelves", "/shelves/Mine/rename", "/shelves/Mine/delete", "/shelves/read/publish",
    ],
)  # fmt: skip
def test_nothing_happens_without_the_token(alice: Site, dune: str, address: str, select: Select) -> None:
    shelve(alice, dune, "Mine")
    fields = {"shelf": "read", "name": "New", "notes": "New", "finished_on": "2020-01-01", "public": "1"}
    where = address.format(isbn=dune, copy=copy_address(select))
    assert alice.client.post(where, data=fields).status_code == 400
    assert select("SELECT count(*) FROM shelved_books WHERE status IS NULL AND notes IS NULL") == 1
    assert select("SELECT string_agg(name, ' ') FROM shelves WHERE NOT is_public") == "Mine"
    assert select("SELECT count(*) FROM readings") == 0


def test_a_book_that_is_not_there(alice: Site, dune: str) -> None:
    assert alice.submit(f"/books/{dune}", "/books/9780000000002/shelf", shelf="read").status_code == 404


def test_who_is_not_logged_in_is_asked_to(visit: Visit, dune: str) -> None:
    visitor = visit()
    answer = visitor.client.post(f"/books/{dune}/shelf", data={"shelf": "read"})
    assert (answer.status_code, answer.location) == (303, f"/login?next=/books/{dune}")
    assert visitor.get("/shelves").location == "/login?next=/shelves"
    assert visitor.get("/shelves/read").location == "/login?next=/shelves/read"
    alice = visitor.registered("Alice")
    assert 'name="text"' in alice.get(f"/books/{dune}").text
    assert "Your text is back" not in alice.get(f"/books/{dune}").text  # a button is no text


def test_results_have_buttons(alice: Site, dune: str) -> None:
    page = alice.get("/search?q=dune").text
    assert f'formaction="/books/{dune}/shelf" name="shelf" value="to-read"' in page
    fields = hidden_fields(page) | {"shelf": "to-read"}
    answer = alice.client.post(f"/books/{dune}/shelf", data=fields)
    assert (answer.status_code, answer.location) == (303, f"/search?q=dune#b-{dune}")
    assert f'id="b-{dune}"' in page
    assert pressed(alice.get("/search?q=dune").text) == ["to-read"]


@pytest.mark.parametrize("back", ["//evil.example/", "https://evil.example/", "/\\evil.example", ""])
def test_the_way_back_is_on_this_site(alice: Site, dune: str, back: str) -> None:
    answer = alice.submit(f"/books/{dune}", f"/books/{dune}/shelf", shelf="read", back=back)
    assert answer.location == f"/books/{dune}#my-copy"


def test_another_edition_has_the_same_status(alice: Site, dune: str, add_book: AddBook) -> None:
    add_book("9780340960196", year=2005)
    shelve(alice, "9780340960196", "read")
    assert pressed(alice.get(f"/books/{dune}").text) == ["read"]
    assert pressed(alice.get("/search?q=dune").text) == ["read"]


def test_dates_are_added_and_deleted(alice: Site, dune: str, select: Select) -> None:
    shelve(alice, dune, "read")
    copy = copy_address(select)
    for started, finished in (("2020-01-02", "2020-02-03"), ("", "2021-05-06"), ("2022-07-08", "")):
        answer = alice.submit(f"/books/{dune}", f"{copy}/readings", started_on=started, finished_on=finished)
        assert answer.location == f"/books/{dune}#my-copy"
    page = alice.get(f"/books/{dune}").text
    for shown in ("2 January 2020 to 3 February 2020", "finished on 6 May 2021", "started on 8 July 2022"):
        assert shown in page
    first = select("SELECT min(id) FROM readings")
    alice.submit(f"/books/{dune}", f"{copy}/readings/{first}/delete")
    assert select("SELECT count(*) FROM readings") == 2


@pytest.mark.every_input
@pytest.mark.parametrize(
    ("started", "finished", "message"),
    [
        ("", "", "when you started the book"),
        ("2020-02-02", "2020-02-01", "before it was started"),
        ("1899-12-31", "", "Choose a day from"),
        ("", "2101-01-01", "Choose a day from"),
        ("", "0001-01-01", "Choose a day from"),
        ("yesterday", "", "Not a valid date"),
        ("2020-02-30", "", "Not a valid date"),
        ("\0", "", "Not a valid date"),
    ],
)
def test_dates_that_are_refused(
    alice: Site, dune: str, started: str, finished: str, message: str, select: Select
) -> None:
    shelve(alice, dune, "read")
    answer = alice.submit(
        f"/books/{dune}", f"{copy_address(select)}/readings", started_on=started, finished_on=finished
    )
    assert answer.status_code == 422
    assert message in answer.text
    assert select("SELECT count(*) FROM readings") == 0


def test_notes_are_for_the_reader_alone(alice: Site, bob: Site, dune: str, select: Select) -> None:
    shelve(alice, dune, "read")
    copy = copy_address(select)
    assert alice.submit(copy, notes="From my <b>aunt</b>\r\nand uncle").status_code == 303
    page = alice.get(f"/books/{dune}").text
    assert "From my &lt;b&gt;aunt&lt;/b&gt;\nand uncle</textarea>" in page
    assert alice.submit(copy, notes="x" * (NOTES_MAX + 1)).status_code == 422
    alice.submit("/shelves/read", "/shelves/read/publish", public="1")
    for address in (f"/books/{dune}", "/readers/Alice", "/readers/Alice/shelves/read"):
        assert "aunt" not in bob.get(address).text
    assert bob.get(copy).status_code == 404
    assert bob.submit("/shelves", copy, notes="Bob's").status_code == 404
    alice.submit(copy, notes=" ")
    assert select("SELECT notes FROM shelved_books") is None


@pytest.mark.parametrize("rest", ["", "/shelf", "/shelf/remove", "/readings", "/readings/1/delete"])
def test_a_copy_is_its_readers_alone(alice: Site, bob: Site, dune: str, rest: str, select: Select) -> None:
    shelve(alice, dune, "read")
    fields = {"shelf": "", "notes": "Bob's", "finished_on": "2020-01-01"}
    assert bob.submit("/shelves", copy_address(select) + rest, **fields).status_code == 404
    assert select("SELECT count(*) FROM shelved_books WHERE notes IS NULL") == 1
    assert select("SELECT count(*) FROM readings") == 0


def test_a_line_of_ones_own(alice: Site, select: Select) -> None:
    select(
        "INSERT INTO shelved_books (reader_id, title, author, isbn, title_key, author_key, status)"
        " SELECT id, 'Ein Buch', 'Niemand', '123', 'ein buch', 'niemand', 'read' FROM readers"
    )
    copy = copy_address(select)
    assert f'href="{copy}"' in alice.get("/shelves").text
    page = alice.get(copy).text
    assert "not in the catalogue" in page
    assert pressed(page) == ["read"]
    assert alice.submit(copy, f"{copy}/shelf", shelf="Lent").location == copy
    assert titles(alice.get("/shelves/lent").text) == ["Ein Buch"]
    assert alice.submit(copy, f"{copy}/shelf", shelf="reading").location == copy
    assert alice.submit(copy, f"{copy}/shelf/remove", shelf="Lent").location == copy
    assert alice.submit(copy, f"{copy}/shelf", shelf="").location == "/shelves"
    assert alice.get(copy).status_code == 404


def test_the_last_shelf_of_a_line(alice: Site, select: Select) -> None:
    """The line says nothing without its shelf, so it goes; its page isn't there any more."""
    select("INSERT INTO shelved_books (reader_id, title, title_key, author_key) SELECT id, 'A', 'a', '' FROM readers")
    copy = copy_address(select)
    alice.submit(copy, f"{copy}/shelf", shelf="Lent")
    assert alice.submit(copy, f"{copy}/shelf/remove", shelf="Lent").location == "/shelves"


def test_shelves_are_made_renamed_and_deleted(alice: Site, dune: str) -> None:
    assert alice.submit("/shelves", name="Lent").location == "/shelves/Lent"
    assert alice.submit("/shelves", name="LENT").status_code == 409
    assert alice.submit("/shelves", name="Read").status_code == 422
    assert alice.submit("/shelves", name="Borrowed").status_code == 303
    shelve(alice, dune, "Lent")
    assert alice.submit("/shelves/lent", "/shelves/lent/rename", name="Borrowed").status_code == 409
    assert alice.submit("/shelves/lent", "/shelves/lent/rename", name="").status_code == 422
    assert alice.submit("/shelves/lent", "/shelves/lent/rename", name="Given").location == "/shelves/Given"
    assert alice.get("/shelves/Lent").status_code == 404
    assert titles(alice.get("/shelves/given").text) == ["Dune"]
    assert alice.submit("/shelves/Given/delete").location == "/shelves"
    assert alice.get("/shelves/Given").status_code == 404
    for name in ("read", "nothing"):
        assert alice.submit("/shelves", f"/shelves/{name}/rename", name="New").status_code == 404
        assert alice.submit("/shelves", f"/shelves/{name}/delete").status_code == 404


def test_a_reader_has_so_many_shelves(alice: Site, dune: str, select: Select) -> None:
    select(
        "INSERT INTO shelves (reader_id, name, name_key) SELECT id, 'Shelf ' || n, 'shelf ' || n"
        "  FROM readers, generate_series(1, :most) AS n",
        most=SHELVES_MAX,
    )
    assert alice.submit("/shelves", name="One more").status_code == 409
    assert shelve(alice, dune, "One more").status_code == 409
    assert shelve(alice, dune, "Shelf 7").status_code == 303


def test_shelves_are_private_until_they_are_made_public(alice: Site, bob: Site, dune: str) -> None:
    shelve(alice, dune, "read")
    shelve(alice, dune, "Lent")
    alice.review(dune, 5)
    for name in ("read", "Lent", "nothing"):
        assert bob.get(f"/readers/Alice/shelves/{name}").status_code == 404
    assert "/shelves/read" not in bob.get("/readers/Alice").text
    alice.submit("/shelves/read", "/shelves/read/publish", public="1")
    page = bob.get("/readers/Alice/shelves/read").text
    assert titles(page) == ["Dune"]
    assert "Lent" not in page
    assert "Your rating" not in page
    assert '"/readers/Alice/shelves/read"' in bob.get("/readers/Alice").text
    assert alice.get("/readers/Alice/shelves/read").location == "/shelves/read"
    assert bob.get("/readers/Alice/shelves/read?order=rating").status_code == 422
    alice.submit("/shelves/read", "/shelves/read/publish", public="0")
    assert bob.get("/readers/Alice/shelves/read").status_code == 404


@pytest.fixture
def library(alice: Site, add_book: AddBook, select: Select) -> None:
    """More books than a page has, on the shelf `read`."""
    for number in range(SHELVED_ON_A_PAGE + 5):
        add_book(f"{number:010}", f"Volume {number:02}", f"Author {number % 3}", year=1900 + number)
    select(
        "INSERT INTO shelved_books (reader_id, book_id, title, title_key, author, author_key, year, status, added_at)"
        " SELECT r.id, b.id, title, lower(title), author, lower(author), year, 'read', now() + b.id * interval '1 day'"
        "   FROM books AS b, readers AS r"
    )


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(("order", "first", "last"), [("date", 24, 0), ("title", 0, 24), ("year", 24, 0)])
@pytest.mark.parametrize("shelf", ["/shelves", "/shelves/read"])
def test_pages_by_links_and_by_number(alice: Site, shelf: str, order: str, first: int, last: int) -> None:
    found = [titles(page) for page in alice.pages(f"{shelf}?order={order}")]
    assert [len(page) for page in found] == [SHELVED_ON_A_PAGE, 5]
    assert (found[0][0], found[1][-1]) == (f"Volume {first:02}", f"Volume {last:02}")
    assert titles(alice.get(f"{shelf}?order={order}&page=2").text) == found[1]
    previous = re.search(r'rel="prev" href="([^"]*)"', alice.get(f"{shelf}?order={order}&page=2").text)
    assert previous
    assert titles(alice.get(previous[1].replace("&amp;", "&")).text) == found[0]


@pytest.mark.usefixtures("library")
def test_a_shelf_is_searched_and_filtered(alice: Site) -> None:
    assert titles(alice.get("/shelves/read?q=volume+07").text) == ["Volume 07"]
    assert titles(alice.get("/shelves?q=author+1&order=title").text)[0] == "Volume 01"
    assert "No book on this shelf matches" in alice.get("/shelves/read?q=nothing").text
    assert titles(alice.get("/shelves?status=reading").text) == []
    assert titles(alice.get("/shelves?rating=5").text) == []


@pytest.mark.every_input
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("page=0", 404), ("page=5001", 404), ("page=x", 200), ("page=5000", 200), ("after=1", 404), ("after=x-1", 404),
        ("order=title&after=1-dune", 200), ("order=year&after=1-dune", 404), ("after=" + "9" * 30 + "-1", 404),
        ("after=1-%C3%A9", 404), ("before=9223372036854775807-9999999999999999", 200), ("order=nothing", 422),
        ("status=nothing", 422), ("rating=6", 422), ("q=" + "x" * 201, 422), ("q=%00", 422), ("q=%25", 200),
    ],
)  # fmt: skip
def test_addresses_that_lead_nowhere(alice: Site, dune: str, query: str, status: int) -> None:
    shelve(alice, dune, "read")
    assert alice.get(f"/shelves/read?{query}").status_code == status
    assert alice.get(f"/shelves?{query}").status_code == status


def test_a_year_in_books(alice: Site, dune: str, add_book: AddBook, select: Select) -> None:
    select("UPDATE books SET pages = 412")
    emma = add_book("9780141439587", "Emma", "Jane Austen")
    for isbn, days in ((dune, ["2020-03-04", "2020-05-06", "2019-01-01"]), (emma, ["2020-03-31"])):
        shelve(alice, isbn, "read")
        for day in days:
            alice.submit(f"/books/{isbn}", f"{copy_address(select)}/readings", finished_on=day)
    alice.review(dune, 4)
    page = alice.get("/shelves/years/2020").text
    assert "You finished 2 books." in page
    assert "(1) have 412 pages" in page
    rows = dict(re.findall(r'<th scope="row">([^<]*)</th>.*?class="count">([^<]*)<', page, re.DOTALL))
    assert (rows["March"], rows["May"], rows["4 stars"], rows["5 stars"]) == ("2", "0", "1", "0")
    assert "You finished 1 book." in alice.get("/shelves/years/2019").text
    assert 'href="/shelves/years/2020"' in alice.get("/shelves").text
    assert "haven’t noted" in alice.get(f"/shelves/years/{date.today().year}").text
    for year in ("1899", "2101", "0", "99999999999999999999"):
        assert alice.get(f"/shelves/years/{year}").status_code == 404


def test_the_download_has_shelves_dates_and_notes(alice: Site, bob: Site, dune: str, select: Select) -> None:
    shelve(bob, dune, "Bob's")
    shelve(alice, dune, "read")
    shelve(alice, dune, "Lent")
    copy = copy_address(select)
    alice.submit(copy, notes="To Bob.")
    alice.submit(f"/books/{dune}", f"{copy}/readings", started_on="2020-01-02", finished_on="2020-02-03")
    alice.review(dune, 4)
    kept = alice.get("/account/data").json
    assert kept is not None
    assert [(shelf["name"], shelf["book_count"]) for shelf in kept["shelves"] if shelf["book_count"]] == [
        ("read", 1),
        ("Lent", 1),
    ]
    [book] = kept["shelved_books"]
    said = {name: book[name] for name in ("title", "isbn", "status", "shelves", "notes", "rating")}
    assert said == {
        "title": "Dune", "isbn": dune, "status": "read", "shelves": ["Lent"], "notes": "To Bob.", "rating": 4,
    }  # fmt: skip
    assert [(one["started_on"], one["finished_on"]) for one in book["readings"]] == [("2020-01-02", "2020-02-03")]


def test_a_deleted_account_takes_its_shelves_along(alice: Site, bob: Site, dune: str, select: Select) -> None:
    for site in (alice, bob):
        shelve(site, dune, "read")
        shelve(site, dune, "Lent")
    assert alice.submit("/account/delete", password=PASSWORD, reviews="keep").status_code == 303
    for table in ("shelved_books", "shelves", "shelf_members"):
        assert select(f"SELECT count(*) FROM {table}") == 1, table


def test_shelves_hold_so_many_books(alice: Site, dune: str, add_book: AddBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flyleaf.queries.shelf_entries.SHELVED_MAX", 1)
    emma = add_book("9780141439587", "Emma", "Jane Austen")
    assert shelve(alice, dune, "to-read").status_code == 303
    refused = shelve(alice, emma, "to-read")
    assert (refused.status_code, "hold up to 100,000 books" in refused.text) == (409, True)
    assert shelve(alice, dune, "read").status_code == 303, "it is there already"


def test_a_refused_shelf_leads_back_to_its_book(alice: Site, dune: str, select: Select) -> None:
    shelve(alice, dune, "read")
    for page, address in (
        (f"/books/{dune}", f"/books/{dune}/shelf"),
        (copy_address(select), "/shelves/books/{}/shelf"),
    ):
        address = address.format(copy_address(select).rpartition("/")[2])
        fields = hidden_fields(alice.get(page).text) | {"shelf": "Sci-fi/Fantasy"}
        refused = alice.client.post(address, data=fields, headers={"Referer": f"http://localhost{page}?a=1"})
        assert refused.status_code == 422
        assert f'<a class="button" href="{page}?a=1">Go back</a>' in refused.text
        for elsewhere in (
            f"http://evil.example{page}",
            f"http://localhost{address}",
            "http://localhost//evil.example",
            "http://[",
        ):
            refused = alice.client.post(address, data=fields, headers={"Referer": elsewhere})
            assert (refused.status_code, "Go back" in refused.text) == (422, False), elsewhere


def test_the_search_says_whether_it_is_of_one_shelf_or_of_all(alice: Site) -> None:
    for page, label in (("/shelves", "Search your shelves"), ("/shelves/read", "Search this shelf")):
        assert f'<label for="q">{label}</label>' in alice.get(page).text


@pytest.mark.parametrize("page", ["/shelves", "/search"])
def test_a_newcomer_finds_the_way_to_bring_books(alice: Site, dune: str, page: str) -> None:
    assert 'href="/import">Bring your books from Goodreads' in alice.get(page).text


def test_a_book_is_finished_in_a_year_of_which_no_day_is_known(alice: Site, dune: str, select: Select) -> None:
    shelve(alice, dune, "read")
    readings = f"{copy_address(select)}/readings"
    assert alice.submit(f"/books/{dune}", readings, finished_year="2019").status_code == 303
    assert "finished in 2019" in alice.get(f"/books/{dune}").text
    assert "You finished 1 book." in alice.get("/shelves/years/2019").text
    for fields, error in (
        ({"finished_year": "19"}, "Choose a year from"),
        ({"finished_year": "2019", "finished_on": "2019-03-04"}, "or only the year, not both"),
        ({"finished_year": "2019", "started_on": "2020-03-04"}, "finished before it was started"),
        ({"finished_year": "9" * 30}, "Choose a year from"),
        ({"finished_year": "last"}, "finished_year-error"),
    ):
        refused = alice.submit(f"/books/{dune}", readings, **fields)
        assert (refused.status_code, error in refused.text) == (422, True), fields
    assert select("SELECT count(*) FROM readings") == 1
