"""In which language a page speaks. `_`, `ngettext` and the filters for dates and numbers are Flask-Babel's; the
messages are in translations/."""

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from flask import Flask, Response, g, request
from flask_babel import Babel, get_locale

from flyleaf.web.preferences import kept_preference

# From `<html lang>` to Babel's locale. English dates are British: 24 November 2026.
LOCALES = {"en": "en_GB", "pt-BR": "pt_BR", "es": "es"}
DEFAULT = "en"
# A language without its country -> ours: whoever reads the Portuguese of Lisbon or Mexican Spanish reads these, too.
_BY_PRIMARY_TAG = {language.partition("-")[0]: language for language in LOCALES}


def register(app: Flask) -> None:
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    Babel(app, default_locale=LOCALES[DEFAULT], locale_selector=lambda: LOCALES[language()])
    app.jinja_env.globals["language"] = language
    app.jinja_env.filters["language_name"] = language_name
    app.after_request(_say_the_language)


def language() -> str:
    """One of LOCALES: the account's, else the cookie's, else the one of ours that the browser likes best.

    Programs are answered in English. It is looked up once a request.
    """
    if request.path.startswith("/api/"):
        return DEFAULT
    reader = g.get("reader")
    found: tuple[object, str] | None = g.get("language")
    if found is None or found[0] is not reader:  # the reader is known only after a while, and may prefer another one
        g.language = found = reader, kept_preference("language") or _liked_best()
    return found[1]


def language_name(code: str) -> str:
    """What the page's language calls the language of a book: "pt-BR" is Portuguese (Brazil). A code that is unknown
    stays as it stands."""
    names = get_locale()
    tag = get_global("language_aliases").get(code.lower(), code)  # eng and ger, as libraries have it, are en and de
    try:
        name = Locale.parse(tag, sep="-", resolve_likely_subtags=False).get_display_name(names)
    except (UnknownLocaleError, ValueError):  # Babel knows no rules of Ancient Greek, but its name
        name = names.languages.get(tag.lower())
    return name or code


def _liked_best() -> str:
    # Werkzeug's best_match() prefers whole tags: for "pt-PT, en;q=0.5" it would say en.
    for tag, quality in request.accept_languages:  # the best first
        liked = _BY_PRIMARY_TAG.get(tag.partition("-")[0].lower())
        if liked and quality > 0:
            return liked
    return DEFAULT


def _say_the_language(response: Response) -> Response:
    """Of pages alone. They are kept in no cache; one that did would have to know by what they vary."""
    if response.mimetype == "text/html" and not 300 <= response.status_code < 400:
        response.headers["Content-Language"] = language()
        response.vary.update(("Accept-Language", "Cookie"))
    return response
