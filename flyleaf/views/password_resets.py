"""Resetting a password with a link from an administrator. Anyone with the link can use it."""

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound

from flyleaf.passwords import hash_password
from flyleaf.queries.api_tokens import delete_api_tokens
from flyleaf.queries.attempts import delete_attempts
from flyleaf.queries.events import EventKind, insert_event
from flyleaf.queries.password_resets import select_password_reset, use_password_reset
from flyleaf.queries.sessions import delete_all_sessions
from flyleaf.views.password_form import NewPasswordForm
from flyleaf.web.access import forget_sessions
from flyleaf.web.attempts import account_limits
from flyleaf.web.current import transaction
from flyleaf.web.notices import redirect_with_notice

blueprint = Blueprint("password_resets", __name__)


class PasswordResetForm(NewPasswordForm):
    def __init__(self, reader_name: str, sent: MultiDict[str, str] | None = None) -> None:
        self._reader_name = reader_name
        super().__init__(sent)

    @property
    def name(self) -> str:
        return self._reader_name


@blueprint.route("/reset/<token>", methods=["GET", "POST"])
def reset(token: str) -> ResponseReturnValue:
    with transaction() as connection:
        name = select_password_reset(connection, token)
    if name is None:
        raise _link_expired()
    form = PasswordResetForm(name, request.form)
    if request.method != "POST" or not form.validate():
        return render_template("password_reset.html", name=name, form=form), form.status
    _reset(token, name, form.password.data or "")
    return redirect_with_notice(url_for("readers.login"), "password-reset")


@blueprint.after_request
def _hide_referrer(response: Response) -> Response:
    """Send no referrer, because the address is secret."""
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _reset(token: str, name: str, password: str) -> None:
    """Change the password, log out all devices and revoke the API tokens.

    Raises NotFound if the link has been used meanwhile.
    """
    password_hash = hash_password(password)
    with transaction() as connection:
        reader_id = use_password_reset(connection, token, password_hash)
        if reader_id is None:
            raise _link_expired()
        forget_sessions(delete_all_sessions(connection, reader_id))
        delete_api_tokens(connection, reader_id)
        delete_attempts(connection, account_limits(reader_id, name))
        insert_event(connection, EventKind.PASSWORD_RESET, reader_id)


def _link_expired() -> NotFound:
    return NotFound(gettext("This link has expired or was already used. Ask the site’s administrators for a new one."))
