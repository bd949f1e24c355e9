"""Templates with their translations compiled into them say what Jinja's own calls of gettext() say."""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from flask import Flask, render_template, render_template_string
from flask.ctx import RequestContext
from flask.templating import Environment
from flask_babel import format_decimal
from jinja2 import DictLoader, FileSystemBytecodeCache

from flyleaf.app import create_app
from flyleaf.config import PROJECT, Config
from flyleaf.database import Database
from flyleaf.web.languages import LOCALES
from flyleaf.web.translated_templates import TranslatedEnvironment, _TranslatedBytecode
from tests.fixture_types import AddBook, Select, Together, Visit
from tests.site import Site

pytestmark = pytest.mark.slow

TEMPLATES = sorted(path.relative_to(PROJECT / "templates").as_posix() for path in PROJECT.glob("templates/**/*.html"))
# What is new in every response: the token of forms, and the masked key of drafts.
TOKEN = re.compile(r'(name="csrf_token"[^>]* value="|data-key=")[^"]*')
# Signs that mean something in HTML, in messages and to str.format().
ODD = "100 % <b>{0}</b> & %(x)s \"'"


def in_language(app: Flask, language: str) -> RequestContext:
    """A request in this language."""
    return app.test_request_context("/", headers={"Accept-Language": language})


def environment_of(app: Flask) -> TranslatedEnvironment:
    assert isinstance(app.jinja_env, TranslatedEnvironment)
    return app.jinja_env


def rendered(app: Flask, language: str, source: str, **values: object) -> str:
    """A template of its own, in this language."""
    environment = environment_of(app)
    environment.loader = DictLoader({"page.html": source})
    assert environment.cache is not None
    environment.cache.clear()
    environment._overlays.clear()
    with in_language(app, language):
        return render_template("page.html", **values)


@pytest.fixture
def ordinary(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on nothing is compiled in."""
    return partial(monkeypatch.setattr, TranslatedEnvironment, "get_template", Environment.get_template)


@pytest.fixture
def pages(add_book: AddBook, alice: Site, bob: Site, select: Select) -> list[str]:
    """Addresses of pages of all kinds, as Alice, a moderator, can see them."""
    dune = add_book(publisher="Ace", pages=1412, language="eng", description="Sand.\n\nSpice.", average_rating=4.25)
    add_book(isbn="9780441104024", title="Children of Dune")
    add_book(isbn="9780765342294", title="Dune: House <Corrino>", author=ODD, year=None)
    alice.review(dune, 4, "||They|| die.")
    bob.review(dune, 5, "Great.")
    bob.review("9780441104024", 3)
    review = select("SELECT id FROM reviews WHERE text = 'Great.'")
    bobs = select("SELECT r.id FROM reviews AS r JOIN books AS b ON b.id = r.book_id WHERE b.isbn = '9780441104024'")
    alice.submit(f"/reviews/{review}/report", reason="spam")
    select("UPDATE readers SET is_moderator = true WHERE name = 'Alice' RETURNING id")
    alice.get("/account")  # shows the notice of the last report, once
    return [
        "/", "/login", "/register", "/nowhere", "/books/12", "/search", "/search?q=dune", "/search?q=dune&narrow=1",
        "/search?q=dume", "/search?q=zzzz", "/search?q=zzzz&year_from=1990", "/search?q=dune&page=99",
        "/search?q=dune&year_from=x", "/search?q=9780441172718", "/search?q=9780441172702",
        f"/books/{dune}", "/books/9780441104024", "/books/9780765342294", "/authors/Frank%20Herbert",
        "/readers/Alice", "/readers/Bob", "/account", "/account/events", "/account/password", "/account/delete",
        f"/books/{dune}/review/edit", f"/books/{dune}/review/delete", f"/reviews/{bobs}/report",
        f"/reviews/{review}/hide", "/moderation", "/moderation/hidden",
    ]  # fmt: skip


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.usefixtures("alone")
def test_pages_are_what_they_are_without_it(
    language: str, pages: list[str], alice: Site, visit: Visit, ordinary: Callable[[], None]
) -> None:
    sites = alice, visit()

    def looks() -> dict[tuple[Site, str], str]:
        return {
            (site, page): TOKEN.sub(r"\1", site.get(page, headers={"Accept-Language": language}).text)
            for site in sites
            for page in pages
        }

    compiled = looks()
    ordinary()
    for key, text in looks().items():
        assert compiled[key].splitlines() == text.splitlines(), key[1]
    assert len(set(compiled.values())) > len(pages)  # they were pages of many kinds


def test_no_message_is_left_to_be_looked_up(app: Flask) -> None:
    for language in LOCALES:
        with in_language(app, language):
            environment = environment_of(app)._overlay()
            assert environment.loader is not None
            for name in TEMPLATES:
                source, filename, _ = environment.loader.get_source(environment, name)
                code = environment.compile(source, name, filename, raw=True)
                assert not re.search(r"resolve\('(_|gettext|ngettext)'\)", code), (language, name)


@pytest.mark.parametrize(
    "source",
    [
        "{{ _('Search') }}",
        "{{ _('Search') ~ '<' }}",
        "{{ _('Search for “%(query)s” instead', query=odd) }}",
        "{{ _('Search for “%(query)s” instead', query=missing) }}",
        "{{ _('Search for “%(query)s” instead', query=None) | upper }}",
        "{% set text = _('Search for “%(query)s” instead', query=odd) %}{{ text }}",
        "{{ _('Nobody says this of %(what)s: 100 %% %(what)s, %(what)s', what=odd) }}",
        "{{ _('Nobody says this: 100 %%') }}",
        "{{ _('Nobody says this: %(score).2f of %(most)d', score=3.14159, most=5) }}",
        "{{ _('Search' if n else '') }}",
        "{% for n in (0, 1, 2, 1000000) %}{{ ngettext('%(num)s review', '%(num)s reviews', n) }};{% endfor %}",
        "{{ ngettext('%(num)s review', '%(num)s reviews', 2, num=odd) }}",
        "{{ ngettext('star', 'stars', 2) | length }}",
        "{% trans query=odd %}Showing results for <strong>{{ query }}</strong>.{% endtrans %}",
        "{% trans count=n %}{{ count }} book of {{ odd }}{% pluralize %}{{ count }} books of {{ odd }}{% endtrans %}",
        "{% autoescape false %}{{ _('Search for “%(query)s” instead', query=odd) }}{% endautoescape %}",
        "{% autoescape n > 1 %}{{ _('Search for “%(query)s” instead', query=odd) }}{% endautoescape %}",
        "{% macro _(text) %}mine: {{ text }}{% endmacro %}{{ _('Search') }}",
        "{% set gettext = odd.replace %}{{ gettext('%', 'Search') }}",
        "{{ _(*('Search',)) }}{{ _('%(a)s', **{'a': odd}) }}",
    ],
)
def test_a_message_says_what_gettext_says(source: str, app: Flask, ordinary: Callable[[], None]) -> None:
    values = {"odd": ODD, "n": 2}
    compiled = [rendered(app, language, source, **values) for language in LOCALES]
    ordinary()
    assert compiled == [rendered(app, language, source, **values) for language in LOCALES]


def test_a_value_without_its_message_is_reported(app: Flask) -> None:
    with pytest.raises(KeyError, match="query"):
        rendered(app, "es", "{{ _('Search for “%(query)s” instead', other=1) }}")


def test_what_is_added_later_is_known_to_all_languages(app: Flask) -> None:
    assert rendered(app, "es", "{{ _('Search') }}") == "Buscar"
    app.jinja_env.globals["later"] = "<"
    app.jinja_env.filters["twice"] = lambda text: text + text
    with in_language(app, "es"):
        templates = {"page.html": "{{ _('Search') }}", "other.html": "{{ later | twice }} {% include 'page.html' %}"}
        environment_of(app)._overlay().loader = DictLoader(templates)
        assert render_template("other.html") == "&lt;&lt; Buscar"


def test_requests_at_once_do_not_mix_their_languages(app: Flask, together: Together) -> None:
    words = {"en": "Log in", "pt-BR": "Entrar", "es": "Iniciar sesión"}

    def look(language: str) -> list[str]:
        answers = [app.test_client().get("/", headers={"Accept-Language": language}) for _ in range(10)]
        return [word for answer in answers for word in words.values() if f">{word}<" in answer.text]

    found = together(*[partial(look, language) for language in list(words) * 2])
    assert [set(one) for one in found] == [{word} for word in words.values()] * 2


def test_what_is_compiled_can_be_kept(config: Config, database: Database, tmp_path: Path) -> None:
    kept = FileSystemBytecodeCache(str(tmp_path))
    words = dict.fromkeys(LOCALES, "")
    for _ in range(2):  # the second application finds what the first one compiled
        app = create_app(config, database)
        app.jinja_env.bytecode_cache = kept
        for language in LOCALES:
            text = app.test_client().get("/login", headers={"Accept-Language": language}).text
            assert words[language] in ("", TOKEN.sub(r"\1", text))
            words[language] = TOKEN.sub(r"\1", text)
    assert len(set(words.values())) == len(LOCALES)


def version(environment: TranslatedEnvironment) -> str:
    """Of what it compiles with its translations."""
    assert isinstance(environment.bytecode_cache, _TranslatedBytecode)
    return environment.bytecode_cache._version


def test_other_translations_make_what_is_kept_stale(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(tmp_path))
    with in_language(app, "es"):
        before = version(environment_of(app)._overlay())
        changed = tmp_path / "messages.mo"
        changed.write_bytes(b"other")
        monkeypatch.setattr(environment_of(app)._overlay().translations, "files", [str(changed)])
        environment_of(app)._overlays.clear()
        assert version(environment_of(app)._overlay()) != before


def test_a_reader_who_changes_the_language_gets_the_other_templates(alice: Site) -> None:
    assert ">Log out<" in alice.get("/search").text
    alice.submit("/search", "/preferences", language="es")
    assert ">Cerrar sesión<" in alice.get("/search").text


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("value", [0, 1, 1.0, 4.25, -1234567.891, 1000000, Decimal("3.50")])
def test_numbers_are_written_as_the_language_does(app: Flask, language: str, value: float | Decimal) -> None:
    with in_language(app, language):
        for _ in range(2):  # anew, and remembered
            assert render_template_string("{{ value | numberformat }}", value=value) == format_decimal(value)
            for pattern in ("0.0", "0.0#", "#,##0.00"):
                source = "{{ value | decimalformat(pattern) }}"
                assert render_template_string(source, value=value, pattern=pattern) == format_decimal(value, pattern)
