"""The form at the foot of each page for choosing a language and a theme."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.exceptions import BadRequest, UnprocessableEntity
from wtforms import RadioField, SelectChoice  # type: ignore[attr-defined]  # stubs of an older version
from wtforms.validators import Optional

from flyleaf.queries.readers import update_preferences
from flyleaf.web.access import current_reader, is_logged_in
from flyleaf.web.current import transaction
from flyleaf.web.drafts import keep_draft
from flyleaf.web.forms import Form
from flyleaf.web.local_paths import local_path
from flyleaf.web.preferences import CHOICES, LANGUAGES, THEMES, keep_preference

blueprint = Blueprint("preferences", __name__)


class PreferencesForm(Form):
    """The choice of language and theme; a field that is not sent does not change.

    The page to return to is in the form's address: a second hidden `next` would be confused with the login form's.
    """

    language = RadioField(choices=[SelectChoice(*choice) for choice in LANGUAGES.items()], validators=[Optional()])
    theme = RadioField(choices=[SelectChoice(*choice) for choice in THEMES.items()], validators=[Optional()])


@blueprint.post("/preferences")
def change() -> ResponseReturnValue:
    form = PreferencesForm(request.form)
    if not form.validate():
        if form["csrf_token"].errors:
            raise BadRequest(gettext("This form expired. Go back, reload the page and choose again."))
        raise UnprocessableEntity(gettext("Unknown language or theme. Go back and choose one from the list."))
    chosen = {name: form[name].data for name in CHOICES if form[name].data}
    if is_logged_in() and chosen:
        with transaction() as connection:
            reader = current_reader(connection)
            if reader is not None:
                update_preferences(connection, reader.id, chosen.get("language"), chosen.get("theme"))
    page = local_path(request.args.get("next")) or url_for("welcome.welcome")
    response = redirect(page, 303)
    keep_draft(response, page, was_logged_out=False)  # the buttons also send the form above
    for name, value in chosen.items():
        keep_preference(response, name, value)
    return response
