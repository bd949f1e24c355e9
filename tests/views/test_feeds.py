"""Atom feeds of reviews and of new books: what is in them, who may read them, and that they follow RFC 4287."""

import re
from collections.abc import Callable
from datetime import datetime
from xml.etree import ElementTree

import pytest
from flask import Flask
from sqlalchemy import Connection, text
from werkzeug.test import TestResponse

from flyleaf.database import Database
from flyleaf.queries import departures
from flyleaf.queries.feeds import FeedReview, select_feed_key, select_newest_of_author, select_newest_of_series
from flyleaf.views import feeds
from tests.fixture_types import AddBook, Select, Visit
from tests.plans import explain, recorded
from tests.site import PASSWORD, Site

ATOM = "{http://www.w3.org/2005/Atom}"
FEEDS = {
    "book": "/books/0441172717/reviews.atom",
    "author": "/authors/Frank%20Herbert/reviews.atom",
    "series": "/series/Dune%20Chronicles/reviews.atom",
    "reader": "/readers/Alice/reviews.atom",
}


def keyed(browser: Site, feed: str) -> str:
    """The address that a reader is sent to."""
    answer = browser.get(feed)
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def parsed(answer: TestResponse) -> ElementTree.Element:
    """The feed, after the rules of RFC 4287, section 4, that it has to follow."""
    assert (answer.status_code, answer.mimetype) == (200, "application/atom+xml")
    feed = ElementTree.fromstring(answer.data)
    assert feed.tag == f"{ATOM}feed"
    entries = feed.findall(f"{ATOM}entry")
    for element in (feed, *entries):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1, name
        assert re.fullmatch(r"http://localhost/\S+", element.findtext(f"{ATOM}id", ""))
        updated = element.findtext(f"{ATOM}updated", "")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", updated)
        assert datetime.fromisoformat(updated).tzinfo
        alternates = [link for link in element.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        assert [link.get("type") for link in alternates] == ["text/html"]
        assert all(link.get("href", "").startswith("http://localhost/") for link in element.findall(f"{ATOM}link"))
    assert [link.get("rel") for link in feed.findall(f"{ATOM}link")] == ["self", "alternate"]
    assert all(entry.findtext(f"{ATOM}author/{ATOM}name") for entry in entries)
    assert len({entry.findtext(f"{ATOM}id") for entry in entries}) == len(entries)
    assert all(content.get("type") == "html" for content in feed.iter(f"{ATOM}content"))
    return feed


def contents(feed: ElementTree.Element) -> list[str | None]:
    return [content.text for content in feed.iter(f"{ATOM}content")]


@pytest.mark.every_input
@pytest.mark.parametrize("kind", FEEDS)
def test_each_feed_has_the_review_and_is_linked_from_its_page(
    kind: str, visit: Visit, add_book: AddBook, alice: Site
) -> None:
    add_book(isbn="0441172717", title="Dune", author="Frank Herbert", series="Dune Chronicles #1")
    alice.review("0441172717", 4, "A desert.")
    address = keyed(alice, FEEDS[kind])
    feed = parsed(visit().get(address))
    assert contents(feed) == ["<p>A desert.</p>"]
    [entry] = feed.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title", "").endswith("★★★★☆")
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "Alice"
    page = feed.findall(f"{ATOM}link")[1].get("href", "").removeprefix("http://localhost")
    alternate = (
        f'<link rel="alternate" type="application/atom+xml" title="Reviews as an Atom feed" href="{FEEDS[kind]}">'
    )
    assert alternate in alice.get(page).text


def test_the_feed_of_new_books_has_the_newest_first_and_is_linked_from_their_page(
    visit: Visit, add_book: AddBook, alice: Site, select: Select
) -> None:
    add_book(isbn="9780441172719", title="Before there were dates")
    select("UPDATE books SET added_at = NULL")
    add_book(isbn="9780141439518", title="Pride & Prejudice", author="Jane Austen", description="Two\n\nparagraphs.")
    add_book(isbn=None, title="Beowulf", author="", identifiers=["goodreads:52357"], description="x" * 1_001)
    feed = parsed(visit().get(keyed(alice, "/books/new.atom")))
    assert feed.findtext(f"{ATOM}title") == "New books"
    newest, older = feed.findall(f"{ATOM}entry")
    assert (newest.findtext(f"{ATOM}title"), newest.findtext(f"{ATOM}author/{ATOM}name")) == ("Beowulf", "Flyleaf")
    assert older.findtext(f"{ATOM}title") == "Pride & Prejudice (Jane Austen)"
    assert older.findtext(f"{ATOM}author/{ATOM}name") == "Jane Austen"
    assert older.findtext(f"{ATOM}id") == "http://localhost/books/9780141439518"
    assert contents(feed) == [f"<p>{'x' * 1_000}…</p>", "<p>Two</p><p>paragraphs.</p>"]
    alternate = (
        '<link rel="alternate" type="application/atom+xml" title="New books as an Atom feed" href="/books/new.atom">'
    )
    assert alternate in alice.get("/books/new").text
    assert alternate in alice.get("/search").text


def test_the_feed_of_new_books_needs_a_reader_or_a_key(visit: Visit) -> None:
    assert visit().get("/books/new.atom").headers["Location"] == "/login?next=/books/new.atom"
    assert visit().get("/books/new.atom?key=x").status_code == 403


def test_a_series_that_shares_its_name_has_a_feed_of_its_own(
    visit: Visit, add_book: AddBook, alice: Site, select: Select
) -> None:
    for isbn, author in (("9780849917905", "Ted Dekker"), ("9780441172719", "Dave Eggers")):
        for number in (1, 2):
            own = isbn if number == 1 else f"978000000{author[0] == 'D':d}001"
            add_book(own, f"Volume {number} of {author}", author)
            select("UPDATE books SET series = :series WHERE isbn = :isbn", series=f"The Circle #{number}", isbn=own)
        alice.review(isbn, 4, f"By {author}.")
    page = alice.get("/series/The Circle?author=Ted Dekker").text
    assert 'href="/series/The%20Circle/reviews.atom?author=Ted+Dekker"' in page
    feed = parsed(visit().get(keyed(alice, "/series/The%20Circle/reviews.atom?author=Ted+Dekker")))
    assert contents(feed) == ["<p>By Ted Dekker.</p>"]
    assert feed.findtext(f"{ATOM}title") == "Reviews: The Circle (Ted Dekker)"
    assert feed.findtext(f"{ATOM}id") == "http://localhost/series/The%20Circle/reviews.atom?author=Ted+Dekker"
    assert len(contents(parsed(visit().get(keyed(alice, "/series/The%20Circle/reviews.atom"))))) == 2


@pytest.mark.parametrize("kind", FEEDS)
def test_a_feed_needs_a_reader_or_a_key(kind: str, visit: Visit, dune: str, alice: Site) -> None:
    answer = visit().get(FEEDS[kind])
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/login?next=")
    address = keyed(alice, FEEDS["reader"])
    key = address.partition("?key=")[2]
    for wrong in ("", "x", key[:-2], key[1:], "W10.x", f"{key}%00"):
        assert visit().get(f"{FEEDS[kind]}?key={wrong}").status_code == 403


def test_a_revoked_key_opens_nothing_and_a_new_one_does(visit: Visit, dune: str, alice: Site, bob: Site) -> None:
    old, other = keyed(alice, FEEDS["book"]), keyed(bob, FEEDS["book"])
    assert alice.submit("/account", "/account/feeds/revoke").status_code == 303
    assert "no longer valid" in visit().get(old).text
    assert visit().get(other).status_code == 200
    assert visit().get(keyed(alice, FEEDS["book"])).status_code == 200


def test_revoking_needs_the_forms_token(alice: Site) -> None:
    assert alice.client.post("/account/feeds/revoke").status_code == 400


def test_a_locked_readers_key_opens_nothing(visit: Visit, dune: str, alice: Site, select: Select) -> None:
    address = keyed(alice, FEEDS["book"])
    select("UPDATE readers SET lock_reason = 'Spam' WHERE name = 'Alice'")
    assert visit().get(address).status_code == 403


def test_the_key_of_an_account_that_is_being_deleted_opens_nothing(
    visit: Visit, dune: str, alice: Site, select: Select, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(departures, "REVIEWS_AT_ONCE", 1)
    alice.review(dune, 4, "A desert.")
    address = keyed(alice, FEEDS["book"])
    assert alice.submit("/account/delete", password=PASSWORD, reviews="keep").status_code == 303
    assert select("SELECT count(*) FROM departures") == 1
    assert visit().get(address).status_code == 403


def test_who_is_locked_while_a_key_is_made_gets_none(
    dune: str, alice: Site, select: Select, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lock(connection: Connection, reader_id: int) -> int | None:
        select("UPDATE readers SET lock_reason = 'Spam' WHERE name = 'Alice'")
        return select_feed_key(connection, reader_id)

    monkeypatch.setattr(feeds, "select_feed_key", lock)
    assert alice.get(FEEDS["book"]).headers["Location"].startswith("/login?next=")


def test_a_key_without_a_number_opens_nothing(app: Flask, visit: Visit, dune: str, alice: Site, select: Select) -> None:
    """It was signed for a reader who was locked at that moment."""
    select("UPDATE readers SET lock_reason = 'Spam' WHERE name = 'Alice'")
    with app.app_context():
        key = feeds._signer().dumps([select("SELECT id FROM readers"), None])
    assert visit().get(f"{FEEDS['book']}?key={key}").status_code == 403


@pytest.mark.every_input
@pytest.mark.parametrize("kind", FEEDS)
@pytest.mark.parametrize("removed", ["hidden", "private", "withdrawn", "superseded"])
def test_a_review_that_others_do_not_see_is_in_no_feed(
    kind: str, removed: str, visit: Visit, add_book: AddBook, alice: Site, bob: Site, select: Select
) -> None:
    add_book(isbn="0441172717", title="Dune", author="Frank Herbert", series="Dune Chronicles #1")
    alice.review("0441172717", 4, "A desert.")
    if removed == "hidden":
        select("UPDATE reviews SET hidden_at = now(), hidden_reason = 'Spam'")
    elif removed == "private":
        select("UPDATE reviews SET is_private = true")
    elif removed == "withdrawn":
        review_id = select("SELECT id FROM reviews")
        bob.submit(f"/reviews/{review_id}/report", reason="Spam")
        alice.submit("/books/0441172717/review/delete")
        assert select("SELECT count(*) FROM reviews WHERE withdrawn_at IS NOT NULL") == 1
    else:
        schema = select("SELECT nspname FROM pg_namespace WHERE nspname ~ '^search_'")
        select(f"UPDATE {schema}.search_reviews SET is_superseded = true")
    assert contents(parsed(visit().get(keyed(bob, FEEDS[kind])))) == []


def test_a_feed_that_has_not_changed_is_not_sent_again(visit: Visit, dune: str, alice: Site, bob: Site) -> None:
    alice.review(dune, 4, "A desert.")
    address, reader = keyed(bob, FEEDS["book"]), visit()
    first = reader.get(address)
    tag, changed = first.headers["ETag"], first.headers["Last-Modified"]
    assert reader.get(address, headers={"If-None-Match": tag}).status_code == 304
    assert reader.get(address, headers={"If-Modified-Since": changed}).status_code == 304
    alice.submit(f"/books/{dune}/review/edit", rating="1", text="Sand.")
    again = reader.get(address, headers={"If-None-Match": tag})
    assert contents(parsed(again)) == ["<p>Sand.</p>"]


def test_everything_is_escaped_and_what_xml_cannot_hold_is_replaced(
    visit: Visit, add_book: AddBook, alice: Site
) -> None:
    add_book(isbn="0441172717", title="<b>\"&amp;\x0b\ufffe' ]]>", author="Frank Herbert")
    alice.review("0441172717", 4, "<script>&amp; ]]> ||he dies||")
    feed = parsed(visit().get(keyed(alice, FEEDS["author"])))
    assert feed.findtext(f"{ATOM}entry/{ATOM}title") == "<b>\"&amp;\ufffd\ufffd' ]]> ★★★★☆"
    [html] = contents(feed)
    assert html is not None
    assert "&lt;script&gt;&amp;amp; ]]&gt;" in html
    assert "<details" in html, "spoilers are folded here, too"


def test_a_deleted_account_has_no_name(visit: Visit, dune: str, alice: Site, select: Select) -> None:
    visit().registered("Carol").review(dune, 2, "Dry.")
    select("UPDATE reviews SET reader_id = NULL")
    assert "<name>Deleted account</name>" in visit().get(keyed(alice, FEEDS["book"])).text


def test_a_feed_speaks_the_language_of_who_asks(visit: Visit, dune: str, alice: Site) -> None:
    feed = parsed(visit().get(keyed(alice, FEEDS["book"]), headers={"Accept-Language": "pt-BR"}))
    assert feed.findtext(f"{ATOM}title") == "Resenhas: Dune"


@pytest.mark.parametrize(
    "missing",
    ["/books/0000000000/reviews.atom", "/authors/Nobody/reviews.atom", "/series/Nothing/reviews.atom",
     "/readers/Nobody/reviews.atom", "/authors/a%00b/reviews.atom", "/series/The%20Circle/reviews.atom?author=a%00b"],
)  # fmt: skip
def test_a_feed_of_nothing_is_not_found(missing: str, dune: str, alice: Site) -> None:
    assert alice.get(keyed(alice, missing)).status_code == 404


@pytest.mark.parametrize("select_newest", [select_newest_of_author, select_newest_of_series])
def test_the_newest_reviews_of_each_work_are_found_in_an_index(
    select_newest: Callable[[Connection, str], list[FeedReview]], database: Database, dune: str
) -> None:
    with database.transaction() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))  # which is faster for a handful of rows
        with recorded(database.engine, "WITH") as statements:
            select_newest(connection, "Frank Herbert")
        [(statement, values)] = [one for one in statements if "LATERAL" in one[0]]
        plan = explain(connection, statement, values)
    assert any(str(node.get("Index Name", "")).endswith("_latest_first") for node in plan.nodes)
    assert not plan.reads_whole("search_reviews")
    assert not any(node["Node Type"] == "Seq Scan" for node in plan.nodes)
