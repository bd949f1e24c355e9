"""Everything that a page says is said in every language, and in the same shape."""

import ast
import gettext
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
from babel.messages.catalog import Catalog, Message
from jinja2 import Environment, nodes

from flyleaf.config import PROJECT
from flyleaf.web.languages import LOCALES
from scripts.translations import LOCALES as TRANSLATED
from scripts.translations import OF_OPERATORS, compiled, extracted, forms, po_path, read

# The page about the API is in English, like the API itself.
IN_ENGLISH = {PROJECT / "templates" / name for name in ("api_docs.html", "api_docs_group.html", "parts/api.html")}
TEMPLATES = sorted(set((PROJECT / "templates").rglob("*.html")) - IN_ENGLISH)
VIEWS = sorted(path for room in ("views", "web") for path in (PROJECT / "flyleaf" / room).rglob("*.py"))
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%%")
TAG = re.compile(r"<[^>]*>|&\w+;|\{\w+\}")  # {count} is filled in by the page's script
# The same in that language.
SAME = {
    "es": {"Spoiler", "Error:", "Cookies"},
    "pt_BR": {"Spoiler", "Cookies", "Feeds"},
}


@pytest.fixture(scope="module")
def template() -> Catalog:
    return extracted()


@pytest.fixture(scope="module", params=TRANSLATED)
def catalog(request: pytest.FixtureRequest) -> Catalog:
    return read(request.param)


def keys(catalog: Catalog) -> set[tuple[str | None, object]]:
    return {(message.context, message.id) for message in catalog if message.id}


def originals(message: Message) -> tuple[str, ...]:
    """What each form translates: that for one the singular, the others the plural."""
    if isinstance(message.id, str):
        return (message.id,)
    return (message.id[0], *[message.id[1]] * (len(forms(message)) - 1))


def pairs(catalog: Catalog) -> Iterator[tuple[str, str]]:
    for message in catalog:
        if message.id:
            yield from zip(originals(message), forms(message), strict=True)


def test_every_language_but_english_has_a_catalogue() -> None:
    assert {locale for locale in LOCALES.values() if locale != "en_GB"} == set(TRANSLATED)
    assert {path.name for path in (PROJECT / "translations").iterdir()} == set(TRANSLATED)


def test_a_catalogue_has_the_messages_of_the_site_and_no_others(catalog: Catalog, template: Catalog) -> None:
    """`make translations` brings it up to date."""
    assert keys(template) - keys(catalog) == set()
    assert keys(catalog) - keys(template) == set()


def test_every_message_is_translated(catalog: Catalog) -> None:
    assert [message.id for message in catalog if message.id and not all(forms(message))] == []
    assert [message.id for message in catalog if message.fuzzy and message.id] == []
    assert {len(forms(message)) for message in catalog if message.pluralizable} <= {catalog.num_plurals}


def test_a_translation_differs_from_the_english_text(catalog: Catalog) -> None:
    same = {one for one, other in pairs(catalog) if one == other and re.search("[a-z]{2}", PLACEHOLDER.sub("", one))}
    assert same - SAME[str(catalog.locale)] == set()


def test_a_translation_has_the_placeholders_of_the_message(catalog: Catalog) -> None:
    for one, other in pairs(catalog):
        assert sorted(PLACEHOLDER.findall(other)) == sorted(PLACEHOLDER.findall(one)), other
        assert "%" not in PLACEHOLDER.sub("", other), f"{other}: a per cent sign is %%"


def test_a_translation_has_the_tags_of_the_message(catalog: Catalog) -> None:
    """A translation is not escaped, as the template that it stands in is not."""
    for one, other in pairs(catalog):
        assert sorted(TAG.findall(other)) == sorted(TAG.findall(one)), other
        assert not set(TAG.sub("", other)) & set("<>&"), other


def test_a_translation_ends_as_the_message_does(catalog: Catalog) -> None:
    for one, other in pairs(catalog):
        ends = [re.findall(r"[.?!:…]?$", text) for text in (one, other)]
        assert ends[0] == ends[1], other
        assert other == other.strip(), other
        assert not re.search(r"  |\n|['\"]", TAG.sub("", other)), f"{other}: typographic marks, one space"


def test_spanish_questions_and_exclamations_begin_where_they_begin() -> None:
    for _, other in pairs(read("es")):
        assert other.count("¿") == other.count("?"), other
        assert other.count("¡") == other.count("!"), other


def messages(compiled: IO[bytes]) -> dict[object, str]:
    """What a .mo file holds, without its header."""
    catalog: dict[object, str] = vars(gettext.GNUTranslations(compiled))["_catalog"]
    return {key: value for key, value in catalog.items() if key}


@pytest.mark.parametrize("locale", TRANSLATED)
def test_what_is_compiled_is_what_is_written(locale: str) -> None:
    """`make translations` compiles it."""
    with po_path(locale).with_suffix(".mo").open("rb") as file:
        shipped = messages(file)
    assert shipped == messages(io.BytesIO(compiled(read(locale))))


# --- Texts that nobody has marked for translation -------------------------------------------------------------------

CODE = re.compile(r"\s*(/|\w+=\"|light dark$)")  # an address or an attribute that a macro makes, a meta element's words
NAMES = re.compile(r"\b(?:Flyleaf|ISBN|BibTeX|Open Library)\b|&\w+;")  # the same in every language
SAID = re.compile(r'\b(?:title|aria-label|aria-description|placeholder|alt|label|content)="([^"]*)"')
# Keys of the keyboard, what is typed at a prompt or for an example, and what is not read at all.
UNTRANSLATED = re.compile(
    r"<(code|kbd|i|script|style|svg)\b.*?</\1>|<meta\b[^>]*>|<!--.*?-->|<!doctype[^>]*>", re.DOTALL | re.IGNORECASE
)
JINJA = Environment(extensions=["jinja2.ext.i18n"])


def bare_texts(source: str) -> list[str]:
    """The words of a template outside _() and {% trans %}: in its text, and in attributes that are read out."""
    pieces, in_trans = [], False
    tokens = list(JINJA.lex(source))
    for index, (_, kind, value) in enumerate(tokens):
        if kind == "block_begin":
            name = next(text for _, what, text in tokens[index:] if what == "name")
            in_trans = (in_trans or name == "trans") and name != "endtrans"
        if kind == "data" and not in_trans:
            pieces.append(value)
        elif kind in ("variable_begin", "block_begin"):
            pieces.append("\0")  # an expression, also in the middle of a tag
    html = UNTRANSLATED.sub("", "".join(pieces))
    texts = [NAMES.sub("", text).replace("\0", " ") for text in [*SAID.findall(html), *re.split(r"<[^>]*>", html)]]
    return [" ".join(text.split()) for text in texts if re.search(r"[^\W\d_]", text) and not CODE.match(text)]


@pytest.mark.parametrize(
    ("source", "bare"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ("<p class='a'>{{ _('Hello') }} · Flyleaf, 5</p>", []),
        ('<a title="Hello" href="/x">{{ _("x") }}</a>', ["Hello"]),
        ("{% trans %}Hello{% endtrans %}, you", [", you"]),
        ("{% if a %}yes{% endif %}", ["yes"]),
        ('<a{% if a > 1 %} class="b"{% endif %}>{{ c }}</a>', []),
        ('<p aria-label="{{ a }} stars"></p>', ["stars"]),
        ("<p>ISBN <kbd>Enter</kbd> <code>python import.py</code></p>", []),
    ],
)
def test_bare_texts_are_found(source: str, bare: list[str]) -> None:
    assert bare_texts(source) == bare


@pytest.mark.every_input
@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_text_of_a_template_is_bare(path: Path) -> None:
    assert bare_texts(path.read_text(encoding="utf-8")) == []


@pytest.mark.every_input
@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_text_in_an_expression_is_bare(path: Path) -> None:
    """A default, a hint, a label that is given to a macro: a string with a blank or a capital is for people."""
    tree = JINJA.parse(path.read_text(encoding="utf-8"))
    marked = {
        id(argument)
        for call in tree.find_all(nodes.Call)
        if getattr(call.node, "name", "") in {"_", "gettext", "ngettext"}
        for argument in call.args
    }
    strings = [one for one in tree.find_all(nodes.Const) if isinstance(one.value, str) and not CODE.match(one.value)]
    said = re.compile("^[^<]*[a-z] [a-z]|^[A-Z][a-z]")
    assert [one.value for one in strings if id(one) not in marked and said.search(NAMES.sub("", one.value))] == []


MARKED = {"gettext", "lazy_gettext", "ngettext", "lazy_ngettext"}
NOT_SAID = {
    "logger",
    "SessionsUnavailableError",
    "UnreadableError",
    "PasskeyRefusedError",
    "ProviderError",
    "Classic",
    "Measure",
}  # for the log; titles of books; for operators
# Programs are answered in English.
API = [path for path in VIEWS if path.parent.name == "api_v1" or path.name == "bearer.py"]
FOR_PROGRAMS = {"order must be one of ", "login at the provider failed"}  # only the API shows this, or the log


@pytest.mark.every_input
@pytest.mark.parametrize("path", [path for path in VIEWS if path not in API], ids=lambda path: path.name)
def test_no_sentence_of_a_view_is_bare(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    fine = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):  # a docstring
            fine.add(node.value)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).partition(".")[0] in MARKED | NOT_SAID:
            fine.update(node.args)
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and node not in fine]
    strings = {node.value for node in constants if isinstance(node.value, str)} - FOR_PROGRAMS
    assert [string for string in strings if re.search(r"^(?!\n).*\w \w+ \w", string)] == []


IMPORTING = PROJECT / "flyleaf" / "importing"


def test_why_an_upload_cannot_be_used_is_never_a_sentence_that_is_put_together() -> None:
    """A page looks the message up as it is written; an f-string is not collected."""
    operators = {path for pattern in OF_OPERATORS for path in IMPORTING.glob(pattern)}
    calls = [
        node
        for path in sorted(set(IMPORTING.rglob("*.py")) - operators)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "UnusableFileError"
    ]
    assert [ast.unparse(call) for call in calls if not isinstance(call.args[0], ast.Constant)] == []
    assert calls
