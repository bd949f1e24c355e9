"""Logging in with an account at another site (OpenID Connect), and connecting one to a reader."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import Connection
from werkzeug.exceptions import Conflict, HTTPException, NotFound
from werkzeug.wrappers import Response
from wtforms import StringField

from flyleaf.limits import USERNAME_MAX
from flyleaf.queries.events import EventKind, insert_event
from flyleaf.queries.identities import delete_identity, insert_identity, select_identity_credentials
from flyleaf.queries.readers import Credentials, Reader, insert_reader
from flyleaf.views.admission import admit, is_open_to
from flyleaf.views.names import USERNAME_RULES
from flyleaf.views.password_form import PasswordForm
from flyleaf.web.access import begin_session, current_reader, reader_required
from flyleaf.web.attempts import count_attempt, registration_limits
from flyleaf.web.authentication import confirm_password
from flyleaf.web.current import flyleaf, transaction
from flyleaf.web.forms import SHA256, Form, line
from flyleaf.web.local_paths import local_path
from flyleaf.web.login import destination, log_in
from flyleaf.web.login_provider import (
    Identity,
    LoginRequest,
    ProviderError,
    forget_login,
    has_provider,
    keep_identity,
    kept_identity,
    redirect_to_provider,
    returned_identity,
)
from flyleaf.web.notices import give_notice, redirect_with_notice

blueprint = Blueprint("login_provider", __name__)
Values = ParamSpec("Values")
CONNECTING_SECONDS = 10 * 60


class UsernameForm(Form):
    username = StringField(lazy_gettext("Username"), filters=[line], validators=USERNAME_RULES)


class Unreachable(HTTPException):
    """The provider didn't answer as it should."""

    code = 502


def _provider_required(view: Callable[Values, ResponseReturnValue]) -> Callable[Values, ResponseReturnValue]:
    """Answer 404 without a provider, and 502 if it doesn't answer as it should."""

    @wraps(view)
    def gate(*values: Values.args, **named: Values.kwargs) -> ResponseReturnValue:
        if not has_provider():
            raise NotFound
        try:
            return view(*values, **named)
        except ProviderError as error:
            name = flyleaf().config.oidc_name
            raise Unreachable(gettext("Logging in with %(name)s didn’t work. Try again.", name=name)) from error

    return gate


@blueprint.get("/login/provider")
@_provider_required
def start() -> ResponseReturnValue:
    """Send the browser to the provider."""
    token = request.args.get("connect")
    wanted = LoginRequest(
        local_path(request.args.get("next")),
        None if token is None else _connecting(token),
        (request.args.get("invitation") or "")[:100] or None,
    )
    return redirect_to_provider(url_for("login_provider.callback", _external=True), wanted)


@blueprint.get("/login/provider/callback")
@_provider_required
def callback() -> ResponseReturnValue:
    """Log in the reader whom the provider vouches for, or let a new one choose a username."""
    identity, wanted = returned_identity()
    if wanted.reader_id is not None:
        return forget_login(_connect(identity, wanted.reader_id))
    with transaction() as connection:
        credentials = select_identity_credentials(connection, identity.issuer, identity.subject)
    if credentials is None:
        response = make_response(redirect(url_for("login_provider.register"), 303))
        keep_identity(response, identity, wanted)
        return response
    return forget_login(_log_in(credentials, wanted.next_path))


@blueprint.route("/register/provider", methods=["GET", "POST"])
@_provider_required
def register() -> ResponseReturnValue:
    """Let somebody whom the provider vouches for choose a username."""
    kept = kept_identity()
    if kept is None:
        return redirect(url_for("readers.login"), 303)
    identity, wanted = kept
    form = UsernameForm(request.form)
    if not is_open_to(wanted.invitation):
        return render_template("register_by_invitation.html", was_invited=wanted.invitation is not None), 403
    if request.method != "POST":
        form.username.data = (line(identity.name) or "")[:USERNAME_MAX]
    elif form.validate():
        credentials = _register(identity, form.username.data or "", wanted.invitation)
        if credentials is not None and credentials.is_pending:
            return forget_login(redirect_with_notice(url_for("readers.login"), "registration-pending"))
        if credentials is not None:
            response = make_response(redirect(destination(wanted.next_path), 303))
            begin_session(credentials, response)
            return forget_login(give_notice(response, "registered"))
        form.username.errors = [gettext("This name is taken. Choose another.")]
    return render_template("register_provider.html", form=form), form.status


@blueprint.route("/account/provider", methods=["GET", "POST"])
@_provider_required
@reader_required
def connect(reader: Reader) -> ResponseReturnValue:
    """Ask for the password, then show the way to the provider.

    It is a link and no redirect: the Content-Security-Policy lets forms lead only to this site.
    """
    form = PasswordForm(request.form)
    token = None
    if request.method == "POST" and form.validate():
        if confirm_password(reader, form.password.data or "") is not None:
            token = _signer().dumps(reader.id)
        else:
            form.password.errors = [gettext("Wrong password.")]
    return render_template("account_provider.html", form=form, token=token), form.status


@blueprint.route("/account/provider/disconnect", methods=["GET", "POST"])
@_provider_required
@reader_required
def disconnect(reader: Reader) -> ResponseReturnValue:
    form = PasswordForm(request.form)
    if request.method == "POST" and form.validate():
        if confirm_password(reader, form.password.data or "") is not None:
            with transaction() as connection:
                if not delete_identity(connection, str(flyleaf().config.oidc_issuer), reader.id):
                    raise Conflict
                insert_event(connection, EventKind.IDENTITY_DISCONNECTED, reader.id)
            return redirect_with_notice(url_for("account.account"), "identity-disconnected")
        form.password.errors = [gettext("Wrong password.")]
    return render_template("account_provider_disconnect.html", form=form), form.status


def _log_in(credentials: Credentials, next_path: str | None) -> Response:
    if credentials.lock_reason is not None:
        return _refusal(gettext("This account is locked: %(reason)s", reason=credentials.lock_reason))
    if credentials.is_pending:
        return _refusal(gettext("A moderator has to approve your account before you can log in."))
    response = log_in(credentials, next_path)
    if response is None:
        return _refusal(gettext("Your account was changed meanwhile. Log in again."))
    return response


def _refusal(reason: str) -> Response:
    return make_response(render_template("login_refused.html", reason=reason), 403)


def _connect(identity: Identity, reader_id: int) -> Response:
    """Connect the identity to the reader who asked for it in this browser and is still logged in."""
    with transaction() as connection:
        reader = current_reader(connection)
        if reader is None or reader.id != reader_id:
            raise Conflict(gettext("You were logged out meanwhile. Log in and try again."))
        if not insert_identity(connection, identity.issuer, identity.subject, reader.id):
            raise Conflict(gettext("Another account is already connected. Disconnect it first."))
        insert_event(connection, EventKind.IDENTITY_CONNECTED, reader.id)
    return redirect_with_notice(url_for("account.account"), "identity-connected")


def _register(identity: Identity, name: str, invitation: str | None) -> Credentials | None:
    """Return the credentials of the new reader, who has no password, or None if the name is taken.

    Raises TooManyRequests, and Conflict if the identity or the invitation was used meanwhile.
    """
    count_attempt(registration_limits())
    with transaction() as connection:
        reader = insert_reader(connection, name, "")
        if reader is None:
            return None
        _insert_own_identity(connection, identity, reader)
        is_pending = admit(connection, reader, invitation)
    return Credentials(reader, "", is_pending=is_pending)


def _insert_own_identity(connection: Connection, identity: Identity, reader: Reader) -> None:
    if not insert_identity(connection, identity.issuer, identity.subject, reader.id):
        raise Conflict(gettext("You have already registered. Log in."))


def _connecting(token: str) -> int:
    """Return the id of the reader who has confirmed the password to connect an account. Raises Conflict."""
    try:
        return int(_signer().loads(token, max_age=CONNECTING_SECONDS))
    except BadSignature as error:
        raise Conflict(gettext("This page was open for too long. Try again.")) from error


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="connect provider", signer_kwargs=SHA256)
