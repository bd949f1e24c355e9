"""Registering, logging in, logging out."""

import re
import unicodedata

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response
from wtforms import Form as WTForm
from wtforms import HiddenField, PasswordField, StringField
from wtforms.fields import Field
from wtforms.validators import InputRequired, Length, ValidationError

from flyleaf.limits import PASSWORD_MAX, PASSWORD_MIN, USERNAME_MAX
from flyleaf.passwords import hash_password, needs_rehash, verify_password
from flyleaf.queries.readers import Reader, insert_reader, name_key, select_credentials, update_password_hash
from flyleaf.views.access import begin_session, end_session, is_logged_in, local_path
from flyleaf.views.current import transaction
from flyleaf.views.forms import Form, line, no_control_characters
from flyleaf.views.notices import give_notice

blueprint = Blueprint("readers", __name__)

_INVISIBLE = ("Cc", "Cf", "Co", "Cn", "Zl", "Zp")  # Unicode's general categories
# Shown as nothing, though Unicode calls them letters, marks and symbols: fillers, joiners, variation selectors.
_BLANKS = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def _visible(form: WTForm, field: Field) -> None:
    # Cf: zero-width and direction marks, with which one name can be made to look like another; Cc: line breaks, tabs.
    name = field.data or ""
    if _BLANKS.search(name) or any(unicodedata.category(letter) in _INVISIBLE for letter in name):
        raise ValidationError("There is an invisible character in this name: delete it.")


class RegistrationForm(Form):
    username = StringField(
        "User name",
        filters=[line],
        validators=[
            InputRequired("Choose a name."),
            Length(1, USERNAME_MAX, f"A name has at most {USERNAME_MAX} characters, and at least one."),
            no_control_characters,
            _visible,
        ],
    )
    password = PasswordField(
        "Password",
        validators=[
            InputRequired("Choose a password."),
            Length(PASSWORD_MIN, PASSWORD_MAX, f"A password has {PASSWORD_MIN} to {PASSWORD_MAX} characters."),
            no_control_characters,
        ],
    )
    confirmation = PasswordField("Password, once more", validators=[InputRequired("Repeat the password.")])
    next = HiddenField()

    def validate_password(self, field: PasswordField) -> None:
        if name_key(field.data or "") == name_key(self.username.data or ""):
            raise ValidationError("The password is the user name. Choose one that nobody can guess.")

    def validate_confirmation(self, field: PasswordField) -> None:
        if field.data != self.password.data:
            raise ValidationError("The two passwords are not the same.")


class LoginForm(Form):
    username = StringField("User name", filters=[line], validators=[InputRequired("Enter your user name.")])
    password = PasswordField("Password", validators=[InputRequired("Enter your password.")])
    next = HiddenField()


@blueprint.route("/register", methods=["GET", "POST"])
def register() -> ResponseReturnValue:
    if request.method != "POST":
        if is_logged_in():
            return redirect(url_for("search.search"), 303)
        return render_template("register.html", form=RegistrationForm(request.args))
    form = RegistrationForm(request.form)
    if form.validate():
        password_hash = hash_password(form.password.data or "")
        with transaction() as connection:
            reader = insert_reader(connection, form.username.data or "", password_hash)
        if reader is not None:
            return give_notice(make_response(_enter(reader, form.next.data)), "registered")
        form.username.errors = ["This name is taken. Choose another."]
    return render_template("register.html", form=form), form.status


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    if request.method != "POST":
        if is_logged_in():
            return redirect(_destination(request.args.get("next")), 303)
        return render_template("login.html", form=LoginForm(request.args))
    form = LoginForm(request.form)
    if form.validate():
        reader = _authenticate(form.username.data or "", form.password.data or "")
        if reader is not None:
            return _enter(reader, form.next.data)
        form.form_errors.append("No reader has this name and password. Check both, and mind capital letters.")
    return render_template("login.html", form=form), form.status


@blueprint.route("/logout", methods=["GET", "POST"])
def logout() -> ResponseReturnValue:
    # A link or a form on another site could otherwise log readers out. SameSite=Lax sends the cookie along with links.
    form = Form(request.form)
    from_elsewhere = request.headers.get("Sec-Fetch-Site") == "cross-site"
    if is_logged_in() and from_elsewhere and not (request.method == "POST" and form.validate()):
        return render_template("logout.html", form=Form())
    end_session()
    return give_notice(make_response(redirect(url_for("welcome.welcome"), 303)), "logged-out")


def _authenticate(name: str, password: str) -> Reader | None:
    """The reader with this name and password. Unknown names cost the same as wrong passwords."""
    with transaction() as connection:
        credentials = select_credentials(connection, name) if "\0" not in name else None
    # No connection is held while the hash is computed: it takes as long as twenty queries.
    matches = verify_password(credentials.password_hash if credentials else None, password[: PASSWORD_MAX + 1])
    if credentials is None or not matches:
        return None
    if needs_rehash(credentials.password_hash):
        with transaction() as connection:
            update_password_hash(connection, credentials.reader.id, hash_password(password))
    return credentials.reader


def _enter(reader: Reader, next_path: str | None) -> Response:
    begin_session(reader)
    return redirect(_destination(next_path), 303)


def _destination(next_path: str | None) -> str:
    return local_path(next_path) or url_for("search.search")
