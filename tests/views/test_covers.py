"""Covers in pages, and as pictures of their own."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from flask import Flask

from flyleaf.app import create_app
from flyleaf.config import Config
from flyleaf.covers.files import CoverFiles
from flyleaf.covers.shrinking import ShrunkCover, shrink
from flyleaf.database import Database
from flyleaf.queries.covers import Cover, upsert_cover
from flyleaf.web.current import EXTENSION, Flyleaf
from tests import pictures
from tests.fixture_types import Select
from tests.site import Site

pytestmark = pytest.mark.slow

FOREVER = "public, max-age=31536000, immutable"
AddCover = Callable[[str], str]


@pytest.fixture(scope="module")
def shrunk() -> ShrunkCover:
    return shrink(pictures.jpeg())


@pytest.fixture
def contacted(config: Config) -> Config:
    """The settings of a site that asks Open Library, at an address where nobody answers."""
    nobody = "http://127.0.0.1:9"
    return replace(
        config, open_library_contact="a@example.org", open_library_url=nobody, open_library_covers_url=nobody
    )


@contextmanager
def running(config: Config, database: Database) -> Iterator[Flask]:
    """A site, whose threads end with the block."""
    app = create_app(config, database)
    yield app
    site: Flyleaf = app.extensions[EXTENSION]
    for fetcher in (site.cover_fetcher, site.rating_fetcher):
        if fetcher is not None:
            fetcher.stop()


@pytest.fixture
def covered(contacted: Config, database: Database) -> Iterator[Flask]:
    with running(contacted, database) as app:
        yield app


@pytest.fixture
def fetched_again(covered: Flask, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """The covers that the site's fetcher is told to fetch again; it doesn't."""
    asked: list[tuple[int, str]] = []
    fetcher = covered.extensions[EXTENSION].cover_fetcher
    monkeypatch.setattr(fetcher, "fetch_again", lambda *values: asked.append(values))
    monkeypatch.setattr(fetcher, "wake", lambda: None)
    return asked


@pytest.fixture
def reader(covered: Flask) -> Site:
    return Site(covered.test_client()).registered("Alice")


@pytest.fixture
def add_cover(database: Database, contacted: Config, shrunk: ShrunkCover, select: Select) -> AddCover:
    """Give the book with this ISBN a cover, and return its digest."""

    def add(isbn: str) -> str:
        CoverFiles(contacted.cover_files).write(shrunk)
        book_id = select("SELECT id FROM books WHERE isbn = :isbn", isbn=isbn)
        with database.transaction() as connection:
            upsert_cover(connection, "open_library", book_id, Cover(shrunk.digest, 333, 500), 20_000)
        return shrunk.digest

    return add


def address(digest: str, size: str = "small") -> str:
    return f"/covers/{digest}-{size}.webp"


def test_a_cover_is_there_for_everybody_and_may_be_kept_forever(
    covered: Flask, dune: str, add_cover: AddCover, shrunk: ShrunkCover
) -> None:
    visitor = covered.test_client()
    digest = add_cover(dune)
    for size, content in (("small", shrunk.small), ("large", shrunk.large)):
        response = visitor.get(address(digest, size))
        assert (response.status_code, response.mimetype, response.data) == (200, "image/webp", content)
        assert response.headers["Cache-Control"] == FOREVER
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "Set-Cookie" not in response.headers
        again = visitor.get(address(digest, size), headers={"If-None-Match": response.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        assert visitor.head(address(digest, size)).headers["Content-Length"] == str(len(content))


def test_nothing_else_is_given_out(
    covered: Flask, dune: str, add_cover: AddCover, fetched_again: list[tuple[int, str]], subtests: pytest.Subtests
) -> None:
    add_cover(dune)
    zeros = "0" * 32
    for name in ("", "x", "../secret_key", "..%2fsecret_key", "%2e%2e/secret_key", "..\\secret_key", "/etc/passwd",
                 "%00", f"{zeros}-small.webp", f"{zeros}-huge.webp", f"{zeros[1:]}/-small.webp", "pruned", "00",
                 f"{zeros}-small.webp%0a", f"{zeros}-small.webp/.."):  # fmt: skip
        with subtests.test(name):
            response = covered.test_client().get(f"/covers/{name}")
            assert response.status_code in (404, 308)
            assert response.headers["Cache-Control"] == "no-store"
    assert fetched_again == []


def test_a_machine_without_the_file_shows_the_drawn_cover_and_fetches_it(
    covered: Flask, dune: str, add_cover: AddCover, contacted: Config, fetched_again: list[tuple[int, str]]
) -> None:
    digest = add_cover(dune)
    for path in contacted.cover_files.rglob("*.webp"):
        path.unlink()
    response = covered.test_client().get(address(digest))
    assert (response.status_code, response.mimetype) == (200, "image/svg+xml")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.text.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert "Dune" in response.text
    [(_, asked)] = fetched_again
    assert asked == digest


def test_a_file_that_cannot_be_read_is_as_good_as_missing(
    covered: Flask, dune: str, add_cover: AddCover, contacted: Config, fetched_again: list[tuple[int, str]]
) -> None:
    digest = add_cover(dune)
    path = next(contacted.cover_files.rglob("*-small.webp"))
    path.unlink()
    path.mkdir()  # which root can't read either
    assert covered.test_client().get(address(digest)).mimetype == "image/svg+xml"
    assert len(fetched_again) == 1


def pictures_in(page: str) -> list[str]:
    return re.findall(r'<img class="cover"[^>]*>', page)


def test_every_page_shows_the_cover(
    covered: Flask, reader: Site, dune: str, add_cover: AddCover, fetched_again: list[tuple[int, str]], select: Select
) -> None:
    digest = add_cover(dune)
    reader.submit(f"/books/{dune}", f"/books/{dune}/review", rating="4", text="Sand.")
    review = select("SELECT id FROM reviews")
    pages = [f"/books/{dune}", "/search", "/search?q=dune", "/authors/Frank Herbert", "/readers/Alice",
             f"/books/{dune}/review/edit", f"/books/{dune}/review/delete"]  # fmt: skip
    bob = Site(covered.test_client()).registered("Bob")
    shown = {page: reader.get(page).text for page in pages}
    shown["/"] = covered.test_client().get("/").text
    shown["report"] = bob.get(f"/reviews/{review}/report").text
    bob.submit(f"/reviews/{review}/report", reason="Spam")
    select("UPDATE readers SET is_moderator = true WHERE name = 'Bob'")
    shown["/moderation"] = bob.get("/moderation").text
    shown["hide"] = bob.get(f"/moderation/reviews/{review}/hide").text
    bob.submit(f"/moderation/reviews/{review}/hide", reason="Spam")
    shown["/moderation/hidden"] = bob.get("/moderation/hidden").text
    for page, text in shown.items():
        found = pictures_in(text)
        assert len(found) == 1, (page, found)
        assert f'src="{address(digest)}"' in found[0]
        assert f'srcset="{address(digest)} 144w, {address(digest, "large")} 333w"' in found[0]
        assert 'width="333" height="500"' in found[0]
        is_first = page in ("/", f"/books/{dune}")
        assert ('loading="lazy"' in found[0]) != is_first, page
        assert '<svg class="cover"' not in text
        assert ("Cover of “Dune”" in found[0]) == (page == f"/books/{dune}")
        assert page == f"/books/{dune}" or 'alt=""' in found[0]


def test_without_a_contact_or_with_covers_off_all_covers_are_drawn(
    config: Config, contacted: Config, database: Database, dune: str, add_cover: AddCover
) -> None:
    digest = add_cover(dune)
    for settings in (config, replace(contacted, covers=False)):
        with running(settings, database) as app:
            site: Flyleaf = app.extensions[EXTENSION]
            assert site.cover_fetcher is None
            reader = Site(app.test_client()).registered(f"Reader{settings.covers:d}")
            for page in (f"/books/{dune}", "/search?q=dune"):
                text = reader.get(page).text
                assert '<svg class="cover"' in text
                assert not pictures_in(text)
            assert app.test_client().get(address(digest)).status_code == 200  # of a page that is still open


def test_a_book_is_queued_once_for_many_looks(
    reader: Site, dune: str, fetched_again: list[tuple[int, str]], select: Select
) -> None:
    for _ in range(3):
        assert '<svg class="cover"' in reader.get(f"/books/{dune}").text
    assert select("SELECT isbn FROM cover_requests JOIN books ON books.id = book_id") == dune


def test_results_alone_queue_nothing(
    reader: Site, dune: str, fetched_again: list[tuple[int, str]], select: Select
) -> None:
    """Open Library asks not to be crawled: only books that somebody opens are asked for."""
    reader.get("/search?q=dune")
    assert select("SELECT count(*) FROM cover_requests") == 0


def test_under_a_path(contacted: Config, database: Database, dune: str, add_cover: AddCover) -> None:
    digest = add_cover(dune)
    with running(replace(contacted, script_name="/library"), database) as app:
        client = app.test_client()
        [found] = pictures_in(client.get("/library/").text)
        assert f'src="/library{address(digest)}"' in found
        assert client.get(f"/library{address(digest)}").status_code == 200
