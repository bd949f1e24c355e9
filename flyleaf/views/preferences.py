"""What a reader has chosen for the pages: their language, light or dark.

A cookie keeps it for a visitor. The account keeps it as well, and the cookie follows the account, so that also a page
that asks the database nothing (an error, the log-in form) is in the right language.
"""

from flask import Blueprint, Flask, Response, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from werkzeug.exceptions import BadRequest, UnprocessableEntity
from wtforms import RadioField, SelectChoice  # type: ignore[attr-defined]  # stubs of an older version
from wtforms.validators import Optional

from flyleaf.queries.readers import update_preferences
from flyleaf.views.access import address_to_return_to, current_reader, is_logged_in, local_path
from flyleaf.views.cookies import keep_cookie, kept_cookie
from flyleaf.views.current import transaction
from flyleaf.views.forms import Form

blueprint = Blueprint("preferences", __name__)

# What each language calls itself: whoever looks for it can't read another.
LANGUAGES = {"en": "English", "pt-BR": "Português", "es": "Español"}
THEMES = {"auto": lazy_gettext("Automatic"), "light": lazy_gettext("Light"), "dark": lazy_gettext("Dark")}
CHOICES = {"language": LANGUAGES, "theme": THEMES}  # also the names of the cookies
KEPT = 365 * 24 * 60 * 60  # seconds


class PreferencesForm(Form):
    """What is not sent stays as it is. Where to go back to is in the form's address: a second hidden `next` would be
    mistaken for that of the log-in form above."""

    language = RadioField(choices=[SelectChoice(*choice) for choice in LANGUAGES.items()], validators=[Optional()])
    theme = RadioField(choices=[SelectChoice(*choice) for choice in THEMES.items()], validators=[Optional()])


def register(app: Flask) -> None:
    app.jinja_env.globals.update(preferences_form=PreferencesForm, this_page=this_page, theme=theme)
    app.after_request(_follow_the_account)


def kept_preference(name: str) -> str | None:
    """One of CHOICES[name]: the account's where the reader is known by now, else the cookie's; None: not chosen."""
    kept = getattr(g.get("reader"), name, None) or kept_cookie(name)
    return kept if kept in CHOICES[name] else None


def theme() -> str:
    return kept_preference("theme") or "auto"


def this_page() -> str:
    """Where the page that is shown can be opened again. That of a refused form is often at the form's own address."""
    if request.method == "POST" and request.url_rule and "GET" in (request.url_rule.methods or ()):
        return request.path
    return address_to_return_to()


@blueprint.post("/preferences")
def change() -> ResponseReturnValue:
    form = PreferencesForm(request.form)
    if not form.validate():
        if form["csrf_token"].errors:
            raise BadRequest(gettext("This page was open for too long. Go back, reload it, and choose once more."))
        raise UnprocessableEntity(gettext("There is no such language or theme. Go back, and choose one that is there."))
    chosen = {name: form[name].data for name in CHOICES if form[name].data}
    if is_logged_in() and chosen:
        with transaction() as connection:
            reader = current_reader(connection)
            if reader is not None:
                update_preferences(connection, reader.id, chosen.get("language"), chosen.get("theme"))
    response = redirect(local_path(request.args.get("next")) or "/", 303)
    for name, value in chosen.items():
        keep_cookie(response, name, value, KEPT)
    return response


def _follow_the_account(response: Response) -> Response:
    for name in CHOICES:
        value = getattr(g.get("reader"), name, None)
        if value and value != kept_cookie(name):
            keep_cookie(response, name, value, KEPT)
    return response
