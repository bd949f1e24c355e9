"""What was typed is not lost: not with the session, not with the database, not with the language of the page."""

import re
from collections.abc import Callable, Iterator
from html import unescape

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from flyleaf.config import Config
from flyleaf.limits import DRAFTS, DRAFTS_OF_A_BROWSER
from tests.fixture_types import AddBook, Select, Visit
from tests.markup import part
from tests.site import PASSWORD, Site, hidden_fields

WORDS = "Line one.\r\n\r\n||Spoiler|| & <b>bold</b> “quotes” 😀"
REASON = " ".join(WORDS.split())  # for a field of one line

Forms = dict[str, tuple[str, str, dict[str, str]]]


def textarea(html: str) -> str:
    found = re.search(r"<textarea[^>]*>\s*(.*?)</textarea>", html, re.DOTALL)
    return unescape(found[1]) if found else ""


def kept(html: str) -> bool:
    """Whether these words are in a form of the page."""
    return WORDS.replace("\r\n", "\n") in textarea(html).replace("\r\n", "\n") or "Line one. ||Spoiler||" in unescape(
        html
    )


@pytest.fixture
def end_session(select: Select) -> Callable[[], None]:
    """Ends all sessions, as the operator, another browser or time does."""
    return lambda: select("DELETE FROM sessions")


@pytest.fixture
def forms(alice: Site, bob: Site, dune: str, select: Select) -> Forms:
    """Every form that carries text, as Alice has it open: its page, where it is sent, its fields."""
    other = bob
    other.review(dune, 3, "Bob's words.")
    select("UPDATE readers SET is_moderator = true WHERE name = 'Alice'")
    review = select("SELECT max(id) FROM reviews")
    return {
        "review": (f"/books/{dune}", f"/books/{dune}/review", {"rating": "4", "text": WORDS}),
        "report": (f"/reviews/{review}/report", f"/reviews/{review}/report", {"reason": REASON}),
        "hide": (f"/moderation/reviews/{review}/hide", f"/moderation/reviews/{review}/hide", {"reason": REASON}),
    }


def send(
    site: Site,
    page: str,
    address: str,
    fields: dict[str, str],
    between: Callable[[], object] = lambda: None,
    **headers: str,
) -> TestResponse:
    """Open the page, let something happen, then send its form."""
    shown = site.get(page)
    assert shown.status_code == 200
    between()
    return site.client.post(address, data=hidden_fields(shown.text) | fields, headers=headers)


def log_in(site: Site, address: str, name: str = "Alice") -> tuple[str, TestResponse]:
    """Log in on the page that the site led to; the page that follows."""
    page = site.get(address)
    assert page.status_code == 200
    fields = hidden_fields(page.text) | {"username": name, "password": PASSWORD}
    done = site.client.post("/login", data=fields)
    assert done.status_code == 303
    return page.text, site.get(done.location)


@pytest.mark.parametrize("form", ["review", "report", "hide"])
@pytest.mark.parametrize("without_cookie", [False, True], ids=["ended elsewhere", "the browser forgot it"])
def test_after_logging_in_again_the_text_is_in_its_form(
    alice: Site,
    forms: Forms,
    form: str,
    end_session: Callable[[], None],
    without_cookie: bool,
    select: Select,
    app: Flask,
) -> None:
    page, address, fields = forms[form]

    def end() -> None:
        end_session()
        if without_cookie:
            alice.forget()

    before = select("SELECT count(*) FROM reviews"), select("SELECT count(*) FROM review_reports")
    refused = send(alice, page, address, fields, end)
    assert refused.status_code == 303
    assert refused.location.startswith("/login?next=")
    login, shown = log_in(alice, refused.location)
    assert "Your text is saved" in login
    assert shown.status_code == 200
    assert kept(shown.text)
    assert "Your text is back" in shown.text
    if "rating" in fields:
        assert re.search(r'checked[^>]*value="4"|value="4"[^>]*checked', shown.text)
    assert kept(alice.get(page).text), "also after the page was loaded anew"
    assert before == (select("SELECT count(*) FROM reviews"), select("SELECT count(*) FROM review_reports"))
    sent = alice.client.post(address, data=hidden_fields(shown.text) | fields)
    assert sent.status_code == 303
    assert alice.cookie("draft") is None
    if form != "hide":
        again = alice.get(page)
        assert not kept(again.text.split("</article>")[-1]) or form == "review"
        assert "Your text is back" not in again.text


def test_two_reviews_in_two_tabs_are_both_kept(
    alice: Site, dune: str, add_book: AddBook, end_session: Callable[[], None]
) -> None:
    """The second of the forms must not take the place of the first."""
    other = add_book("0141439513", "Pride and Prejudice")
    pages = [alice.get(f"/books/{isbn}").text for isbn in (dune, other)]
    end_session()
    for isbn, page, text in zip((dune, other), pages, ("Of Dune.", "Of Pride."), strict=True):
        fields = hidden_fields(page) | {"rating": "4", "text": text}
        refused = alice.client.post(f"/books/{isbn}/review", data=fields)
    _, shown = log_in(alice, refused.location)
    assert textarea(shown.text) == "Of Pride."
    assert textarea(alice.get(f"/books/{dune}").text) == "Of Dune."
    alice.review(other, 4, "Of Pride.")
    assert textarea(alice.get(f"/books/{dune}").text) == "Of Dune."
    alice.review(dune, 4, "Of Dune.")
    assert alice.cookie("draft") is None


def test_of_a_form_that_is_sent_twice_the_later_text_is_kept(
    alice: Site, dune: str, end_session: Callable[[], None]
) -> None:
    page = hidden_fields(alice.get(f"/books/{dune}").text)
    end_session()
    for text in ("Earlier.", "Later."):
        refused = alice.client.post(f"/books/{dune}/review", data=page | {"rating": "4", "text": text})
    _, shown = log_in(alice, refused.location)
    assert textarea(shown.text) == "Later."


def test_two_readers_of_a_browser_each_get_their_own_text(
    alice: Site, bob: Site, dune: str, end_session: Callable[[], None]
) -> None:
    page = f"/books/{dune}"
    send(alice, page, f"{page}/review", {"rating": "4", "text": "By Alice."}, end_session)
    alice.logged_in("Bob")
    refused = send(alice, page, f"{page}/review", {"rating": "4", "text": "By Bob."}, end_session)
    _, shown = log_in(alice, refused.location, "Alice")
    assert textarea(shown.text) == "By Alice."
    alice.get("/logout")
    _, shown = log_in(alice, refused.location, "Bob")
    assert textarea(shown.text) == "By Bob."
    alice.get("/logout")
    assert alice.cookie("draft") is None


def test_an_edited_review_comes_back_to_its_own_form(
    alice: Site, dune: str, end_session: Callable[[], None], select: Select
) -> None:
    alice.review(dune, 2, "The old words.")
    page = f"/books/{dune}/review/edit"
    refused = send(alice, page, page, {"rating": "5", "text": WORDS}, end_session)
    _, shown = log_in(alice, refused.location)
    assert kept(shown.text)
    assert "The old words." not in textarea(shown.text)
    assert select("SELECT text FROM reviews") == "The old words."


def test_a_review_that_was_published_meanwhile_is_not_overwritten_and_the_text_is_shown(
    alice: Site, visit: Visit, dune: str, end_session: Callable[[], None], select: Select
) -> None:
    shown = alice.get(f"/books/{dune}")
    visit().logged_in("Alice").review(dune, 2, "Written elsewhere.")
    end_session()
    fields = hidden_fields(shown.text) | {"rating": "5", "text": WORDS}
    refused = alice.client.post(f"/books/{dune}/review", data=fields)
    _, second = log_in(alice, refused.location)
    assert kept(second.text)
    assert f'action="/books/{dune}/review/edit"' in second.text
    assert select("SELECT text FROM reviews") == "Written elsewhere."
    done = alice.client.post(
        f"/books/{dune}/review/edit", data=hidden_fields(second.text) | {"rating": "5", "text": WORDS}
    )
    assert done.status_code == 303
    assert alice.get(f"/books/{dune}").text.count("Line one.") == 1


def test_another_reader_of_the_browser_does_not_see_it_and_it_waits_for_its_author(
    alice: Site, bob: Site, dune: str, end_session: Callable[[], None]
) -> None:
    refused = send(alice, f"/books/{dune}", f"/books/{dune}/review", {"rating": "4", "text": WORDS}, end_session)
    _, shown = log_in(alice, refused.location, "Bob")
    assert not kept(shown.text)
    assert "Your text is back" not in shown.text
    alice.get("/logout")
    _, shown = log_in(alice, refused.location, "Alice")
    assert kept(shown.text)


def test_a_text_that_nobody_signed_is_shown_with_a_warning(alice: Site, visit: Visit, dune: str) -> None:
    visitor = visit()
    refused = visitor.client.post(f"/books/{dune}/review", data={"rating": "4", "text": WORDS})
    _, shown = log_in(visitor, refused.location)
    assert kept(shown.text)
    assert "If it’s yours" in shown.text


def test_a_page_of_another_reader_is_not_published_without_notice(
    alice: Site, bob: Site, dune: str, select: Select
) -> None:
    """Alice's page is still open in a tab after Bob has logged in in another one."""
    shown = alice.get(f"/books/{dune}")
    alice.get("/logout")
    alice.logged_in("Bob")
    fields = hidden_fields(shown.text) | {"rating": "4", "text": WORDS}
    refused = alice.client.post(f"/books/{dune}/review", data=fields)
    assert refused.status_code == 400
    assert "Another reader wrote this in this browser" in refused.text
    assert select("SELECT count(*) FROM reviews") == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost:8000"},
        {"Origin": "null"},
    ],
)
def test_what_another_site_sends_is_not_kept(visit: Visit, alice: Site, dune: str, headers: dict[str, str]) -> None:
    visitor = visit()
    refused = visitor.client.post(f"/books/{dune}/review", data={"rating": "4", "text": WORDS}, headers=headers)
    assert refused.status_code == 303
    assert visitor.cookie("draft") is None
    _, shown = log_in(visitor, refused.location)
    assert not kept(shown.text)


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin", "Origin": "https://a-proxy-hides.this.example"}],
)
def test_what_our_own_page_sends_is_kept(visit: Visit, alice: Site, dune: str, headers: dict[str, str]) -> None:
    visitor = visit()
    refused = visitor.client.post(f"/books/{dune}/review", data={"rating": "4", "text": WORDS}, headers=headers)
    _, shown = log_in(visitor, refused.location)
    assert kept(shown.text)


def test_a_log_out_forgets_it(alice: Site, dune: str, end_session: Callable[[], None], config: Config) -> None:
    refused = send(alice, f"/books/{dune}", f"/books/{dune}/review", {"rating": "4", "text": WORDS}, end_session)
    log_in(alice, refused.location)
    alice.get("/logout")
    assert alice.cookie("draft") is None
    _, shown = log_in(alice, f"/login?next=/books/{dune}")
    assert not kept(shown.text)


@pytest.mark.parametrize("key", ["", "x", "../../etc/passwd", "a" * 3_000])
def test_a_key_that_somebody_made_up_opens_nothing(alice: Site, dune: str, key: str) -> None:
    alice.keep("draft", key)
    assert alice.get(f"/books/{dune}").status_code == 200
    assert alice.get("/login").status_code == 303


def test_what_is_kept_has_a_bound(visit: Visit, dune: str, config: Config) -> None:
    visitor = visit()
    before = len(list(config.sessions.iterdir()))
    visitor.client.post(f"/books/{dune}/review", data={"text": "a" * 17_000})
    visitor.client.post(f"/books/{dune}/review", data={"rating": "", "text": "  "})
    assert len(list(config.sessions.iterdir())) == before
    answers = [visitor.client.post(f"/books/{dune}/review", data={"text": WORDS}) for _ in range(DRAFTS.most + 1)]
    assert [answer.status_code for answer in answers] == [303] * DRAFTS.most + [429]
    assert len([path for path in config.sessions.iterdir() if path.name != "pruned"]) == before + 1
    assert kept(answers[-1].text)


def test_the_oldest_of_too_many_forms_gives_way(visit: Visit, alice: Site, add_book: AddBook) -> None:
    visitor = visit()
    books = [add_book(f"978000000000{number}", f"Volume {number}") for number in range(DRAFTS_OF_A_BROWSER + 1)]
    for isbn in books:
        refused = visitor.client.post(f"/books/{isbn}/review", data={"text": f"Of {isbn}."})
    log_in(visitor, refused.location)
    shown = [textarea(visitor.get(f"/books/{isbn}").text) for isbn in books]
    assert shown == ["", *(f"Of {isbn}." for isbn in books[1:])]


def test_no_password_is_kept(alice: Site, end_session: Callable[[], None], config: Config) -> None:
    fields = {"password": "a daisy is a daisy", "reviews": "keep"}
    refused = send(alice, "/account/delete", "/account/delete", fields, end_session)
    assert refused.location == "/login?next=/account/delete"
    stored = b"".join(path.read_bytes() for path in config.sessions.iterdir())
    assert b"daisy" not in stored
    _, shown = log_in(alice, refused.location)
    assert re.search(r'checked[^>]*value="keep"|value="keep"[^>]*checked', shown.text)


@pytest.mark.parametrize("form", ["review", "report", "hide"])
@pytest.mark.parametrize("choice", [{"language": "es"}, {"theme": "dark"}])
def test_another_language_or_theme_leaves_the_text_where_it_is(
    alice: Site, forms: Forms, form: str, choice: dict[str, str]
) -> None:
    """The button belongs to the form above, so that this works without JavaScript."""
    page, _, fields = forms[form]
    shown = alice.get(page).text
    [name] = choice
    button = part(rf'<button[^>]*form="kept-form"[^>]*name="{name}" value="{choice[name]}"', shown)
    address = unescape(part('formaction="([^"]*)"', button))
    done = alice.client.post(address, data=hidden_fields(shown) | fields | choice)
    assert done.status_code == 303
    again = alice.get(done.location)
    assert kept(again.text)
    assert "data-restored" in again.text


def test_another_language_leaves_a_visitors_name_where_it_is(visit: Visit) -> None:
    visitor = visit()
    page = visitor.get("/register?next=/account").text
    fields = hidden_fields(page) | {"username": "Zoë", "password": PASSWORD, "language": "es"}
    done = visitor.client.post("/preferences?next=/register?next%3D/account", data=fields)
    again = visitor.get(done.location).text
    assert 'value="Zoë"' in again
    assert 'value="/account"' in again
    assert PASSWORD not in again


@pytest.fixture
def no_database(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The database goes away, with an error as its driver makes."""
    from contextlib import contextmanager

    from sqlalchemy.exc import OperationalError

    @contextmanager
    def broken(*_: object) -> Iterator[None]:
        raise OperationalError("SELECT 1", {}, Exception("server closed the connection unexpectedly"))
        yield

    def break_it() -> None:
        monkeypatch.setattr(type(app.extensions["flyleaf"].database), "transaction", broken)

    return break_it


@pytest.mark.parametrize("form", ["review", "report", "hide"])
def test_while_the_database_is_away_the_text_can_be_sent_again(
    alice: Site,
    forms: Forms,
    form: str,
    no_database: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
    select: Select,
) -> None:
    page, address, fields = forms[form]
    with monkeypatch.context():
        refused = send(alice, page, address, fields, no_database)
    assert refused.status_code == 503
    assert kept(refused.text)
    assert "Try again" in refused.text
    assert f'action="{address}"' in refused.text
    monkeypatch.undo()
    typed = hidden_fields(refused.text) | {name: fields[name] for name in fields if name != "rating"}
    assert typed.get("rating") == fields.get("rating")
    assert alice.client.post(address, data=typed).status_code == 303


def test_a_book_that_is_gone_leaves_the_text_to_be_copied(alice: Site, dune: str, select: Select) -> None:
    refused = send(
        alice, f"/books/{dune}", f"/books/{dune}/review", {"rating": "4", "text": WORDS},
        lambda: select("DELETE FROM books"),
    )  # fmt: skip
    assert refused.status_code == 404
    assert kept(refused.text)
    assert "Copy your text" in refused.text


def test_an_error_page_shows_no_password_and_nothing_of_another_sites_form(
    alice: Site, visit: Visit, no_database: Callable[[], None], dune: str
) -> None:
    visitor = visit()
    fields = hidden_fields(visitor.get("/login").text) | {"username": "Alice", "password": PASSWORD}
    no_database()
    refused = visitor.client.post("/login", data=fields)
    assert refused.status_code == 503
    assert PASSWORD not in refused.text
    assert "Alice" in refused.text
    answer = alice.client.post(f"/books/{dune}/review", data={"text": WORDS}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 503
    assert not kept(answer.text)


def test_a_form_that_is_too_large_is_refused_as_before(alice: Site, dune: str) -> None:
    assert alice.client.post(f"/books/{dune}/review", data={"text": "a" * 1_000_000}).status_code == 413


def test_a_log_in_that_was_asked_for_says_why(visit: Visit, dune: str) -> None:
    assert "Log in to see this page." in visit().get(f"/login?next=/books/{dune}").text
    for address in ("/login", "/login?next=//evil.example"):
        assert "Log in to see" not in visit().get(address).text
