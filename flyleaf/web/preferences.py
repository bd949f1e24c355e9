"""What a reader has chosen for the pages: their language, light or dark.

A cookie keeps it for visitors. The account keeps it as well, and the cookie follows the account, so that pages which
don't ask the database (errors, the log-in form) are in the right language too.
"""

from flask import Flask, g
from flask import Response as FlaskResponse
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from flyleaf.web.access import address_to_return_to
from flyleaf.web.cookies import keep_cookie, kept_cookie

# What each language calls itself: whoever looks for it can't read another.
LANGUAGES = {"en": "English", "pt-BR": "Português", "es": "Español"}
THEMES = {"auto": lazy_gettext("Automatic"), "light": lazy_gettext("Light"), "dark": lazy_gettext("Dark")}
CHOICES = {"language": LANGUAGES, "theme": THEMES}  # also the names of the cookies
_KEPT = 365 * 24 * 60 * 60  # seconds


def register(app: Flask) -> None:
    app.jinja_env.globals.update(this_page=this_page, theme=theme, LANGUAGES=LANGUAGES, THEMES=THEMES)
    app.after_request(_follow_the_account)


def kept_preference(name: str) -> str | None:
    """Return one of CHOICES[name]: the account's if the reader is known by now, else the cookie's, else None."""
    kept = getattr(g.get("reader"), name, None) or kept_cookie(name)
    return kept if kept in CHOICES[name] else None


def keep_preference(response: Response, name: str, value: str) -> None:
    """Set the cookie that keeps the choice."""
    keep_cookie(response, name, value, _KEPT)


def theme() -> str:
    return kept_preference("theme") or "auto"


def this_page() -> str:
    """Return the address at which this page can be opened again: a refused form is often shown at its own address."""
    return address_to_return_to()


def _follow_the_account(response: FlaskResponse) -> FlaskResponse:
    for name in CHOICES:
        value = getattr(g.get("reader"), name, None)
        if value and value != kept_cookie(name):
            keep_preference(response, name, value)
    return response
