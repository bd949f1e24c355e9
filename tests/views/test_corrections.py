"""Correcting books: Mo moderates, Bob reads."""

import re
from typing import Any

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from flyleaf.database import Database
from flyleaf.limits import DESCRIPTION_MAX, TITLE_MAX
from flyleaf.queries.corrections import CORRECTION_LOCK
from tests.fixture_types import AddBook, Select, Visit
from tests.site import Site, hidden_fields


@pytest.fixture
def mo(visit: Visit, select: Select) -> Site:
    return moderator(visit, select, "Mo")


def moderator(visit: Visit, select: Select, name: str) -> Site:
    site = visit().registered(name)
    select("UPDATE readers SET is_moderator = true WHERE name = :name", name=name)
    return site


def fields_of(select: Select, isbn: str) -> dict[str, str]:
    """The book's fields, as its form shows them."""
    found: dict[str, Any] = select("SELECT to_jsonb(b) FROM books AS b WHERE isbn = :isbn", isbn=isbn)
    names = ("title", "author", "series", "year", "publisher", "language", "pages", "other_titles", "description")
    subjects = select(
        "SELECT string_agg(name, '; ' ORDER BY place)"
        "  FROM books AS b, unnest(b.subjects) WITH ORDINALITY AS listed (id, place)"
        "  JOIN subjects AS s ON s.id = listed.id WHERE isbn = :isbn",
        isbn=isbn,
    )
    return {name: "" if found[name] is None else str(found[name]) for name in names} | {"subjects": subjects or ""}


def correct(site: Site, select: Select, isbn: str, **fields: str) -> TestResponse:
    return site.submit(f"/books/{isbn}/correct", **{**fields_of(select, isbn), "reason": "Title page.", **fields})


def undo(site: Site, isbn: str, correction_id: int) -> TestResponse:
    return site.submit(f"/books/{isbn}/history", f"/corrections/{correction_id}/undo")


def details(select: Select) -> list[Any]:
    return select("SELECT jsonb_agg(detail ORDER BY id) FROM events WHERE kind = 'moderated'") or []


def test_a_moderator_corrects_a_book_and_everybody_sees_who(mo: Site, bob: Site, dune: str, select: Select) -> None:
    response = correct(mo, select, dune, title="  Dune   Messiah ", year="1969", pages="256")
    assert response.status_code == 303
    assert "Book corrected." in mo.get(response.location).text
    page = bob.get(f"/books/{dune}").text
    assert '<h1 dir="auto">Dune Messiah</h1>' in page
    assert "1969" in page
    assert '<a href="/readers/Mo"><bdi>Mo</bdi></a>' in page
    assert "Title page." in page
    assert "/undo" not in page
    assert "Correct this book" not in page
    history = bob.get(f"/books/{dune}/history").text
    assert history.count("<del") == history.count("<ins") == 3
    assert "/undo" not in history
    assert [one["action"] for one in details(select)] == ["corrected"] * 3
    assert select("SELECT count(*) FROM corrections WHERE proposed_by = accepted_by") == 3


def test_undone_it_is_as_before_and_the_history_says_so(mo: Site, dune: str, select: Select) -> None:
    before = select("SELECT to_jsonb(b) FROM books AS b")
    correct(mo, select, dune, author="Herbert", publisher="Ace")
    assert "/undo" in mo.get(f"/books/{dune}").text
    for correction_id in (1, 2):
        number = select("SELECT id FROM corrections ORDER BY id OFFSET :n LIMIT 1", n=correction_id - 1)
        assert undo(mo, dune, number).status_code == 303
    assert select("SELECT to_jsonb(b) FROM books AS b") == before
    page = mo.get(f"/books/{dune}/history").text
    assert page.count("undone by") == 2
    assert "/undo" not in page
    assert [one["action"] for one in details(select)] == ["corrected"] * 2 + ["undone"] * 2


def test_series_subjects_and_other_titles_are_added_changed_and_taken_away(
    bob: Site, mo: Site, dune: str, select: Select
) -> None:
    first = {"series": "Dune #1", "subjects": "Deserts; Science fiction", "other_titles": "Duna"}
    for values in (
        first,
        {"series": "Dune #2", "subjects": "Dogs", "other_titles": "Duna | Dyuna"},
        dict.fromkeys(first, ""),
    ):
        assert correct(mo, select, dune, **values).status_code == 303
        assert fields_of(select, dune) | values == fields_of(select, dune)
        page = bob.get(f"/books/{dune}").text
        assert all(part in page for value in values.values() for part in re.split("[|;#]", value))
    history = mo.get(f"/books/{dune}/history").text
    for said in ("Series before", "Subjects after", "Other titles after", "Deserts; Science fiction", "Duna | Dyuna"):
        assert said in history
    for number in select(
        "SELECT array_agg(id ORDER BY id DESC) FROM (SELECT id FROM corrections ORDER BY id DESC LIMIT 6) AS c"
    ):
        assert undo(mo, dune, number).status_code == 303
    assert fields_of(select, dune) | first == fields_of(select, dune)


def test_two_moderators_undo_once(mo: Site, dune: str, select: Select) -> None:
    correct(mo, select, dune, year="1966")
    page = f"/books/{dune}/history"
    token = hidden_fields(mo.get(page).text)
    number = select("SELECT id FROM corrections")
    assert mo.client.post(f"/corrections/{number}/undo", data=token).status_code == 303
    assert mo.client.post(f"/corrections/{number}/undo", data=token).status_code == 409
    assert mo.client.post(f"/corrections/{number + 1}/undo", data=token).status_code == 404


def test_what_was_left_as_it_was_is_no_change(mo: Site, add_book: AddBook, select: Select) -> None:
    """Not even where an import would clean it otherwise today."""
    isbn = add_book(title="<b>Bold</b> &amp; ½", description="One.\n\nTwo\r\nlines.", language="xx-unknown")
    response = correct(mo, select, isbn)
    assert response.status_code == 303
    assert "Nothing was changed" in mo.get(response.location).text
    assert select("SELECT count(*) FROM corrections") == 0


def test_markup_is_meant_as_it_is_typed(mo: Site, dune: str, select: Select) -> None:
    correct(mo, select, dune, title="Using <b> & </b> &amp;", description="a <script> tag\r\n\r\nand more")
    assert select("SELECT title FROM books") == "Using <b> & </b> &amp;"
    assert select("SELECT description FROM books") == "a <script> tag\n\nand more"
    assert "<script> tag" not in mo.get(f"/books/{dune}/history").text


@pytest.mark.parametrize(
    ("field", "entered", "stored"),
    [
        ("year", "c1984", "1984"),
        ("language", "English", "en"),
        ("author", "", ""),
        ("pages", " 0604 ", "604"),
        ("title", "Caf\u0065\u0301", "Café"),
        ("publisher", "A\u00a0\u2003B", "A B"),
        ("series", "Dune, Book 1; Arrakis (2)", "Dune #1; Arrakis #2"),
        ("other_titles", "Duna|  Le Désert |Duna", "Duna | Le Désert"),
        (
            "subjects",
            "deserts; Dogs -- Training;science fiction;Deserts",
            "Deserts; Dogs; Dogs — Training; Science fiction",
        ),
        ("subjects", "Fiction, English", "Fiction, English"),
    ],
)
def test_it_is_cleaned_as_an_import_does(
    mo: Site, dune: str, select: Select, field: str, entered: str, stored: str
) -> None:
    assert correct(mo, select, dune, **{field: entered}).status_code == 303
    assert fields_of(select, dune)[field] == stored


@pytest.mark.parametrize(
    ("field", "entered", "said"),
    [
        ("title", " ", "A book needs a title."),
        ("title", "x" * (TITLE_MAX + 1), "up to 1,000 characters"),
        ("title", "Dune (Dune, #1)", "without the series"),
        ("year", "3000", "from -3000 to 2100"),
        ("year", "soon", "from -3000 to 2100"),
        ("pages", "0", "from 1 to 100000"),
        ("language", "Klingonese", "a code such as en"),
        ("description", "x" * (DESCRIPTION_MAX + 1), "up to 20,000 characters"),
        ("author", "a\x00b", "control character"),
        ("series", "Dune #one-and-a-half", "Enter a series and its number"),
        ("series", "x" * 501, "up to 500 characters"),
        ("other_titles", "|".join("abcdefghijk"), "Enter up to 10 titles"),
        ("subjects", "Deserts; to-read", "“To-read” can’t be a subject."),
        ("subjects", "x" * 101, "can’t be a subject."),
        ("subjects", ";".join(f"Subject {n}" for n in range(21)), "A book has up to 20 subjects."),
        ("reason", "x" * 501, "up to 500 characters"),
    ],
)
def test_what_no_book_can_say_is_refused(
    mo: Site, dune: str, select: Select, field: str, entered: str, said: str
) -> None:
    response = correct(mo, select, dune, **{field: entered})
    assert response.status_code == 422
    assert said in response.text
    assert select("SELECT count(*) FROM corrections") == 0


@pytest.mark.parametrize("title", ["Naruto (Vol. 3)", "Dune (a novel)", "1984 (1984)"])
def test_a_bracket_that_an_import_leaves_in_a_title_can_be_entered(
    mo: Site, dune: str, select: Select, title: str
) -> None:
    assert correct(mo, select, dune, title=title).status_code == 303
    assert fields_of(select, dune)["title"] == title


def test_what_somebody_changed_meanwhile_is_not_changed_back(mo: Site, visit: Visit, dune: str, select: Select) -> None:
    """Each sends what they changed; of the same field the second is told."""
    mia = moderator(visit, select, "Mia")
    page = mo.get(f"/books/{dune}/correct").text
    fields = hidden_fields(page) | fields_of(select, dune)
    correct(mia, select, dune, title="Dune!", year="1966")
    response = mo.client.post(f"/books/{dune}/correct", data=fields | {"year": "1967", "author": "Herbert"})
    assert response.status_code == 422
    assert "It now says: “1966”." in response.text
    assert 'value="Dune!"' in response.text  # untouched
    sent = hidden_fields(response.text) | fields_of(select, dune) | {"year": "1967", "author": "Herbert"}
    assert mo.client.post(f"/books/{dune}/correct", data=sent).status_code == 303
    assert fields_of(select, dune) | {"title": "Dune!", "year": "1967", "author": "Herbert"} == fields_of(select, dune)


def test_during_an_import_nothing_is_corrected(mo: Site, dune: str, select: Select, database: Database) -> None:
    correct(mo, select, dune, year="1966")
    number = select("SELECT id FROM corrections")
    with database.owner.begin() as importer:
        importer.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": CORRECTION_LOCK})
        token = hidden_fields(mo.get(f"/books/{dune}/history").text)
        for address in (f"/books/{dune}/correct", f"/corrections/{number}/undo"):
            response = mo.client.post(address, data=token | fields_of(select, dune) | {"year": "1"})
            assert response.status_code == 503
            assert "Books are being imported" in response.text
            assert response.headers["Retry-After"]
    assert fields_of(select, dune)["year"] == "1966"


def test_the_pages_are_for_moderators_alone(bob: Site, visit: Visit, dune: str, mo: Site, select: Select) -> None:
    correct(mo, select, dune, year="1966")
    number = select("SELECT id FROM corrections")
    assert visit().get(f"/books/{dune}/correct").location.startswith("/login")
    assert visit().get(f"/books/{dune}/history").location.startswith("/login")
    token = hidden_fields(bob.get("/account").text)
    assert bob.client.post(f"/corrections/{number}/undo", data=token).status_code == 404
    assert mo.client.post(f"/corrections/{number}/undo").status_code == 400


def test_a_reader_who_leaves_takes_the_name_along(mo: Site, bob: Site, dune: str, select: Select) -> None:
    correct(mo, select, dune, year="1966")
    mo.submit("/account/delete", reviews="delete", password="a rose is a rose")
    page = bob.get(f"/books/{dune}/history").text
    assert "Deleted account" in page
    assert "<bdi>Mo</bdi>" not in page
    assert "1966" in page
    assert select("SELECT count(*) FROM corrections WHERE proposed_by IS NULL AND accepted_by IS NULL") == 1


def test_a_book_that_nobody_corrected_has_no_history(bob: Site, dune: str) -> None:
    assert "Nothing has been corrected yet." in bob.get(f"/books/{dune}/history").text
    assert 'class="change"' not in bob.get(f"/books/{dune}").text
    assert bob.get("/books/9780000000002/history").status_code == 404
