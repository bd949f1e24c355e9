"""A reader's language and theme.

A cookie stores them for visitors. For readers the account stores them too, and the cookie follows the account, so that
pages without a database query (errors, the login form) also use the right language.
"""

from flask import Flask, g
from flask import Response as FlaskResponse
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from flyleaf.web.access import address_to_return_to
from flyleaf.web.cookies import keep_cookie, kept_cookie

# Each language's own name, for readers who know no other.
LANGUAGES = {"en": "English", "pt-BR": "Português", "es": "Español"}
THEMES = {"auto": lazy_gettext("Automatic"), "light": lazy_gettext("Light"), "dark": lazy_gettext("Dark")}
CHOICES = {"language": LANGUAGES, "theme": THEMES}  # also the names of the cookies
_KEPT = 365 * 24 * 60 * 60  # seconds


def register(app: Flask) -> None:
    app.jinja_env.globals.update(this_page=this_page, theme=theme, LANGUAGES=LANGUAGES, THEMES=THEMES)
    app.after_request(_follow_the_account)


def kept_preference(name: str) -> str | None:
    """Return the account's choice if the reader is known, else the cookie's, else None."""
    kept = getattr(g.get("reader"), name, None) or kept_cookie(name)
    return kept if kept in CHOICES[name] else None


def keep_preference(response: Response, name: str, value: str) -> None:
    """Set the cookie that stores the choice."""
    keep_cookie(response, name, value, _KEPT)


def theme() -> str:
    return kept_preference("theme") or "auto"


def this_page() -> str:
    """Return the address to reopen this page. A refused form is often shown at an address that only takes POST."""
    return address_to_return_to()


def _follow_the_account(response: FlaskResponse) -> FlaskResponse:
    for name in CHOICES:
        value = getattr(g.get("reader"), name, None)
        if value and value != kept_cookie(name):
            keep_preference(response, name, value)
    return response
