"""The pages of subjects."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from flyleaf.limits import PAGE_MAX, PAGE_SIZE
from flyleaf.queries import subjects
from flyleaf.subjects import subject_id
from tests.fixture_types import AddBook, Select
from tests.markup import part
from tests.site import Site


@pytest.fixture
def shelf(add_book: AddBook, select: Select) -> None:
    fiction, desert, dogs = (number_of(select, name) for name in ("Science Fiction", "Désert & <sand>", "Dogs"))
    add_book("9780441172719", "Dune", "Frank Herbert", subjects=[fiction, desert])
    add_book("9780340960196", "Dune", "Frank Herbert", subjects=[fiction])
    add_book("9780441104024", "Children of Dune", "Frank Herbert", subjects=[fiction])
    add_book("9780141439587", "Emma", "Jane Austen", subjects=[dogs])
    add_book("9780451526538", "Tom Sawyer", "Mark Twain")


def number_of(select: Select, name: str) -> int:
    """The id of a subject of this name, which is added."""
    key = "-".join(re.findall(r"\w+", name.replace("é", "e").replace("&", "and").casefold()))
    number = subject_id(key)
    select("INSERT INTO subjects (id, key, name) VALUES (:id, :key, :name)", id=number, key=key, name=name)
    return number


def shown(html: str) -> list[str]:
    return [unescape(title) for title in re.findall(r'class="shelf-title"[^>]*>([^<]*)<', html)]


@pytest.mark.parametrize("address", ["/subjects", "/subjects/dogs"])
def test_a_visitor_is_asked_to_log_in(client: FlaskClient, address: str) -> None:
    assert client.get(address).location.startswith(f"/login?next={address}")


def test_a_subject_has_works_the_most_popular_first(alice: Site, shelf: None) -> None:
    alice.review("9780441104024", 3)
    html = alice.get("/subjects/science-fiction").text
    assert shown(html) == ["Children of Dune", "Dune"]
    assert "2 works" in html
    assert "<bdi>Science Fiction</bdi>" in html


def test_what_only_one_edition_has_is_a_subject_of_the_work(alice: Site, shelf: None) -> None:
    assert shown(alice.get("/subjects/desert-and-sand").text) == ["Dune"]
    book = alice.get("/books/9780340960196").text
    assert '<a href="/subjects/desert-and-sand"><bdi>Désert &amp; &lt;sand&gt;</bdi></a>' in book


@pytest.mark.parametrize("spelling", ["Science%20Fiction", "SCIENCE-FICTION", "science--fiction", "science/fiction"])
def test_every_spelling_leads_to_one_address(alice: Site, shelf: None, spelling: str) -> None:
    answer = alice.get(f"/subjects/{spelling}")
    assert (answer.status_code, answer.location) == (301, "/subjects/science-fiction")


@pytest.mark.parametrize("key", ["nothing", "...", "%00", "%ED%A0%80", "a" * 5000, "' OR 1=1 --", "%25"])
def test_what_no_book_has_is_not_found(alice: Site, shelf: None, key: str) -> None:
    assert alice.get(f"/subjects/{key}").status_code == 404


def test_a_subject_is_gone_with_its_last_book(alice: Site, shelf: None, select: Select) -> None:
    select("UPDATE books SET subjects = NULL WHERE title = 'Emma'")
    assert alice.get("/subjects/dogs").status_code == 404
    assert "Dogs" not in alice.get("/subjects").text


def test_the_largest_come_first(alice: Site, shelf: None) -> None:
    html = alice.get("/subjects").text
    listed = re.findall(r"<bdi>(.*?)</bdi></a>\s*<span class=\"count\">(\d+)<", html)
    assert listed[0] == ("Science Fiction", "2")
    assert sorted(listed[1:]) == [("Dogs", "1"), ("Désert &amp; &lt;sand&gt;", "1")]


def test_a_catalogue_without_subjects_says_so(alice: Site, dune: str) -> None:
    assert "No book in this catalogue has a subject yet." in alice.get("/subjects").text
    assert "/subjects" not in alice.get("/search").text


def test_the_search_page_leads_to_the_subjects(alice: Site, shelf: None) -> None:
    assert 'href="/subjects"' in alice.get("/search").text


@pytest.fixture
def many(select: Select) -> None:
    select(
        "INSERT INTO subjects (id, key, name) SELECT n, 'topic-' || n, 'Topic ' || n FROM generate_series(1, 150) AS n"
    )
    select(
        "INSERT INTO books (isbn, title, author, subjects, ratings_count)"
        " SELECT to_char(n, 'fm0000000000'), 'Volume ' || n, 'Author ' || n, ARRAY[1, 1 + n], n"
        "   FROM generate_series(1, 140) AS n"
    )


def test_works_come_in_pages_and_each_once(alice: Site, many: None) -> None:
    first = alice.get("/subjects/topic-1").text
    second = alice.get(unescape(part(r'rel="next" href="([^"]*)"', first))).text
    assert shown(first) + shown(second) == [f"Volume {n}" for n in range(140, 140 - 2 * PAGE_SIZE, -1)]
    assert "This list has fewer pages." in alice.get("/subjects/topic-1?page=99").text
    assert alice.get(f"/subjects/topic-1?page={PAGE_MAX + 1}").status_code == 404


def test_subjects_come_in_pages_and_each_once(alice: Site, many: None) -> None:
    first = alice.get("/subjects").text
    second = alice.get(unescape(part(r'rel="next" href="([^"]*)"', first))).text
    listed = re.findall(r"<bdi>(Topic \d+)</bdi>", first + second)
    assert (len(listed), len(set(listed)), listed[0]) == (141, 141, "Topic 1")
    assert "This list has fewer pages." in alice.get("/subjects?page=9").text


def test_of_a_large_subject_the_popular_works_are_listed(
    alice: Site, many: None, monkeypatch: pytest.MonkeyPatch, select: Select
) -> None:
    """No index tells which of very many works are popular, but for the 32,000 most popular ones of the catalogue."""
    monkeypatch.setattr(subjects, "LOOK", 100)
    select("UPDATE search_subjects SET tier = 2 WHERE popularity <= 40")
    html = alice.get("/subjects/topic-1").text
    assert "140 works" in html
    assert "the 100 most popular ones are listed" in html
    assert shown(html)[0] == "Volume 140"
    assert shown(alice.get("/subjects/topic-1?page=5").text)[-1] == "Volume 41"
    assert 'rel="next"' not in alice.get("/subjects/topic-1?page=5").text
