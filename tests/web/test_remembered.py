"""Remembered pieces of pages are what they would be anew, for every reader and after every change."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import Environment, nodes

from flyleaf.config import PROJECT
from flyleaf.web.remembered import PIECES
from tests.fixture_types import AddBook, Select, Visit
from tests.site import Site, hidden_fields

TEMPLATES = sorted(path.relative_to(PROJECT / "templates").as_posix() for path in PROJECT.glob("templates/**/*.html"))
# What is the same in every request, apart from the language and the site's path, under which a piece is kept.
SAME = {
    "LANGUAGES", "THEMES", "asset", "author_address", "contact", "gettext", "_", "integrity", "ngettext", "limits",
    "none", "range", "remembered", "search_orders", "series_address", "status_names", "url_for",
}  # fmt: skip


def parsed(environment: Environment, name: str) -> nodes.Template:
    assert environment.loader is not None
    return environment.parse(environment.loader.get_source(environment, name)[0], name)


def where(environment: Environment, file: str, name: str) -> tuple[str, nodes.Macro | nodes.Assign | None]:
    """The file that says what a name means on the top level of `file`, and what it is there."""
    for node in parsed(environment, file).body:
        match node:
            case nodes.FromImport(template=nodes.Const(value=other), names=names, with_context=with_context):
                for imported in names:
                    original, known = (imported, imported) if isinstance(imported, str) else imported
                    if known == name:
                        assert not with_context, f"{file}: {name} is another macro in every request"
                        return where(environment, other, original)
            case nodes.Macro(name=known) if known == name:
                return file, node
            case nodes.Assign(target=nodes.Name(name=known)) if known == name:
                return file, node
    return file, None


def foreign(environment: Environment, file: str, name: str) -> Iterator[str]:
    """Yield the names that a macro uses and that may mean something else in the next request."""
    file, found = where(environment, file, name)
    if found is None:
        yield f"{file}: {name}"
        return
    used = {one.name for one in found.find_all(nodes.Name) if one.ctx == "load"}
    own = {one.name for one in found.find_all(nodes.Name) if one.ctx != "load"} | {"caller", "loop"}
    for other in used - own - SAME - {name}:
        yield from foreign(environment, file, other)


def remembered(environment: Environment, file: str) -> Iterator[str]:
    """Yield the names of the macros that a template has remembered."""
    for call in parsed(environment, file).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "remembered":
            macro = call.args[0]
            assert isinstance(macro, nodes.Name)
            yield macro.name


@pytest.mark.every_input
@pytest.mark.parametrize("file", TEMPLATES)
def test_a_piece_takes_all_that_differs_between_requests_as_values(app: Flask, file: str) -> None:
    names = set(remembered(app.jinja_env, file))
    assert [one for name in names for one in foreign(app.jinja_env, file, name)] == []
    # A page's own macros are others each time it is rendered.
    assert file.startswith("parts/") or all(where(app.jinja_env, file, name)[0] != file for name in names)


def test_the_check_finds_what_it_is_for(app: Flask) -> None:
    found = set(foreign(app.jinja_env, "parts/forms.html", "kept_form"))
    assert found == {"parts/forms.html: g", "parts/forms.html: draft_key", "parts/forms.html: restored_id"}
    assert any(list(remembered(app.jinja_env, file)) for file in TEMPLATES)


@pytest.mark.parametrize("address", ["/books/{isbn}", "/search?q=dune", "/search", "/authors/Frank Herbert"])
def test_a_page_that_is_seen_again_is_put_together_of_pieces(
    address: str, app: Flask, alice: Site, bob: Site, dune: str, add_book: AddBook
) -> None:
    add_book(isbn="9780441104024", title="Children of Dune")
    bob.review(dune, 4, "Sand.")
    pieces = app.extensions[PIECES]
    alice.get(address.format(isbn=dune))
    before = pieces.cache_info()
    alice.get(address.format(isbn=dune))
    after = pieces.cache_info()
    assert after.hits > before.hits + 6
    assert after.misses == before.misses
    assert after.maxsize < 10_000


def test_a_book_that_changes_is_shown_as_it_is(alice: Site, bob: Site, dune: str, select: Select) -> None:
    def look() -> tuple[str, str]:
        return alice.get(f"/books/{dune}").text, alice.get("/search?q=dune").text

    for page in look():
        assert "1965" in page
        assert "1 review" not in page
    bob.review(dune, 4, "Sand.")
    for page in look():
        assert "1 review" in page
        assert "4.0" in page
    assert "Sand." in look()[0]
    bob.submit(f"/books/{dune}/review/edit", rating="2", text="Dust.")
    page, results = look()
    assert "2.0" in page
    assert "2.0" in results
    assert "Dust." in page
    assert "Sand." not in page
    select("UPDATE books SET year = 1999, publisher = 'Chilton', description = 'Spice.'")
    page, results = look()
    assert "1999" in results
    assert all(new in page for new in ("1999", "Chilton", "Spice."))
    assert "1965" not in page
    bob.submit(f"/books/{dune}/review/delete")
    assert "Dust." not in look()[0]
    assert all("1 review" not in page for page in look())


def test_each_reader_sees_their_own_page(alice: Site, bob: Site, visit: Visit, dune: str, select: Select) -> None:
    bob.review(dune, 4, "Sand.")
    select("UPDATE readers SET is_moderator = true WHERE name = 'Bob'")
    carol = visit().registered("Carol")
    for _ in range(2):
        for site, name in ((alice, "Alice"), (bob, "Bob"), (carol, "Carol")):
            page = site.get(f"/books/{dune}").text
            masthead = page.partition("<main")[0]
            assert f"<bdi>{name}</bdi>" in masthead
            assert all(f"<bdi>{other}</bdi>" not in masthead for other in {"Alice", "Bob", "Carol"} - {name})
            assert ("/moderation" in page) == (name == "Bob")
        assert "<bdi>" not in visit().get("/login").text
    select("UPDATE readers SET is_moderator = (name = 'Carol')")
    assert "/hide" in carol.get(f"/books/{dune}").text
    assert "/hide" not in alice.get(f"/books/{dune}").text


def test_language_and_theme_are_this_requests(alice: Site, bob: Site, dune: str) -> None:
    for _ in range(2):
        for site, language, theme, word in (
            (alice, "en", "dark", "Publish"), (bob, "es", "light", "Publicar"), (bob, "pt-BR", "dark", "Publicar"),
        ):  # fmt: skip
            fields = hidden_fields(site.get(f"/books/{dune}").text)
            for chosen in ({"language": language}, {"theme": theme}):
                site.client.post("/preferences", data={"csrf_token": fields["csrf_token"]} | chosen)
            page = site.get(f"/books/{dune}").text
            assert f'<html lang="{language}"' in page
            assert f">{word}</button>" in page
            for name, value in (("language", language), ("theme", theme)):
                pressed = page.partition(f'name="{name}" value="{value}"')[2].partition(">")[0]
                assert 'aria-pressed="true"' in pressed
            assert page.count('aria-pressed="true"') == 2


def test_sites_under_two_paths_have_two_sets_of_addresses(client: FlaskClient) -> None:
    for root in ("", "/one", "/two", "/one"):
        page = client.get("/login", base_url=f"http://localhost{root}/").text
        assert f'class="wordmark" href="{root}/"' in page
