"""Adding and removing second factors, which needs the password, and new recovery codes."""

from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import Connection
from werkzeug.exceptions import Conflict, NotFound
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from flyleaf.limits import SECOND_FACTOR_NAME_MAX, SECOND_FACTORS_MAX
from flyleaf.queries.api_tokens import delete_api_tokens
from flyleaf.queries.events import EventKind, insert_event
from flyleaf.queries.readers import Credentials, Reader
from flyleaf.queries.second_factors import (
    AuthenticatorApp,
    Passkey,
    delete_authenticator_app,
    insert_authenticator_app,
    replace_recovery_codes,
    select_authenticator_app,
)
from flyleaf.queries.sessions import delete_other_sessions
from flyleaf.recovery_codes import hash_code, new_codes
from flyleaf.totp import app_address, matching_step, new_secret, qr_code
from flyleaf.views.app_code import AppCodeField
from flyleaf.views.password_form import PasswordForm
from flyleaf.web.access import forget_sessions, reader_required, renew_session, session_hash
from flyleaf.web.authentication import confirm_password
from flyleaf.web.current import transaction
from flyleaf.web.forms import SHA256, line, no_control_characters
from flyleaf.web.notices import redirect_with_notice
from flyleaf.web.second_factors import seal_app_secret

blueprint = Blueprint("second_factors", __name__, url_prefix="/account")
SECRET_SECONDS = 60 * 60  # for which a secret that is shown can be used


class FactorForm(PasswordForm):
    name = StringField(
        lazy_gettext("Name"),
        filters=[line],
        validators=[
            InputRequired(lazy_gettext("Choose a name.")),
            Length(
                1,
                SECOND_FACTOR_NAME_MAX,
                lazy_gettext("Names can have up to %(most)s characters.", most=SECOND_FACTOR_NAME_MAX),
            ),
            no_control_characters,
        ],
    )


class AppForm(FactorForm):
    code = AppCodeField(lazy_gettext("Code from the app"))
    secret = HiddenField()  # signed, so that the site chose it, for this reader


@blueprint.route("/authenticator-app", methods=["GET", "POST"])
@reader_required
def add_app(reader: Reader) -> ResponseReturnValue:
    if request.method != "POST":
        return _show_app_form(reader, AppForm(name=gettext("Authenticator app")), new_secret())
    form = AppForm(request.form)
    is_valid, secret = form.validate(), _shown_secret(reader, form)
    if secret is None:
        form.form_errors.append(gettext("This page was open for too long. Scan the new QR code."))
    elif is_valid:
        response = _add_app(reader, form, secret)
        if response is not None:
            return response
    return _show_app_form(reader, form, secret or new_secret()), form.status


@blueprint.route("/authenticator-apps/<id:app_id>/remove", methods=["GET", "POST"])
@reader_required
def remove_app(reader: Reader, app_id: int) -> ResponseReturnValue:
    with transaction() as connection:
        app = select_authenticator_app(connection, reader.id, app_id)
    if app is None:
        raise NotFound(gettext("This has already been removed."))
    return remove_factor(
        reader, app, "app", lambda connection, credentials: delete_authenticator_app(connection, credentials, app.id)
    )


@blueprint.route("/recovery-codes", methods=["GET", "POST"])
@reader_required
def recovery_codes(reader: Reader) -> ResponseReturnValue:
    if not reader.has_second_factor:
        raise NotFound(gettext("Recovery codes come with a second factor. Add one first."))
    form = PasswordForm(request.form)
    if request.method == "POST" and form.validate():
        credentials = confirm_password(reader, form.password.data or "")
        if credentials is not None:
            codes = new_codes()
            hashes = [hash_code(code) for code in codes]
            with transaction() as connection:
                if not replace_recovery_codes(connection, credentials, hashes):
                    raise Conflict
                insert_event(connection, EventKind.RECOVERY_CODES_MADE, reader.id)
            return render_template("recovery_codes.html", codes=codes)
        form.password.errors = [gettext("Wrong password.")]
    return render_template("recovery_codes_renew.html", form=form), form.status


def _add_app(reader: Reader, form: AppForm, secret: str) -> Response | None:
    """Add the app and return the page that follows. Return None if the password or the code is wrong; the form then
    says which."""
    credentials = confirm_password(reader, form.password.data or "")
    step = matching_step(secret, form.code.data or "")
    if credentials is None:
        form.password.errors = [gettext("Wrong password.")]
        return None
    if step is None:
        form.code.errors = [gettext("Wrong code. Enter the newest one, and check that your phone’s clock is right.")]
        return None
    sealed = seal_app_secret(reader, secret)
    return add_factor(
        reader,
        credentials,
        "app",
        lambda connection: insert_authenticator_app(connection, credentials, form.name.data or "", sealed, step),
    )


def add_factor(reader: Reader, credentials: Credentials, factor: str, insert: Callable[[Connection], bool]) -> Response:
    """Add a factor, log out all other devices, and return the page that follows: for the first factor, recovery codes.

    Raises Conflict if `insert` returns False.
    """
    codes = [] if reader.has_second_factor else new_codes()
    hashes = [hash_code(code) for code in codes]
    with transaction() as connection:
        if not insert(connection):
            raise Conflict(
                gettext("This can’t be added. You can have up to %(most)s of each kind.", most=SECOND_FACTORS_MAX)
            )
        if codes:
            replace_recovery_codes(connection, credentials, hashes)
        _end_others(connection, credentials, EventKind.SECOND_FACTOR_ADDED, factor)
    if not codes:
        return _renewed(reader, redirect_with_notice(url_for("account.account"), "second-factor-added"))
    response = _renewed(reader, make_response())  # first: the tokens of the page belong to the new session
    response.set_data(render_template("recovery_codes.html", codes=codes, is_first=True))
    return response


def remove_factor(
    reader: Reader, factor: AuthenticatorApp | Passkey, kind: str, delete: Callable[[Connection, Credentials], bool]
) -> ResponseReturnValue:
    """Ask for the password, and remove the factor. Raises Conflict if `delete` returns False."""
    form = PasswordForm(request.form)
    if request.method == "POST" and form.validate():
        credentials = confirm_password(reader, form.password.data or "")
        if credentials is not None:
            with transaction() as connection:
                if not delete(connection, credentials):
                    raise Conflict(gettext("This has already been removed."))
                _end_others(connection, credentials, EventKind.SECOND_FACTOR_REMOVED, kind)
            return _renewed(reader, redirect_with_notice(url_for("account.account"), "second-factor-removed"))
        form.password.errors = [gettext("Wrong password.")]
    return render_template("second_factor_remove.html", form=form, factor=factor), form.status


def _end_others(connection: Connection, credentials: Credentials, kind: EventKind, factor: str) -> None:
    """Log out all other devices, revoke the API tokens, and note what happened."""
    forget_sessions(delete_other_sessions(connection, credentials.reader.id, session_hash()))
    delete_api_tokens(connection, credentials.reader.id)
    insert_event(connection, kind, credentials.reader.id, {"second_factor": factor})


def _renewed(reader: Reader, response: Response) -> Response:
    renew_session(reader, response)
    return response


def _show_app_form(reader: Reader, form: AppForm, secret: str) -> str:
    form.secret.data = _signer(reader).dumps(secret)
    address = app_address(secret, reader.name, urlsplit(request.host_url).hostname or "")
    return render_template(
        "authenticator_app_add.html", form=form, secret=secret, address=address, qr_code=qr_code(address)
    )


def _shown_secret(reader: Reader, form: AppForm) -> str | None:
    """Return the secret that the page showed to this reader, or None if that was too long ago."""
    try:
        return str(_signer(reader).loads(form.secret.data or "", max_age=SECRET_SECONDS))
    except BadSignature:
        return None


def _signer(reader: Reader) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        str(current_app.secret_key), salt=f"authenticator app {reader.id}", signer_kwargs=SHA256
    )
