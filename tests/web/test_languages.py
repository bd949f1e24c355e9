"""Pages speak the reader's language, and the switch at their foot changes it, and the theme."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError
from werkzeug.test import TestResponse

from flyleaf.web.preferences import CHOICES
from tests.fixture_types import AddBook, Select, Visit
from tests.markup import part
from tests.site import PASSWORD, Site, cookie_name, hidden_fields

# In no other language of ours.
WORDS = {"en": "Register", "pt-BR": "Criar conta", "es": "Crear cuenta"}


def asking(language: str) -> dict[str, str]:
    return {"Accept-Language": language}


def language(response: TestResponse) -> str:
    """What the page says of itself, in its header and in its first tag."""
    tag = part(r'<html lang="([^"]*)"', response.text)
    assert response.headers["Content-Language"] == tag
    return tag


def choose(site: Site, page: str = "/login", **choice: str) -> TestResponse:
    """Press a button of the switch at the foot of `page`."""
    html = site.get(page).text
    [action] = re.findall(r'<form class="preferences" method="post" action="([^"]*)"', html)
    for name, value in choice.items():
        assert re.search(rf'<button[^>]*name="{name}" value="{value}"', html)
    return site.client.post(action.replace("&amp;", "&"), data=hidden_fields(html) | choice)


# --- Which language -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("en", "en"),
        ("en-US,en;q=0.9", "en"),
        ("pt-BR", "pt-BR"),
        ("pt", "pt-BR"),
        ("PT-br", "pt-BR"),
        ("pt-PT,en;q=0.5", "pt-BR"),
        ("es", "es"),
        ("es-419,es;q=0.9,en;q=0.8", "es"),
        ("es-MX", "es"),
        ("de-DE,de;q=0.9,es;q=0.6,en;q=0.5", "es"),
        ("en;q=0.2,es;q=0.1,pt;q=0.9", "pt-BR"),
        ("es;q=0,pt;q=0.1", "pt-BR"),
        ("es;q=0", "en"),
        ("de", "en"),
        ("*", "en"),
        ("est", "en"),  # Estonian
        ("", "en"),
        (",,;", "en"),
        ("es;q=x", "en"),
        ("es;q=-1", "en"),
        ("es;q=nan", "en"),
        ("../../es", "en"),
        ("português", "en"),
        ("\x00es", "en"),
        ("es" * 5_000, "en"),
        ("a-" * 5_000, "en"),
    ],
)
def test_a_browser_says_which_language_it_likes(client: FlaskClient, header: str, expected: str) -> None:
    response = client.get("/", headers=asking(header))
    assert response.status_code == 200
    assert language(response) == expected


def test_without_a_header_it_is_english(client: FlaskClient) -> None:
    assert language(client.get("/")) == "en"


def test_the_cookie_outweighs_the_browser(client: FlaskClient) -> None:
    Site(client).keep("language", "es")
    assert language(client.get("/", headers=asking("pt-BR"))) == "es"


@pytest.mark.parametrize("value", ["", "de", "pt_BR", "ES", "../es", "es; x", "\u00e9", "a" * 4_000])
def test_a_cookie_that_holds_no_language_of_ours_counts_for_nothing(client: FlaskClient, value: str) -> None:
    Site(client).keep("language", value)
    Site(client).keep("theme", value)
    response = client.get("/", headers=asking("pt-BR"))
    assert language(response) == "pt-BR"
    assert 'data-theme="auto"' in response.text


def test_the_account_outweighs_the_cookie(alice: Site, select: Select) -> None:
    select("UPDATE readers SET language = 'es'")
    alice.keep("language", "pt-BR")
    assert language(alice.get("/search", headers=asking("en"))) == "es"


def test_an_account_without_a_choice_leaves_it_to_the_cookie_and_the_browser(alice: Site) -> None:
    assert language(alice.get("/search", headers=asking("pt"))) == "pt-BR"
    alice.keep("language", "es")
    assert language(alice.get("/search", headers=asking("pt"))) == "es"


def test_what_the_account_says_holds_on_pages_that_ask_the_database_nothing(alice: Site, select: Select) -> None:
    select("UPDATE readers SET language = 'es', theme = 'dark'")
    alice.get("/search")
    response = alice.get("/no-such-page", headers=asking("en"))
    assert language(response) == "es"
    assert 'data-theme="dark"' in response.text


def test_a_reader_finds_the_choice_again_in_another_browser(alice: Site, visit: Visit) -> None:
    choose(alice, "/search", language="pt-BR", theme="dark")
    phone = visit().logged_in("Alice")
    response = phone.get("/search", headers=asking("en"))
    assert language(response) == "pt-BR"
    assert 'data-theme="dark"' in response.text


def test_one_readers_choice_is_not_anothers(alice: Site, bob: Site) -> None:
    choose(alice, "/search", language="es")
    assert language(bob.get("/search")) == "en"


@pytest.mark.parametrize("address", ["/", "/login", "/no-such-page", "/search"])
def test_a_cache_is_told_by_what_a_page_varies(alice: Site, client: FlaskClient, address: str) -> None:
    for response in (alice.get(address), client.get(address)):
        if response.status_code != 303:
            assert {"accept-language", "cookie"} <= {name.lower() for name in response.vary}
        assert response.headers["Cache-Control"] == "no-store"


def test_what_is_no_page_has_no_language(client: FlaskClient, dune: str) -> None:
    for address in ("/static/style.css", f"/api/{dune}", "/healthz"):
        response = client.get(address, headers=asking("es"))
        assert "Content-Language" not in response.headers
        response.close()


# --- The switch -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chosen", CHOICES["language"])
def test_a_visitor_switches(visit: Visit, chosen: str) -> None:
    visitor = visit()
    response = choose(visitor, "/register", language=chosen)
    assert (response.status_code, response.location) == (303, "/register")
    page = visitor.get(response.location, headers=asking("de"))
    assert language(page) == chosen
    assert WORDS[chosen] in page.text
    assert re.search(rf'value="{chosen}"[^>]*aria-pressed="true"', page.text)
    assert len(re.findall(r'name="language"[^>]*aria-pressed="true"', page.text)) == 1


@pytest.mark.parametrize("chosen", CHOICES["theme"])
def test_a_theme_is_kept(visit: Visit, chosen: str) -> None:
    visitor = visit()
    assert choose(visitor, theme=chosen).status_code == 303
    page = visitor.get("/")
    assert f'data-theme="{chosen}"' in page.text
    assert re.search(rf'value="{chosen}"[^>]*aria-pressed="true"', page.text)


def test_a_theme_leaves_the_language_as_it_is(alice: Site, select: Select) -> None:
    choose(alice, "/search", language="es")
    choose(alice, "/search", theme="light")
    assert select("SELECT language || ' ' || theme FROM readers") == "es light"


def test_the_database_takes_what_can_be_chosen_and_nothing_else(alice: Site, select: Select) -> None:
    for name, choices in CHOICES.items():
        for choice in choices:
            select(f"UPDATE readers SET {name} = '{choice}'")
        with pytest.raises(IntegrityError):
            select(f"UPDATE readers SET {name} = 'x'")


def test_a_visitor_changes_no_account(alice: Site, visit: Visit, select: Select) -> None:
    choose(visit(), language="es")
    assert select("SELECT count(*) FROM readers WHERE language IS NOT NULL") == 0


def test_it_goes_back_to_the_page_with_all_that_was_asked_there(alice: Site, dune: str) -> None:
    for page in (f"/books/{dune}?page=1", "/search?q=dune+%26+herbert%3F&page=1&order=newest", "/search"):
        assert choose(alice, page, language="es").location == page


def test_it_never_leads_away(visit: Visit) -> None:
    visitor = visit()
    fields = hidden_fields(visitor.get("/login").text) | {"language": "es"}
    for wrong in ("//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "javascript:1", ""):
        response = visitor.client.post("/preferences", query_string={"next": wrong}, data=fields)
        assert (response.status_code, response.location) == (303, "/")


def test_from_a_form_that_was_refused_it_leads_to_the_page_of_the_form(alice: Site, visit: Visit, dune: str) -> None:
    refused = visit().submit("/login", username="Alice", password="wrong").text
    assert 'action="/preferences?next=/login"' in refused
    refused = alice.review(dune, 9).text
    assert f'action="/preferences?next=/books/{dune}"' in refused


@pytest.mark.parametrize(
    "fields",
    [
        {"language": "de"},
        {"language": "pt_BR"},
        {"language": "EN"},
        {"theme": "pink"},
        {"language": "es", "theme": "x"},
    ],
)
def test_what_cannot_be_chosen_is_refused(alice: Site, select: Select, fields: dict[str, str]) -> None:
    token = hidden_fields(alice.get("/search").text)
    response = alice.client.post("/preferences", data=token | fields)
    assert response.status_code == 422
    assert "Set-Cookie" not in response.headers
    assert select("SELECT coalesce(language, theme) FROM readers") is None


def test_a_language_that_comes_twice_is_refused(alice: Site) -> None:
    token = hidden_fields(alice.get("/search").text)
    assert alice.client.post("/preferences", data=token | {"language": ["es", "en"]}).status_code == 422


def test_nothing_chosen_changes_nothing(alice: Site, select: Select) -> None:
    token = hidden_fields(alice.get("/search").text)
    assert alice.client.post("/preferences", data=token).status_code == 303
    assert select("SELECT coalesce(language, theme) FROM readers") is None


def test_without_the_token_it_is_refused(alice: Site, select: Select) -> None:
    response = alice.client.post("/preferences", data={"language": "es"})
    assert response.status_code == 400
    assert select("SELECT language FROM readers") is None


def test_the_cookies_last_and_are_safe(visit: Visit, app: Flask) -> None:
    cookies = choose(visit(), language="es", theme="dark").headers.getlist("Set-Cookie")
    assert sorted(cookie.split(";")[0] for cookie in cookies) == [
        f"{cookie_name(app, 'language')}=es",
        f"{cookie_name(app, 'theme')}=dark",
    ]
    for cookie in cookies:
        assert "Max-Age=31536000" in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie


def test_logging_in_goes_where_it_was_meant_to_go(alice: Site, visit: Visit, dune: str) -> None:
    """The switch's own address is not mistaken for the log-in form's."""
    response = visit().submit(f"/login?next=/books/{dune}", username="Alice", password=PASSWORD)
    assert response.location == f"/books/{dune}"


# --- What is said ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["pt-BR", "es"])
def test_no_page_has_a_word_of_english(
    alice: Site, visit: Visit, bob: Site, dune: str, add_book: AddBook, tag: str
) -> None:
    """Sentences and labels that the pages say in English are on none of them in another language."""
    add_book("9780141439518", "Pride and Prejudice", "Jane Austen", language="en")
    bob.review(dune, 4)
    alice.review(dune, 5)
    visitor = visit()
    addresses = {
        visitor: ["/", "/login", "/register", "/no-such-page"],
        alice: [
            "/search",
            "/search?q=dune",
            "/search?q=dune&narrow=1",
            "/search?q=dume",
            "/search?q=xyzzyxyzzy",
            "/search?q=dune&page=7",
            "/search?q=9780441172710",
            f"/books/{dune}",
            "/books/9780141439518",
            "/books/1",
            "/books/9780306406157",
            f"/books/{dune}/review/edit",
            f"/books/{dune}/review/delete",
            "/authors/Frank%20Herbert",
            "/readers/Alice",
            "/readers/Bob",
            "/readers/Nobody",
        ],
    }
    for site, pages in addresses.items():
        for page in pages:
            english, other = (
                sentences(site.get(page, headers=asking("en"))),
                sentences(site.get(page, headers=asking(tag))),
            )
            assert english & other <= DATA, page


# What the catalogue and the readers say stands in every language.
DATA = {
    "Flyleaf", "Dune", "dune", "dume", "xyzzyxyzzy", "Frank Herbert", "Pride and Prejudice", "Jane Austen", "Alice",
    "Bob", "English", "Português", "Español", "ISBN-13", "ISBN-10", "BibTeX", "Spoiler",
    "Pride and Prejudice, Jane Austen", "Dune, Frank Herbert",
}  # fmt: skip


def sentences(response: TestResponse) -> set[str]:
    """The texts of a page, and what is read out in place of one."""
    html = re.sub(r"<(script|style|svg|i|kbd|code|pre|mark)\b.*?</\1>|<!.*?>", " ", response.text, flags=re.DOTALL)
    texts = re.findall(r'(?:aria-label|placeholder|title|alt)="([^"]*)"', html) + re.split(r"<[^>]*>", html)
    texts = [" ".join(text.removesuffix(" · Flyleaf").split()) for text in texts]
    return {text for text in texts if re.search(r"[^\W\d_]", text)}


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("en", "Wrong name or password. Passwords are case-sensitive."),
        ("pt-BR", "Nome ou senha incorretos. A senha diferencia maiúsculas de minúsculas."),
        ("es", "Nombre o contraseña incorrectos. La contraseña distingue mayúsculas de minúsculas."),
    ],
)
def test_what_is_wrong_with_a_form_is_said_in_the_readers_language(visit: Visit, tag: str, expected: str) -> None:
    visitor = visit()
    visitor.keep("language", tag)
    assert expected in visitor.submit("/login", username="Nobody", password=PASSWORD).text


@pytest.mark.parametrize(
    ("tag", "limit"),
    [("en", "10,000 characters"), ("pt-BR", "10.000 caracteres"), ("es", "10.000 caracteres")],
)
def test_limits_are_written_as_the_language_writes_numbers(alice: Site, dune: str, tag: str, limit: str) -> None:
    alice.keep("language", tag)
    assert limit in alice.review(dune, 5, "a" * 10_001).text


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("en", "Not a valid choice."),
        ("pt-BR", "Escolha inválida."),
        ("es", "Opción inválida."),
    ],
)
def test_what_wtforms_says_is_in_the_readers_language_too(alice: Site, tag: str, expected: str) -> None:
    alice.keep("language", tag)
    response = alice.get("/search?q=dune&order=x")
    assert response.status_code == 422
    assert expected in response.text


@pytest.mark.parametrize("tag", ["pt-BR", "es"])
def test_what_an_action_did_is_said_in_the_readers_language(visit: Visit, tag: str) -> None:
    visitor = visit()
    visitor.keep("language", tag)
    visitor.registered("Zoë")
    assert {"pt-BR": "Boas-vindas!", "es": "¡Te damos la bienvenida!"}[tag] in visitor.get("/search").text


def test_programs_are_answered_in_english(client: FlaskClient, dune: str) -> None:
    for language_of_the_cookie in ("es", "pt-BR"):
        Site(client).keep("language", language_of_the_cookie)
        for address, expected in {
            "/api/search?q=a&year_from=x": "year_from must be a whole number.",
            "/api/search?q=a&order=x": "order must be one of relevance, newest, best_rated.",
            "/api/9780306406157": "No book in this catalogue has the ISBN 9780306406157.",
            "/api/no/such/address": "Check the address. The book you want may not be in this catalogue.",
        }.items():
            response = client.get(address, headers=asking("pt-BR"))
            assert json.loads(response.text)["error"] == expected


# --- Numbers, dates, plurals, names of languages --------------------------------------------------------------------


@pytest.fixture
def said(app: Flask) -> Callable[..., str]:
    """A piece of a template, as a browser of that language gets it."""

    def render(tag: str, source: str, **values: object) -> str:
        with app.test_request_context(headers=asking(tag)):
            return render_template_string(source, **values)

    return render


@pytest.mark.parametrize(
    ("count", "english", "portuguese", "spanish"),
    [
        (0, "0 stars", "0 estrela", "0 estrellas"),  # as CLDR has it: in Portuguese nought is not many
        (1, "1 star", "1 estrela", "1 estrella"),
        (2, "2 stars", "2 estrelas", "2 estrellas"),
        (5, "5 stars", "5 estrelas", "5 estrellas"),
        (100_000, "100000 stars", "100000 estrelas", "100000 estrellas"),
    ],
)
def test_plurals(said: Callable[..., str], count: int, english: str, portuguese: str, spanish: str) -> None:
    source = "{{ ngettext('%(num)s star', '%(num)s stars', count) }}"
    assert [said(tag, source, count=count) for tag in ("en", "pt", "es")] == [english, portuguese, spanish]


@pytest.mark.parametrize(
    ("number", "english", "other"),
    [(0, "0", "0"), (999, "999", "999"), (100_000, "100,000", "100.000"), (4.25, "4.25", "4,25")],
)
def test_numbers(said: Callable[..., str], number: int | float, english: str, other: str) -> None:
    written = [said(tag, "{{ number | numberformat }}", number=number) for tag in ("en", "pt", "es")]
    assert written == [english, other, other]


def test_dates(said: Callable[..., str]) -> None:
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert [said(tag, "{{ moment | day }}", moment=moment) for tag in ("en", "pt", "es")] == [
        "1 March 2026",
        "1 de março de 2026",
        "1 de marzo de 2026",
    ]


@pytest.mark.parametrize(
    ("code", "english", "portuguese", "spanish"),
    [
        ("en", "English", "inglês", "inglés"),
        ("pt-BR", "Portuguese (Brazil)", "português (Brasil)", "portugués (Brasil)"),
        ("zh-Hans", "Chinese (Simplified)", "chinês (simplificado)", "chino (simplificado)"),
        ("EN", "English", "inglês", "inglés"),
        ("eng", "English", "inglês", "inglés"),
        ("ger", "German", "alemão", "alemán"),
        ("fre", "French", "francês", "francés"),
        ("grc", "Ancient Greek", "grego arcaico", "griego antiguo"),
        ("xx", "xx", "xx", "xx"),
        ("english", "english", "english", "english"),
        ("en_US", "en_US", "en_US", "en_US"),
        ("<b>", "&lt;b&gt;", "&lt;b&gt;", "&lt;b&gt;"),
        ("-", "-", "-", "-"),
        ("a" * 35, "a" * 35, "a" * 35, "a" * 35),
    ],
)
def test_languages_of_books_have_names(
    said: Callable[..., str], code: str, english: str, portuguese: str, spanish: str
) -> None:
    names = [said(tag, "{{ code | language_name }}", code=code) for tag in ("en", "pt", "es")]
    assert names == [english, portuguese, spanish]
