"""Passkeys: adding and removing them, and logging in with one. A script asks for the question and sends the answer."""

from flask import Blueprint, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from werkzeug.exceptions import NotFound
from wtforms import HiddenField
from wtforms.validators import InputRequired

from flyleaf.passkeys import PasskeyRefusedError, PasskeySite
from flyleaf.queries.events import EventKind, insert_event
from flyleaf.queries.passkeys import delete_passkey, insert_passkey, select_passkey
from flyleaf.queries.readers import Credentials, Reader
from flyleaf.views.second_factors import FactorForm, add_factor, remove_factor
from flyleaf.web.access import reader_required
from flyleaf.web.attempts import code_limits, count_attempt
from flyleaf.web.authentication import confirm_password
from flyleaf.web.current import transaction
from flyleaf.web.forms import Form, require_token
from flyleaf.web.local_paths import local_path
from flyleaf.web.login import finish_login, log_in_with_passkey, pending_login
from flyleaf.web.notices import redirect_with_notice
from flyleaf.web.passkeys import (
    ask_for_creation,
    ask_for_login,
    check_creation,
    check_login,
    passkey_site,
    user_handle,
)

blueprint = Blueprint("passkeys", __name__)


class PasskeyForm(FactorForm):
    credential = HiddenField(validators=[InputRequired(lazy_gettext("Passkeys need JavaScript and a recent browser."))])


class PasskeyLoginForm(Form):
    credential = HiddenField()
    next = HiddenField()


@blueprint.route("/account/passkey", methods=["GET", "POST"])
@reader_required
def add(reader: Reader) -> ResponseReturnValue:
    site = _site()
    if request.method != "POST":
        return render_template("passkey_add.html", form=PasskeyForm(name=gettext("Passkey")))
    form = PasskeyForm(request.form)
    if form.validate():
        credentials = confirm_password(reader, form.password.data or "")
        if credentials is None:
            form.password.errors = [gettext("Wrong password.")]
        else:
            try:
                new = check_creation(reader, site, form.credential.data or "")
            except PasskeyRefusedError:
                form.form_errors.append(gettext("The passkey wasn’t added. Try again."))
            else:
                name, handle = form.name.data or "", user_handle(reader)
                return add_factor(
                    reader,
                    credentials,
                    "passkey",
                    lambda connection: insert_passkey(connection, credentials, name, site.host, handle, new),
                )
    form.form_errors.extend(form.credential.errors)
    form.credential.data = ""
    return render_template("passkey_add.html", form=form), form.status


@blueprint.post("/account/passkey/question")
@reader_required
def creation_question(reader: Reader) -> ResponseReturnValue:
    """Check the form before the browser makes a passkey, which it could not take back."""
    site, form = _site(), FactorForm(request.form)
    if form.validate():
        if confirm_password(reader, form.password.data or "") is not None:
            return jsonify(ask_for_creation(reader, site))
        form.password.errors = [gettext("Wrong password.")]
    errors = [error for field in form for error in field.errors]
    return jsonify(error=" ".join(map(str, errors))), form.status


@blueprint.route("/account/passkeys/<id:passkey_id>/remove", methods=["GET", "POST"])
@reader_required
def remove(reader: Reader, passkey_id: int) -> ResponseReturnValue:
    with transaction() as connection:
        passkey = select_passkey(connection, reader.id, passkey_id)
    if passkey is None:
        raise NotFound(gettext("This has already been removed."))
    return remove_factor(
        reader, passkey, "passkey", lambda connection, credentials: delete_passkey(connection, credentials, passkey.id)
    )


@blueprint.post("/login/passkey/question")
def login_question() -> ResponseReturnValue:
    require_token()
    return jsonify(ask_for_login(_site(), pending_login()))


@blueprint.post("/login/passkey")
def login() -> ResponseReturnValue:
    """Finish the login that waits for a second factor; or, with a passkey that is two factors, log in."""
    require_token()
    form, pending = PasskeyLoginForm(request.form), pending_login()
    try:
        credentials = check_login(_site(), pending, form.credential.data or "").credentials
    except PasskeyRefusedError:
        return _refuse(pending, form.next.data)
    if pending is not None and pending.reader.id == credentials.reader.id:
        response = finish_login(pending, form.next.data, "passkey")
    else:
        response = log_in_with_passkey(credentials, form.next.data)
    return response or _refuse(None, form.next.data)


def _refuse(pending: Credentials | None, next_path: str | None) -> ResponseReturnValue:
    if pending is not None:
        count_attempt(code_limits(pending.reader))
        with transaction() as connection:
            insert_event(connection, EventKind.SECOND_FACTOR_REFUSED, pending.reader.id)
    endpoint = "readers.login" if pending is None else "second_step.code"
    return redirect_with_notice(url_for(endpoint, next=local_path(next_path)), "passkey-refused")


def _site() -> PasskeySite:
    """Return the site. Raises NotFound where no browser offers passkeys."""
    site = passkey_site()
    if site is None:
        raise NotFound(gettext("Passkeys need HTTPS and a host name, or localhost."))
    return site
