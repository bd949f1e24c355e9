"""The reader's tokens for programs, which use the API in the reader's name."""

import secrets

from flask import Blueprint, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import Connection
from werkzeug.exceptions import Conflict
from wtforms import RadioField, SelectChoice, StringField  # type: ignore[attr-defined]  # stubs of an older version
from wtforms.validators import InputRequired, Length

from flyleaf.limits import API_TOKEN_LONGEST, API_TOKEN_NAME_MAX, API_TOKENS_MAX
from flyleaf.queries.api_tokens import delete_api_token, insert_api_token, select_api_tokens
from flyleaf.queries.events import EventKind, insert_event
from flyleaf.queries.readers import Reader
from flyleaf.web.access import login_required
from flyleaf.web.forms import Form, line, no_control_characters, require_token
from flyleaf.web.notices import redirect_with_notice
from flyleaf.web.numbers import WholeNumberField
from flyleaf.web.rendering import Answer, render_later

blueprint = Blueprint("api_tokens", __name__, url_prefix="/account/tokens")

PREFIX = "flyleaf_"  # by which programs that look for leaked secrets know one
DAYS = 90


class ApiTokenForm(Form):
    name = StringField(
        lazy_gettext("Name"),
        description=lazy_gettext("So that you recognise it later, such as “backup script”."),
        filters=[line],
        validators=[
            InputRequired(lazy_gettext("Enter a name.")),
            Length(
                min=1,
                max=API_TOKEN_NAME_MAX,
                message=lazy_gettext("Names have 1 to %(most)s characters.", most=API_TOKEN_NAME_MAX),
            ),
            no_control_characters,
        ],
    )
    scope = RadioField(
        lazy_gettext("What programs can do with it"),
        choices=[
            SelectChoice("read", lazy_gettext("Read what you can read")),
            SelectChoice("write", lazy_gettext("Read, and change your reviews and shelves")),
        ],
        default="read",
        validators=[InputRequired(lazy_gettext("Choose what programs can do with the token."))],
    )
    days = WholeNumberField(lazy_gettext("Valid for how many days"), least=1, most=API_TOKEN_LONGEST, default=DAYS)


@blueprint.route("", methods=["GET", "POST"])
@login_required
def api_tokens(connection: Connection, reader: Reader) -> Answer:
    """Show the reader's tokens and the form for a new one, which is shown once."""
    form = ApiTokenForm(request.form)
    token = None
    if request.method == "POST" and form.validate():
        token = _make(connection, reader, form)
        if token is not None:
            form = ApiTokenForm()
    found = select_api_tokens(connection, reader.id)
    return render_later("api_tokens.html", tokens=found, form=form, token=token), form.status


@blueprint.post("/<id:token_id>/revoke")
@login_required
def revoke(connection: Connection, reader: Reader, token_id: int) -> Answer:
    require_token()
    name = delete_api_token(connection, reader.id, token_id)
    if name is None:
        raise Conflict(gettext("This token has already expired or was revoked."))
    insert_event(connection, EventKind.API_TOKEN_REVOKED, reader.id, {"name": name})
    return redirect_with_notice(url_for("api_tokens.api_tokens"), "api-token-revoked")


def _make(connection: Connection, reader: Reader, form: ApiTokenForm) -> str | None:
    """Make a token and return it, or None, with an error on the form, if the reader has too many."""
    token = PREFIX + secrets.token_urlsafe(32)
    name, days, can_write = form.name.data or "", form.days.data or DAYS, form.scope.data == "write"
    if insert_api_token(connection, reader.id, token, name, days, can_write=can_write) is None:
        form.form_errors.append(
            gettext("You have %(most)s tokens, which is the limit. Revoke one first.", most=API_TOKENS_MAX)
        )
        return None
    known = {"name": name, "scope": form.scope.data, "days": days}
    insert_event(connection, EventKind.API_TOKEN_MADE, reader.id, known)
    return token
