"""The second step of a login: a code from an authenticator app, or a recovery code."""

from collections.abc import Callable
from functools import wraps

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired

from flyleaf.queries.readers import Credentials
from flyleaf.queries.second_factors import select_second_factors
from flyleaf.recovery_codes import typed_code
from flyleaf.sealing import UnreadableError
from flyleaf.views.app_code import AppCodeField
from flyleaf.web.access import is_logged_in
from flyleaf.web.current import transaction
from flyleaf.web.forms import Form
from flyleaf.web.local_paths import local_path
from flyleaf.web.login import destination, finish_login, pending_login
from flyleaf.web.notices import redirect_with_notice
from flyleaf.web.second_factors import check_app_code, check_recovery_code

blueprint = Blueprint("second_step", __name__, url_prefix="/login")


class AppCodeForm(Form):
    code = AppCodeField(lazy_gettext("Code from your authenticator app"))
    next = HiddenField()


class RecoveryCodeForm(Form):
    code = StringField(
        lazy_gettext("Recovery code"), validators=[InputRequired(lazy_gettext("Enter a recovery code."))]
    )
    next = HiddenField()


def pending_login_required(view: Callable[[Credentials], ResponseReturnValue]) -> Callable[[], ResponseReturnValue]:
    """Pass the credentials of the first step to the view. Without a first step, lead to it."""

    @wraps(view)
    def gate() -> ResponseReturnValue:
        credentials = pending_login()
        if credentials is not None:
            return view(credentials)
        next_path = request.values.get("next")
        return redirect(destination(next_path), 303) if is_logged_in() else _start_again(next_path)

    return gate


@blueprint.route("/code", methods=["GET", "POST"])
@pending_login_required
def code(credentials: Credentials) -> ResponseReturnValue:
    if request.method != "POST":
        return _show(credentials, AppCodeForm(next=request.args.get("next")))
    form = AppCodeForm(request.form)
    if form.validate():
        try:
            if check_app_code(credentials.reader, form.code.data or ""):
                return finish_login(credentials, form.next.data, "app") or _start_again(form.next.data)
            form.code.errors = [gettext("Wrong code. A code works once: wait for the next one.")]
        except UnreadableError:
            form.form_errors.append(gettext("This site can’t check your app’s codes any more. Use a recovery code."))
    return _show(credentials, form), form.status


@blueprint.route("/recovery-code", methods=["GET", "POST"])
@pending_login_required
def recovery_code(credentials: Credentials) -> ResponseReturnValue:
    if request.method != "POST":
        return render_template("second_step_recovery.html", form=RecoveryCodeForm(next=request.args.get("next")))
    form = RecoveryCodeForm(request.form)
    if form.validate():
        typed = typed_code(form.code.data or "")
        if typed is not None and check_recovery_code(credentials.reader, typed):
            return finish_login(credentials, form.next.data, "recovery code") or _start_again(form.next.data)
        form.code.errors = [gettext("Wrong recovery code. Each one works once: try another.")]
    return render_template("second_step_recovery.html", form=form), form.status


def _show(credentials: Credentials, form: AppCodeForm) -> str:
    """Return the page, which offers the factors that the reader has."""
    with transaction() as connection:
        factors = select_second_factors(connection, credentials.reader.id)
    return render_template("second_step.html", form=form, factors=factors)


def _start_again(next_path: str | None) -> ResponseReturnValue:
    return redirect_with_notice(url_for("readers.login", next=local_path(next_path)), "login-expired")
