"""Registering, logging in, logging out."""

from flask import Blueprint, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import Forbidden
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired

from flyleaf.passwords import hash_password
from flyleaf.queries.events import EventKind, insert_event
from flyleaf.queries.readers import Credentials, insert_reader, select_credentials
from flyleaf.queries.sessions import delete_session
from flyleaf.views.admission import admit, is_open_to
from flyleaf.views.names import USERNAME_RULES
from flyleaf.views.password_form import NewPasswordForm
from flyleaf.web.access import begin_session, end_session, has_session, is_logged_in, session_hash
from flyleaf.web.attempts import count_attempt, registration_limits, remember_device
from flyleaf.web.authentication import authenticate
from flyleaf.web.current import flyleaf, transaction
from flyleaf.web.drafts import forget_drafts, restored, waits_for
from flyleaf.web.forms import Form, line
from flyleaf.web.local_paths import local_path
from flyleaf.web.login import destination, log_in
from flyleaf.web.notices import give_notice, redirect_with_notice

blueprint = Blueprint("readers", __name__)


class RegistrationForm(NewPasswordForm):
    username = StringField(
        lazy_gettext("Username"),
        filters=[line],
        validators=USERNAME_RULES,
    )
    next = HiddenField()
    invitation = HiddenField()

    @property
    def name(self) -> str:
        return self.username.data or ""


class LoginForm(Form):
    username = StringField(
        lazy_gettext("Username"), filters=[line], validators=[InputRequired(lazy_gettext("Enter your username."))]
    )
    password = PasswordField(lazy_gettext("Password"), validators=[InputRequired(lazy_gettext("Enter your password."))])
    next = HiddenField()


@blueprint.route("/register", methods=["GET", "POST"])
def register() -> ResponseReturnValue:
    if request.method != "POST":
        if is_logged_in():
            return redirect(url_for("search.search"), 303)
        return _show_registration(RegistrationForm(_asked_or_typed()))
    _require_password_login()
    form = RegistrationForm(request.form)
    if not is_open_to(form.invitation.data):
        return _show_registration(form)
    if form.validate():
        credentials = _register(form.name, form.password.data or "", form.invitation.data or "")
        if credentials is not None and credentials.is_pending:
            return redirect_with_notice(url_for("readers.login", next=form.next.data or None), "registration-pending")
        if credentials is not None:
            response = make_response(redirect(destination(form.next.data), 303))
            begin_session(credentials, response)
            remember_device(response, form.name)
            return give_notice(response, "registered")
        form.username.errors = [gettext("This name is taken. Choose another.")]
    return _show_registration(form)


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    if request.method != "POST":
        if is_logged_in():
            return redirect(destination(request.args.get("next")), 303)
        return _show(LoginForm(_asked_or_typed()))
    _require_password_login()
    form = LoginForm(request.form)
    if form.validate():
        credentials = authenticate(form.username.data or "", form.password.data or "")
        if credentials is not None and credentials.lock_reason is not None:
            return _refuse(
                form, credentials, gettext("This account is locked: %(reason)s", reason=credentials.lock_reason)
            )
        if credentials is not None and credentials.is_pending:
            return _refuse(form, credentials, gettext("A moderator has to approve your account before you can log in."))
        response = log_in(credentials, form.next.data) if credentials is not None else None
        if response is not None:
            return response
        form.form_errors.append(gettext("Wrong name or password. Passwords are case-sensitive."))
    return _show(form), form.status


@blueprint.route("/logout", methods=["GET", "POST"])
def logout() -> ResponseReturnValue:
    # A link or a form on another site could otherwise log readers out. SameSite=Lax sends the cookie along with links.
    form = Form(request.form)
    from_elsewhere = request.headers.get("Sec-Fetch-Site") == "cross-site"
    was_logged_in = has_session()
    if was_logged_in and from_elsewhere and not (request.method == "POST" and form.validate()):
        return render_template("logout.html", form=Form())
    reader_id = session.get("reader_id")
    end_session()  # first, so that the file is deleted even if the database is down
    if was_logged_in:
        with transaction() as connection:
            ended_id = delete_session(connection, session_hash())
            if ended_id is not None:
                insert_event(connection, EventKind.LOGGED_OUT, ended_id)
    response = redirect_with_notice(url_for("welcome.welcome"), "logged-out")
    forget_drafts(response, reader_id)
    return response


def _require_password_login() -> None:
    """Raise Forbidden if the operator has switched passwords off."""
    config = flyleaf().config
    if not config.password_login:
        raise Forbidden(gettext("Passwords are switched off here. Log in with %(name)s.", name=config.oidc_name))


def _refuse(form: LoginForm, credentials: Credentials, reason: str) -> ResponseReturnValue:
    """Show why the account can't be used, but only after the right password. Everyone else sees a wrong password."""
    with transaction() as connection:
        insert_event(connection, EventKind.LOGIN_REFUSED, credentials.reader.id)
    form.form_errors.append(reason)
    return _show(form), 403


def _show(form: LoginForm) -> str:
    """Return the login page, which tells readers why they were sent here."""
    wanted = local_path(form.next.data)
    return render_template("login.html", form=form, wanted=wanted, is_text_kept=waits_for(wanted))


def _asked_or_typed() -> MultiDict[str, str]:
    """Return the address's parameters and the text typed before the page's language was changed."""
    typed = restored() or MultiDict()
    return MultiDict({**request.args.to_dict(), **typed.to_dict()})


def _show_registration(form: RegistrationForm) -> ResponseReturnValue:
    """Return the registration page. Without a valid invitation where one is needed, it says how to get one."""
    if is_open_to(form.invitation.data):
        return render_template("register.html", form=form), form.status
    return render_template("register_by_invitation.html", was_invited=bool(form.invitation.data)), 403


def _register(name: str, password: str, invitation: str) -> Credentials | None:
    """Return the new reader's credentials, or None if the name is taken.

    A taken name counts as an attempt too, which limits probing for names.

    Raises TooManyRequests, and Conflict if the invitation was used up meanwhile.
    """
    count_attempt(registration_limits())
    with transaction() as connection:
        if select_credentials(connection, name) is not None:
            return None  # saves a hash; in a race for a free name the database decides below
    password_hash = hash_password(password)
    with transaction() as connection:
        reader = insert_reader(connection, name, password_hash)
        if reader is None:
            return None
        is_pending = admit(connection, reader, invitation)
    return Credentials(reader, password_hash, is_pending=is_pending)
