"""The download of one's own data: complete, in little memory, and out of the way of pages."""

import json
import tempfile
from typing import Any, NoReturn

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flyleaf.database import Database
from flyleaf.limits import DOWNLOADS
from flyleaf.views import own_data
from tests.fixture_types import AddBook, Select, Together
from tests.site import Site, cookie_name

REVIEWS = """
    WITH volumes AS (INSERT INTO books (isbn, title)
                     SELECT to_char(n, 'fm0000000000'), 'Volume ' || n FROM generate_series(1, :n) AS n
                     RETURNING id)
    INSERT INTO reviews (book_id, reader_id, rating, text)
    SELECT v.id, r.id, 4, repeat('Sand. ', :words) FROM volumes AS v, readers AS r
"""


@pytest.mark.slow
def test_sixteen_downloads_of_3000_reviews_leave_the_site_to_others(
    app: Flask, alice: Site, client: FlaskClient, dune: str, select: Select, together: Together
) -> None:
    app.testing = False  # as in earnest: what is raised becomes an answer
    select(REVIEWS, n=3_000, words=400)

    def download() -> tuple[int, str]:
        answer = Site(app.test_client(use_cookies=False)).get("/account/data", headers={"Cookie": cookie})
        return answer.status_code, answer.text

    cookie = f"{cookie_name(app, 'session')}={alice.cookie('session')}"
    downloads = [download] * 16
    pages = [lambda: (app.test_client().get(f"/api/{dune}").status_code, "")] * 4
    answers = together(*downloads, *pages)
    assert [status for status, _ in answers[16:]] == [200] * 4
    complete = [json.loads(text) for status, text in answers[:16] if status == 200]
    assert complete
    assert {len(kept["reviews"]) for kept in complete} == {3_000}
    assert {status for status, _ in answers[:16]} <= {200, 429, 503}


def test_no_connection_is_held_while_it_is_formatted(
    alice: Site, bob: Site, dune: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice.review(dune, 5)
    held = []
    line = own_data._line

    def watched(item: Any) -> bytes:
        held.append(database.engine.pool.checkedout())  # type: ignore[attr-defined]  # of the pool that engines have
        return line(item)

    monkeypatch.setattr(own_data, "_line", watched)
    assert alice.get("/account/data").status_code == 200
    assert len(held) > 4
    assert set(held) == {0}


def test_each_thing_is_in_it_once_and_the_newest_first(
    alice: Site, bob: Site, add_book: AddBook, select: Select, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_data, "AT_ONCE", 2)
    isbns = ["9780441172719", "9780340960196", "9780441104024", "9780141439518"]
    for isbn in isbns:
        add_book(isbn, title=f"Volume {isbn}")
        alice.review(isbn, 5, isbn)
        bob.review(isbn, 4)
        review = select("SELECT max(id) FROM reviews")
        assert alice.submit(f"/reviews/{review}/report", reason=isbn).status_code == 303
    kept = json.loads(alice.get("/account/data").data)
    assert [review["text"] for review in kept["reviews"]] == isbns[::-1]
    assert [report["reason"] for report in kept["reports"]] == isbns[::-1]
    assert [event["kind"] for event in kept["events"]] == [
        "data-downloaded", *["review-reported"] * 4, "logged-in", "registered",
    ]  # fmt: skip


def test_its_length_is_said_so_that_a_part_does_not_pass_for_all(alice: Site, client: FlaskClient) -> None:
    answer = alice.get("/account/data", headers={"Accept-Encoding": "br, gzip"})
    assert "Content-Encoding" not in answer.headers
    assert answer.content_length == len(answer.data) > 500


def test_more_than_six_in_an_hour_are_429_in_words(alice: Site, bob: Site, select: Select) -> None:
    assert [alice.get("/account/data").status_code for _ in range(DOWNLOADS.most)] == [200] * 6
    answer = alice.get("/account/data")
    assert answer.status_code == 429
    assert 3_590 < int(answer.headers["Retry-After"]) <= 3_600
    assert "You can download your data 6 times an hour. Try again in 60 minutes." in answer.text
    assert select("SELECT count(*) FROM events WHERE kind = 'data-downloaded'") == 6
    assert bob.get("/account/data").status_code == 200


def test_while_another_is_prepared_it_is_503_and_does_not_count(
    app: Flask, alice: Site, select: Select, log: list[str]
) -> None:
    app.testing = False
    with own_data._turns.take("a download"):
        answer = alice.get("/account/data")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "Too many readers are doing this right now" in answer.text
    assert any("too much at once: data downloads" in line for line in log)
    assert select("SELECT count(*) FROM events WHERE kind = 'data-downloaded'") == 0


def test_with_a_full_disk_it_is_503_and_logged(
    app: Flask, alice: Site, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app.testing = False

    def no_space() -> NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", no_space)
    answer = alice.get("/account/data")
    assert answer.status_code == 503
    assert "Your data couldn’t be prepared." in answer.text
    assert any("No space left on device" in line for line in log)
